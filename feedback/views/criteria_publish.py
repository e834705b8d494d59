"""Making a draft of the criteria live: the backtest is kept with it as what it foretold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from feedback.backtest import prediction_of
from feedback.criteria_check import report_on
from feedback.models import Backtest
from feedback.publishing import publish_criteria
from leads.draft_runs import newest, newest_done
from leads.models import Version
from leads.views.document_publish import Publishing


def _said(version: Version, at: datetime) -> Mapping[str, object]:
    return {
        "report": report_on(version, at),
        "prediction": prediction_of(version),
        "backtest": newest(Backtest, version),
        "last_done": newest_done(Backtest, version),
    }


PUBLISHING = Publishing(publish_criteria, "feedback/criteria_publish.html", _said)
