"""The pages of the routing table."""

from __future__ import annotations

from leads.document_pages import DocumentPages, Table
from leads.fallback_row import FallbackRow
from leads.models import Document, Role, User
from routing.check import errors_of
from routing.forms.rows import RoutingRuleForm
from routing.models import RoutingRule

FALLBACK = FallbackRow(RoutingRule, "The last row stays: it takes what no row above did.")
ROWS = Table("rows", RoutingRule, "row", why_it_stays=FALLBACK.why_it_stays)


def may_see_table(user: User) -> bool:
    """Whether the table is shown to `user`; a rep sees why each lead came to them instead."""
    return user.sees_everything or user.has_role(Role.MANAGER)


TABLE = DocumentPages(
    kind=Document.Kind.ROUTING,
    start="routing:table",
    name="routing table",
    tables={ROWS.slug: ROWS},
    forms={RoutingRule: RoutingRuleForm},
    effect="Handoffs are routed by it from now on.",
    after_live="routing:table",
    elsewhere={"replay": "routing:table_replay", "replay_said": "routing:table_replay_said"},
    may_see=may_see_table,
    settle=FALLBACK.keep_last,
    problems=errors_of,
)
