"""Tables of the ground floor, one file a theme; no rules beyond constraints."""

from broadcast.models.airing import Airing, Moment, SegmentRun
from broadcast.models.catalogue import Appearance, Episode, Feed, Person, Programme, Segment, SegmentRole
from broadcast.models.identity import CodeDay, GuardianConsent, LinkedIdentity, SpentToken
from broadcast.models.keeping import AuditWalk, Erasure, Hold, RetentionRun
from broadcast.models.login import LoginSession, Passkey, RecoveryCode, RolePolicy, SecondFactor
from broadcast.models.participant import Consent, OneTimeCode, Participant
from broadcast.models.record import AuditEntry, AuditPersonal, EvidenceRecord
from broadcast.models.source import Source, SourceCount
from broadcast.models.user import RoleGrant, User
from broadcast.models.withdrawal import PersonWithdrawal, PersonWithdrawalItem

__all__ = [
    "Airing",
    "Appearance",
    "AuditEntry",
    "AuditPersonal",
    "AuditWalk",
    "CodeDay",
    "Consent",
    "Episode",
    "Erasure",
    "EvidenceRecord",
    "Feed",
    "GuardianConsent",
    "Hold",
    "LinkedIdentity",
    "LoginSession",
    "Moment",
    "OneTimeCode",
    "Participant",
    "Passkey",
    "Person",
    "PersonWithdrawal",
    "PersonWithdrawalItem",
    "Programme",
    "RecoveryCode",
    "RetentionRun",
    "RoleGrant",
    "RolePolicy",
    "SecondFactor",
    "Segment",
    "SegmentRole",
    "SegmentRun",
    "Source",
    "SourceCount",
    "SpentToken",
    "User",
]
