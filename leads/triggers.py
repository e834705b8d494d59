"""Triggers that more than one table wears."""

import pgtrigger

VERSION_IS_LOCKED = "This version is published and can no longer change. Start a draft from it."


def append_only() -> pgtrigger.Trigger:
    """Rows are added and never changed or removed."""
    return pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


def refuses(
    name: str,
    *,
    rule: str,
    sentence: str,
    when: pgtrigger.When,
    operation: pgtrigger.Operation,
    timing: pgtrigger.Timing | None = None,
) -> pgtrigger.Trigger:
    """A row trigger that raises a check violation saying `sentence` wherever `rule` (SQL) holds."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Row,
        func=(
            f"IF {rule} THEN RAISE EXCEPTION '{sentence}' USING ERRCODE = 'check_violation'; "
            "END IF; RETURN COALESCE(NEW, OLD);"
        ),
        when=when,
        operation=operation,
        timing=timing,
    )


def locked_with_version() -> pgtrigger.Trigger:
    """Rows of a version that was published once stay as they were."""
    return refuses(
        "locked_with_version",
        rule=(
            "EXISTS (SELECT 1 FROM leads_version WHERE id IN (NEW.version_id, OLD.version_id)"
            " AND locked_at IS NOT NULL)"
        ),
        sentence=VERSION_IS_LOCKED,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    )


def moved_by_ledger(what: str, *, columns: str, seq: str, fields: list[str]) -> pgtrigger.Trigger:
    """Refuse a new value of `columns` (SQL, comma-separated) unless `seq` rises by exactly one."""
    old = ", ".join(f"OLD.{column.strip()}" for column in columns.split(","))
    new = ", ".join(f"NEW.{column.strip()}" for column in columns.split(","))
    return refuses(
        f"{what}_moves_with_seq",
        rule=(
            f"(ROW({old}) IS DISTINCT FROM ROW({new}) AND NEW.{seq} <> OLD.{seq} + 1)"
            f" OR NEW.{seq} NOT IN (OLD.{seq}, OLD.{seq} + 1)"
        ),
        sentence=f"A lead''s {what} changes only through its one writer.",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf(*fields),
    )


def merged_for_good() -> pgtrigger.Trigger:
    """At commit, a merged lead leads to one that is left, nothing leads to it, and none of its
    handoffs is open.
    """
    return refuses(
        "merged_for_good",
        rule=(
            "EXISTS (SELECT 1 FROM leads_lead gone WHERE gone.id = NEW.id"
            " AND gone.merged_into_id IS NOT NULL AND ("
            "EXISTS (SELECT 1 FROM leads_lead kept WHERE kept.id = gone.merged_into_id"
            " AND kept.merged_into_id IS NOT NULL)"
            " OR EXISTS (SELECT 1 FROM leads_lead other WHERE other.merged_into_id = gone.id)"
            " OR EXISTS (SELECT 1 FROM leads_handoff handoff WHERE handoff.lead_id = gone.id"
            " AND handoff.state <> 'closed')))"
        ),
        sentence="A merged lead leads to one that is left, and has no open handoff.",
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("merged_into_id"),
        timing=pgtrigger.Deferred,
    )


def open_of_no_merged_lead() -> pgtrigger.Trigger:
    """A handoff that is open is of a lead that is left."""
    return refuses(
        "open_of_no_merged_lead",
        rule=(
            "NEW.state <> 'closed' AND EXISTS (SELECT 1 FROM leads_lead lead"
            " WHERE lead.id = NEW.lead_id AND lead.merged_into_id IS NOT NULL)"
        ),
        sentence="This lead was merged into another one, which has its handoffs.",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("lead_id"),
    )


def on_ledger(what: str, *, ledger: str, seq: str, match: str) -> pgtrigger.Trigger:
    """At commit, every value of `seq` must stand in the `ledger` table with what it says."""
    return refuses(
        f"{what}_on_record",
        rule=(
            f"NOT EXISTS (SELECT 1 FROM {ledger} entry WHERE entry.lead_id = NEW.id"
            f" AND entry.seq = NEW.{seq} AND {match})"
        ),
        sentence=f"A lead''s {what} changed without an entry in its history.",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf(seq),
        timing=pgtrigger.Deferred,
    )


def rep_as_assigned(handoff: str, operation: pgtrigger.Operation) -> pgtrigger.Trigger:
    """At commit, a handoff that is with a rep has one open assignment, and that rep's; any other
    has none. `handoff` is the SQL of its id, seen from the row that changed.
    """
    return refuses(
        "rep_as_assigned",
        rule=(
            "EXISTS (SELECT 1 FROM leads_handoff h"
            " LEFT JOIN leads_assignment a ON a.handoff_id = h.id AND a.ended_at IS NULL"
            f" WHERE h.id = {handoff} AND CASE WHEN h.state IN ('passed', 'accepted')"
            " THEN a.rep_id IS DISTINCT FROM h.owner_id ELSE a.id IS NOT NULL END)"
        ),
        sentence="A handoff that is with a rep needs one open assignment of that rep.",
        when=pgtrigger.After,
        operation=operation,
        timing=pgtrigger.Deferred,
    )
