"""Put the warnings of promises in order and leave out what is no share: none was ever fired."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('sla', '0006_calendars_say_hours'),
    ]

    operations = [
        migrations.RunSQL(
            """
            UPDATE sla_target SET warn_at = ARRAY(
                SELECT DISTINCT each FROM unnest(warn_at) each
                WHERE each BETWEEN 1 AND 99 ORDER BY each
            )
            WHERE warn_at IS DISTINCT FROM ARRAY(
                SELECT DISTINCT each FROM unnest(warn_at) each
                WHERE each BETWEEN 1 AND 99 ORDER BY each
            )
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
