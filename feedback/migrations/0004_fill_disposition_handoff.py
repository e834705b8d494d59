from django.db import migrations

# The table refuses updates, so its trigger pauses; the foreign key is checked before it resumes.
FILL = """
ALTER TABLE feedback_disposition DISABLE TRIGGER pgtrigger_append_only_7aad7;
UPDATE feedback_disposition SET handoff_id = leads_assignment.handoff_id
    FROM leads_assignment WHERE leads_assignment.id = assignment_id;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE feedback_disposition ENABLE TRIGGER pgtrigger_append_only_7aad7;
"""


class Migration(migrations.Migration):
    dependencies = [("feedback", "0003_disposition_of_handoff")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
