"""Tables of the ground floor, one file a theme; no rules beyond constraints."""

from broadcast.models.airing import Airing, Moment, SegmentRun
from broadcast.models.catalogue import Appearance, Episode, Feed, Person, Programme, Segment, SegmentRole
from broadcast.models.participant import Consent, OneTimeCode, Participant
from broadcast.models.record import AuditEntry, AuditPersonal, EvidenceRecord
from broadcast.models.user import RoleGrant, User

__all__ = [
    "Airing",
    "Appearance",
    "AuditEntry",
    "AuditPersonal",
    "Consent",
    "Episode",
    "EvidenceRecord",
    "Feed",
    "Moment",
    "OneTimeCode",
    "Participant",
    "Person",
    "Programme",
    "RoleGrant",
    "Segment",
    "SegmentRole",
    "SegmentRun",
    "User",
]
