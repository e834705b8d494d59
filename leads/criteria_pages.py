"""The pages of the criteria."""

from __future__ import annotations

from datetime import datetime

from leads.criteria import criteria_of
from leads.criteria_checks import criteria_problems
from leads.criteria_tables import TABLES
from leads.document_pages import DocumentPages
from leads.forms.criteria import FORMS
from leads.models import Document, Version


def problems_of(version: Version, at: datetime) -> list[str]:
    return criteria_problems(criteria_of(version))


CRITERIA = DocumentPages(
    kind=Document.Kind.CRITERIA,
    start="leads:criteria",
    name="criteria",
    tables=TABLES,
    forms=FORMS,
    effect="New evidence is judged by it.",
    after_live="criteria_apply",
    elsewhere={
        "check": "feedback:criteria_check",
        "backtest": "feedback:criteria_backtest",
        "publish": "feedback:criteria_publish",
    },
    problems=problems_of,
)
