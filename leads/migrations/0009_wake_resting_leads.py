"""Says when leads wake that rest: at the instant they were to be looked at, else as the day begins."""

from django.db import migrations

WAKE = """
    UPDATE leads_lead SET wakes_at = CASE
        WHEN reconsider_at > now() THEN reconsider_at
        ELSE nurture_until::timestamp AT TIME ZONE 'UTC' END
    WHERE nurture_until IS NOT NULL
"""


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0008_wakes_at'),
    ]

    operations = [
        migrations.RunSQL(WAKE, reverse_sql=migrations.RunSQL.noop),
    ]
