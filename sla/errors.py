"""What can go wrong in this app. The message of each is a sentence for the user."""


class SlaError(Exception):
    """Base of the errors that are the user's to read."""


class NoCalendar(SlaError):
    """A calendar has no published hours, or there is no calendar at all."""


class StillWorkedBy(SlaError):
    """A calendar is to be retired by which somebody works."""


class NoPolicy(SlaError):
    """No policy of the live set holds for a handoff."""


class NotLive(SlaError):
    """A version that is not live is to be applied to clocks that run."""
