from django.db import migrations, models

NUMBERS_GIVEN = """
    UPDATE leads_document document SET last_number = given.highest
    FROM (SELECT document_id, max(number) AS highest FROM leads_version GROUP BY document_id) given
    WHERE given.document_id = document.id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0010_resting_leads_wake'),
    ]

    operations = [
        migrations.AddField(
            model_name='document',
            name='last_number',
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.RunSQL(NUMBERS_GIVEN, reverse_sql=migrations.RunSQL.noop),
    ]
