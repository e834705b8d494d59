"""Who is told: never somebody who is away or has left."""

from collections.abc import Iterator
from datetime import datetime

from leads.models import Absence, Role, User


class Presence:
    """Who is here at an instant. Reads all absences of that instant at once."""

    def __init__(self, at: datetime) -> None:
        absences = Absence.objects.at(at).select_related("cover").only("user", "cover")
        self._absences = {absence.user_id: absence for absence in absences}

    def is_here(self, user: User) -> bool:
        return user.is_active and user.pk not in self._absences

    def whoever_answers_for(self, user: User) -> User | None:
        """Return `user` if here, else the cover, else the manager, else a RevOps admin.

        None: none of them is here.
        """
        return next((each for each in self._in_turn(user) if self.is_here(each)), None)

    def _in_turn(self, user: User) -> Iterator[User]:
        yield user
        absence = self._absences.get(user.pk)
        if absence and absence.cover:
            yield absence.cover
        if user.team and user.team.manager:
            yield user.team.manager
        yield from User.objects.with_role(Role.ADMIN).order_by("pk")


def who_was_told(user: User, at: datetime) -> str:
    """Return in a sentence who got at `at` what was meant for `user`."""
    told = Presence(at).whoever_answers_for(user)
    if told == user:
        return "They have been told."
    return f"{user} is away: {told} has been told." if told else "Nobody is there to be told."
