from sla.models.calendars import CalendarTerms, RepHours, TeamHours
from sla.models.clocks import Clock, ClockEvent
from sla.models.notices import Heartbeat, Notification
from sla.models.policies import Policy, Target

__all__ = [
    "CalendarTerms",
    "Clock",
    "ClockEvent",
    "Heartbeat",
    "Notification",
    "Policy",
    "RepHours",
    "Target",
    "TeamHours",
]
