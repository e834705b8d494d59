"""Making a draft of the routing table live: the replay is kept with it as what it foretold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from leads.models import Version
from leads.views.document_publish import Publishing
from routing.publishing import publish_table
from routing.replay_page import said_of


def _said(version: Version, at: datetime) -> Mapping[str, object]:
    return said_of(version)


PUBLISHING = Publishing(publish_table, "routing/table_publish.html", _said)
