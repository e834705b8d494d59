"""Two leads who are one person, and whether somebody may merge them."""

from __future__ import annotations

from dataclasses import dataclass

from leads.correcting import may_correct
from leads.lifecycle import has_sales
from leads.models import Handoff, Lead, User


@dataclass(frozen=True, slots=True)
class Pair:
    """Two leads who are one person, as they stand: `keep` goes on, `gone` leads to it."""

    keep: Lead
    gone: Lead
    kept: Handoff | None
    other: Handoff | None

    @property
    def goes_on(self) -> Handoff | None:
        """The open handoff that the lead has afterwards."""
        return self.kept or (None if self.ends else self.other)

    @property
    def ends(self) -> Handoff | None:
        """The open handoff that ends: there is another, or sales has the lead already."""
        return self.other if self.kept or has_sales(self.keep) else None

    @property
    def mark(self) -> str:
        """What changes whenever one of the two does, in what the preview tells of."""
        leads = [f"{lead.pk}.{lead.owner_seq}.{lead.stage_seq}" for lead in (self.keep, self.gone)]
        states = [f"{each.pk}.{each.state}" if each else "" for each in (self.kept, self.other)]
        return "-".join([*leads, *states])


def pair_of(keep: Lead, gone: Lead) -> Pair:
    found = Handoff.objects.open().filter(lead__in=[keep, gone])
    current = {each.lead_id: each for each in found.select_related("owner", "queue", "hop")}
    for lead in (keep, gone):
        if lead.pk in current:
            current[lead.pk].lead = lead
    return Pair(keep, gone, current.get(keep.pk), current.get(gone.pk))


def must_swap(pair: Pair) -> bool:
    """Whether it is the other one that has to be kept: sales has taken it on."""
    return has_sales(pair.gone) and not has_sales(pair.keep)


def refusal_of(pair: Pair, user: User) -> str:
    """Return why `user`, who sees both, may not merge them this way round; "" if they may.

    A rep ends no open handoff: what was promised in it would be gone, by the word of one.
    """
    if must_swap(pair):
        return f"Sales has {pair.gone} already: keep that lead."
    if pair.ends and not may_correct(user):
        holder = pair.ends.owner or pair.ends.queue
        return (
            f"That would end the open handoff of {pair.ends.lead}, with {holder}:"
            " your manager or marketing ops can merge them, you can’t."
        )
    return ""
