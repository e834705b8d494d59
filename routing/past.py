"""Who could take a lead at an instant of the past, or if something were not as it is: what routing
asks the database otherwise."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from leads.models import Queue
    from routing.candidates import Candidate
    from routing.models import Rota, Territory
    from routing.needs import Needs
    from routing.turns import SoFar


class Past(Protocol):
    """One instant, and one lead that is asked about."""

    def candidates(self, rep_ids: Collection[int], needs: Needs) -> list[Candidate]:
        """Return each of these people, by id, with what stands against giving them the lead."""

    def members(self, rota: Rota, needs: Needs) -> list[Candidate]:
        """Return the members of a rota, by id, with what stands against giving them the lead."""

    def rota(self, rota_id: int) -> Rota: ...

    def turns(self, rota: Rota) -> SoFar:
        """Return how far a rota had come."""

    def queue(self, queue_id: int) -> Queue: ...

    def territories(self) -> Sequence[Territory]:
        """Return all territories by precedence."""

    def domains(self) -> Set[str]:
        """Return the domains that tell the lead's company, with those that they lie under."""
