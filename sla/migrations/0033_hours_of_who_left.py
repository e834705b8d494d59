"""Nobody keeps hours of a calendar that is retired, not even who has left: they may come back."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


FORGET = """
DELETE FROM sla_rephours WHERE calendar_id IN (SELECT calendar_id FROM sla_retiredcalendar)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('sla', '0032_retired_calendars'),
    ]

    operations = [
        migrations.RunSQL(FORGET, migrations.RunSQL.noop),
        pgtrigger.migrations.RemoveTrigger(
            model_name='rephours',
            name='worked_by_or_retired',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='retiredcalendar',
            name='worked_by_or_retired',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='teamhours',
            name='worked_by_or_retired',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='rephours',
            trigger=pgtrigger.compiler.Trigger(name='worked_by_or_retired', sql=pgtrigger.compiler.UpsertTriggerSql(constraint='CONSTRAINT', func="IF EXISTS (SELECT 1 FROM sla_retiredcalendar WHERE calendar_id = NEW.calendar_id) AND (EXISTS (SELECT 1 FROM sla_teamhours WHERE calendar_id = NEW.calendar_id) OR EXISTS (SELECT 1 FROM sla_rephours WHERE calendar_id = NEW.calendar_id)) THEN RAISE EXCEPTION 'Nobody works by a calendar that is retired.' USING ERRCODE = 'check_violation'; END IF; RETURN COALESCE(NEW, OLD);", hash='6dd14b24066e15b9665abb5efc9de4092f6a73ed', operation='INSERT OR UPDATE OF "calendar_id"', pgid='pgtrigger_worked_by_or_retired_d1e67', table='sla_rephours', timing='DEFERRABLE INITIALLY DEFERRED', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='retiredcalendar',
            trigger=pgtrigger.compiler.Trigger(name='worked_by_or_retired', sql=pgtrigger.compiler.UpsertTriggerSql(constraint='CONSTRAINT', func="IF EXISTS (SELECT 1 FROM sla_retiredcalendar WHERE calendar_id = NEW.calendar_id) AND (EXISTS (SELECT 1 FROM sla_teamhours WHERE calendar_id = NEW.calendar_id) OR EXISTS (SELECT 1 FROM sla_rephours WHERE calendar_id = NEW.calendar_id)) THEN RAISE EXCEPTION 'Nobody works by a calendar that is retired.' USING ERRCODE = 'check_violation'; END IF; RETURN COALESCE(NEW, OLD);", hash='15443dd9cc0a92b6851c4f7ded8b777908cdcf2c', operation='INSERT', pgid='pgtrigger_worked_by_or_retired_de3ea', table='sla_retiredcalendar', timing='DEFERRABLE INITIALLY DEFERRED', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='teamhours',
            trigger=pgtrigger.compiler.Trigger(name='worked_by_or_retired', sql=pgtrigger.compiler.UpsertTriggerSql(constraint='CONSTRAINT', func="IF EXISTS (SELECT 1 FROM sla_retiredcalendar WHERE calendar_id = NEW.calendar_id) AND (EXISTS (SELECT 1 FROM sla_teamhours WHERE calendar_id = NEW.calendar_id) OR EXISTS (SELECT 1 FROM sla_rephours WHERE calendar_id = NEW.calendar_id)) THEN RAISE EXCEPTION 'Nobody works by a calendar that is retired.' USING ERRCODE = 'check_violation'; END IF; RETURN COALESCE(NEW, OLD);", hash='c903b968344bf3bd933e9d0421b3801d53f62c35', operation='INSERT OR UPDATE OF "calendar_id"', pgid='pgtrigger_worked_by_or_retired_e1e7d', table='sla_teamhours', timing='DEFERRABLE INITIALLY DEFERRED', when='AFTER')),
        ),
    ]
