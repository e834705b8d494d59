"""Says of the decisions that hold a handoff now until when they do, and in which line."""

from django.db import migrations

# Decisions are never edited: what they said is only said once more, where it can be asked for. Only
# those of handoffs that wait, and with no lock on the table: leads are routed meanwhile.
HELD = """
    SELECT set_config('pgtrigger.ignore', '{pgtrigger_append_only_dc047}', true);
    UPDATE routing_decision decision
    SET waits_till = (decision.trace -> 'rules' -> -1 -> 'waits' ->> 'till')::timestamptz,
        line = coalesce((
            SELECT CASE rule.outcome
                WHEN 'rota' THEN 'rota:' || rule.rota_id
                WHEN 'rep' THEN 'rep:' || rule.rep_id
                WHEN 'account_owner' THEN 'rep:' || account.owner_id END
            FROM routing_routingrule rule
            WHERE rule.version_id = decision.version_id AND rule.key = decision.rule_key), '')
    FROM leads_handoff handoff
    JOIN leads_lead lead ON lead.id = handoff.lead_id
    LEFT JOIN leads_account account ON account.id = lead.account_id
    WHERE handoff.id = decision.handoff_id
        AND handoff.state = 'waiting' AND handoff.reroute_at IS NOT NULL
        AND decision.trace @> '{"rules": [{"waits": {}}]}';
    SELECT set_config('pgtrigger.ignore', '{}', true);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('routing', '0004_what_holds_a_handoff'),
    ]

    operations = [
        migrations.RunSQL(HELD, reverse_sql=migrations.RunSQL.noop),
    ]
