"""Says of the decisions on record until when they held their handoff, and in which line."""

from django.db import migrations

# Decisions are never edited: what they said is only said once more, where it can be asked for.
HELD = """
    ALTER TABLE routing_decision DISABLE TRIGGER USER;
    UPDATE routing_decision decision
    SET waits_till = (decision.trace -> 'rules' -> -1 -> 'waits' ->> 'till')::timestamptz,
        line = coalesce((SELECT 'rota:' || rule.rota_id FROM routing_routingrule rule
            WHERE rule.version_id = decision.version_id AND rule.key = decision.rule_key), '')
    WHERE decision.trace @> '{"rules": [{"waits": {}}]}';
    ALTER TABLE routing_decision ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('routing', '0004_what_holds_a_handoff'),
    ]

    operations = [
        migrations.RunSQL(HELD, reverse_sql=migrations.RunSQL.noop),
    ]
