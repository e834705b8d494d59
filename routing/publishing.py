"""Making a draft of the routing table live."""

from __future__ import annotations

from datetime import datetime

from leads.documents import publish_as_seen
from leads.errors import NotPublishable
from leads.models import Publication, User, Version
from routing.check import errors_of
from routing.replay_job import prediction_of


def publish_table(
    version: Version, *, revision: int, note: str, by: User, at: datetime
) -> Publication:
    """Make a draft live as it stood at `revision`, and keep its replay as its prediction.

    Raises NotPublishable if it has errors or its base is no longer live, StaleDraft if somebody
    edited it since it was looked at.
    """
    if version.is_draft and (errors := errors_of(version, at)):
        raise NotPublishable(" ".join(errors))
    predicted = prediction_of(version)
    return publish_as_seen(version, revision=revision, note=note, by=by, at=at, predicted=predicted)
