"""The pages of the promises: read, compared, published. Their rows are edited in the records."""

from __future__ import annotations

from leads.document_pages import DocumentPages, Table
from leads.models import Document
from sla.models import Policy
from sla.policy_check import problems_of

POLICIES = DocumentPages(
    kind=Document.Kind.POLICIES,
    start="sla:policies",
    name="promises",
    tables={"policies": Table("policies", Policy, "policy")},
    forms={},
    effect="Clocks that start from now on go by it.",
    after_live="sla:policies",
    problems=problems_of,
)
