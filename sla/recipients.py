"""Who is told: never somebody who is away or has left."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet

from leads.models import Absence, Role, User


class Presence:
    """Who is here at an instant. Reads all absences of that instant at once."""

    def __init__(self, at: datetime) -> None:
        absences = Absence.objects.at(at).select_related("cover").only("user", "cover")
        self._absences = {absence.user_id: absence for absence in absences}

    def is_here(self, user: User) -> bool:
        return user.is_active and user.pk not in self._absences

    def who_hears_for(self, user: User) -> list[User]:
        """Return `user` if here, else the cover, else the manager, else a RevOps admin; if none of
        them is, all RevOps admins although they are away.
        """
        here = next((each for each in self._in_turn(user) if self.is_here(each)), None)
        return [here] if here else list(_admins())

    def _in_turn(self, user: User) -> Iterator[User]:
        yield user
        absence = self._absences.get(user.pk)
        if absence and absence.cover:
            yield absence.cover
        if user.team and user.team.manager:
            yield user.team.manager
        yield from _admins()


def _admins() -> QuerySet[User]:
    return User.objects.with_role(Role.ADMIN).order_by("pk")


def who_was_told(user: User, at: datetime) -> str:
    """Return in a sentence who got at `at` what was meant for `user`."""
    told = Presence(at).who_hears_for(user)
    if told == [user]:
        return "They have been told."
    if not told:
        return "Nobody is there to be told."
    names = " and ".join(map(str, told))
    return f"{user} is away: {names} {'have' if len(told) > 1 else 'has'} been told."
