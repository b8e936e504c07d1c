"""The tree of expected refusals, each with a stable code; transports translate them, nothing here knows a transport."""

from __future__ import annotations

from typing import Any, ClassVar


class BroadcastError(Exception):
    """An expected refusal: a stable `code`, a sentence for a person (what happened, what to do), and plain data.

    Transport maps it in one place each: a socket answers `error` with the code, a page shows the sentence, HTTP uses `status`.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400

    def __init__(self, message: str = "", **data: Any) -> None:
        super().__init__(str(message) or self.code)
        self.message = str(message)
        self.data = data


class NotFound(BroadcastError):
    """The thing named does not exist, or must look as if it did not."""

    code = "not_found"
    status = 404


class NotAllowed(BroadcastError):
    """The actor has no right to do this here."""

    code = "not_allowed"
    status = 403


class AssuranceTooLow(NotAllowed):
    """The programme asks for a surer identity; data: needed, have."""

    code = "assurance_too_low"


class ConsentNeeded(NotAllowed):
    """The first write asks for agreement to the documents in force; data: documents (name to version)."""

    code = "consent_needed"


class GuardianNeeded(NotAllowed):
    """Under 14: may watch, and writes nothing until a guardian has agreed; data: where (the page for that)."""

    code = "guardian_needed"


class IdentityStale(NotAllowed):
    """The browser's token is not who it was given for any more: it became an account, or that was logged out. Ask for a new one."""

    code = "identity_stale"


class SecondFactorNeeded(NotAllowed):
    """The password was right and is not enough for this account: its second step comes next."""

    code = "second_factor_needed"


class IllegalTransition(BroadcastError):
    """The airing or episode is not in a state from which this can be done; data: state, wanted."""

    code = "illegal_transition"
    status = 409


class Conflict(BroadcastError):
    """Somebody else changed the same thing first; data carries what it is now."""

    code = "conflict"
    status = 409


class InvalidInput(BroadcastError):
    """What was sent cannot be accepted; data: field."""

    code = "invalid_input"
    status = 422


class TooMany(BroadcastError):
    """A limit was reached; data: retry_after_seconds."""

    code = "too_many"
    status = 429


class Unavailable(BroadcastError):
    """A part that is needed does not answer; nothing was written; try again. data: retry_after_seconds."""

    code = "unavailable"
    status = 503
