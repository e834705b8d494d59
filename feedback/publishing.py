"""Making a draft of the criteria live, with what it was foretold to do."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from feedback.backtest import prediction_of
from leads import documents
from leads.criteria import criteria_of
from leads.criteria_checks import criteria_problems
from leads.errors import NotPublishable, StaleDraft
from leads.models import Document, Publication, User, Version


@transaction.atomic
def publish_criteria(
    version: Version, *, revision: int, note: str, by: User, at: datetime
) -> Publication:
    """Make a draft live as it stood at `revision`, and keep its backtest as its prediction.

    Raises NotPublishable if it has errors or its base is no longer live, StaleDraft if somebody
    edited it since it was looked at.
    """
    Document.objects.select_for_update(no_key=True).get(pk=version.document_id)
    version = Version.objects.select_for_update(no_key=True).get(pk=version.pk)
    if version.is_draft:
        if version.revision != revision:
            raise StaleDraft(f"{version} was changed since you looked at it. Look again first.")
        if problems := criteria_problems(criteria_of(version)):
            raise NotPublishable(" ".join(problems))
    return documents.publish(version, by=by, note=note, at=at, predicted=prediction_of(version))
