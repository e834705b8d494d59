"""A draft of the criteria and two who edit it."""

from __future__ import annotations

import pytest

from leads.documents import live_version, start_draft
from leads.models import Document


@pytest.fixture
def draft(defaults, olga, at):
    return start_draft(live_version(Document.Kind.CRITERIA, at), by=olga)


@pytest.fixture
def address(draft):
    """Give a function that returns where a row of the draft is edited; without a key, added."""

    def of(table, key="", action=""):
        if table == "bands":
            return f"/criteria/{draft.number}/bands/"
        return f"/criteria/{draft.number}/rows/{table}/{key or 'add'}/{action}"

    return of
