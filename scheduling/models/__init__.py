"""The tables of scheduling, under one name."""

from scheduling.models.booking import Availability, Booking, Invitation, PersonCard, Seat, Studio
from scheduling.models.firing import AiringPlan, Firing
from scheduling.models.notice import Notice
from scheduling.models.outside import ApiToken, CalendarEntry, CalendarToken, StationEntry, StationLog
from scheduling.models.photo import Photo
from scheduling.models.slot import (
    DayRule,
    EpisodeTemplate,
    Holiday,
    Occurrence,
    Slot,
    SlotDate,
    SlotException,
    TemplateSeat,
    TemplateSegment,
)

__all__ = [
    "AiringPlan",
    "ApiToken",
    "Availability",
    "Booking",
    "CalendarEntry",
    "CalendarToken",
    "DayRule",
    "EpisodeTemplate",
    "Firing",
    "Holiday",
    "Invitation",
    "Notice",
    "Occurrence",
    "PersonCard",
    "Photo",
    "Seat",
    "Slot",
    "SlotDate",
    "SlotException",
    "StationEntry",
    "StationLog",
    "Studio",
    "TemplateSeat",
    "TemplateSegment",
]
