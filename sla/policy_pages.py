"""The pages of the promises."""

from __future__ import annotations

from leads.document_pages import DocumentPages, Table
from leads.models import Document
from sla.forms.policies import PolicyForm
from sla.models import Policy
from sla.policy_check import problems_of
from sla.policy_order import keep_fallback_last, why_it_stays

ROWS = Table("policies", Policy, "policy", why_it_stays=why_it_stays)

POLICIES = DocumentPages(
    kind=Document.Kind.POLICIES,
    start="sla:policies",
    name="promises",
    tables={ROWS.slug: ROWS},
    forms={Policy: PolicyForm},
    effect="Clocks that start from now on go by it.",
    after_live="sla:policies",
    settle=keep_fallback_last,
    problems=problems_of,
)
