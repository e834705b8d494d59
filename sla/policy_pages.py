"""The pages of the policies."""

from __future__ import annotations

from leads.document_pages import DocumentPages, Table
from leads.fallback_row import FallbackRow
from leads.models import Document
from sla.forms.policies import PolicyForm
from sla.models import Policy
from sla.policy_check import problems_of

FALLBACK = FallbackRow(
    Policy, "The last policy stays: it promises something about what no policy above took."
)
ROWS = Table("policies", Policy, "policy", why_it_stays=FALLBACK.why_it_stays)

POLICIES = DocumentPages(
    kind=Document.Kind.POLICIES,
    start="sla:policies",
    name="policies",
    tables={ROWS.slug: ROWS},
    forms={Policy: PolicyForm},
    effect="Clocks that start from now on go by it.",
    after_live="sla:policies_apply",
    elsewhere={
        "apply": "sla:policies_apply",
        "apply_progress": "sla:policies_apply_progress",
        "closed": "sla:policies_closed",
    },
    settle=FALLBACK.keep_last,
    problems=problems_of,
)
