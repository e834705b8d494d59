"""The set of policies is called that, as on its pages; back, as before."""

from django.db import migrations

RENAME = "UPDATE leads_document SET name = '{}' WHERE kind = 'policies' AND name = '{}'"


class Migration(migrations.Migration):
    dependencies = [("leads", "0029_leads_that_fail_to_be_followed")]

    operations = [
        migrations.RunSQL(
            RENAME.format("Policies", "Promises"), RENAME.format("Promises", "Policies")
        )
    ]
