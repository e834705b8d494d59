"""Times the stays of leads that were in their stage before stays were timed."""

from django.db import migrations

TIME_STAYS = """
    UPDATE leads_lead lead SET stay_due_at = lead.stage_since + stage.longest_stay
    FROM leads_stage stage, leads_stagetransition came
    WHERE stage.key = lead.stage_id AND stage.longest_stay IS NOT NULL
    AND came.lead_id = lead.id AND came.seq = lead.stage_seq AND NOT came.is_historical
    AND lead.merged_into_id IS NULL AND lead.stay_due_at IS NULL AND lead.stay_told_seq IS NULL
"""


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0005_stays_told'),
    ]

    operations = [
        migrations.RunSQL(TIME_STAYS, reverse_sql=migrations.RunSQL.noop),
    ]
