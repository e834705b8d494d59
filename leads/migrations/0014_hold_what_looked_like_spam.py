"""Holds for a look what looked like spam and was kept as failed until now."""

from django.db import migrations

HOLD = """
    UPDATE leads_submission SET state = 'held', error = replace(error, 'Held back as likely', 'Likely')
    WHERE state = 'failed' AND error LIKE 'Held back as likely spam%'
"""
FAIL = """
    UPDATE leads_submission
    SET state = 'failed', error = regexp_replace(error, '^Likely', 'Held back as likely')
    WHERE state = 'held'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0013_held_submissions'),
    ]

    operations = [
        migrations.RunSQL(HOLD, reverse_sql=FAIL),
    ]
