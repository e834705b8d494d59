"""What prospects are written at once, and by which sources they ask: read, and kept as changed."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from leads.errors import LostRace
from leads.models import IntakeSource, IntakeToken, User
from sla.models import AnswerTemplate


def template() -> AnswerTemplate:
    """Return the template; before anybody has saved one the shipped text, switched off."""
    return AnswerTemplate.objects.first() or AnswerTemplate()


def answered_sources() -> QuerySet[IntakeSource]:
    """Return the sources by which somebody can ask and be answered at once: a form or the API."""
    has_token = Exists(IntakeToken.objects.filter(source=OuterRef("pk"), revoked_at=None))
    return IntakeSource.objects.filter(Q(has_form=True) | has_token, is_active=True)


@transaction.atomic
def save_template(
    wanted: AnswerTemplate,
    sources: Iterable[IntakeSource],
    *,
    revision: int,
    by: User,
    at: datetime,
) -> None:
    """Keep `wanted` as what prospects are written from now on.

    revision: the one that `by` saw. Raises LostRace if somebody changed it since.
    """
    AnswerTemplate.objects.get_or_create(pk=1)
    fields = ("is_on", "within_minutes", "subject", "body")
    changed = AnswerTemplate.objects.filter(revision=revision).update(
        **{name: getattr(wanted, name) for name in fields},
        revision=revision + 1,
        changed_at=at,
        changed_by=by,
    )
    if not changed:
        raise LostRace("Somebody changed this while you did. Yours is below, not saved.")
    AnswerTemplate.objects.get().sources.set(sources)
