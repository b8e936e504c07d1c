"""As what somebody speaks, as a value; who is what, `services.speaking` says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Speaker:
    """`badge` as on the wire; `affiliation` 界别 or organisation; `name` what stands instead of the own name, "": that one.

    `may_reply`: answers other people's comments, as a guest or a department of this show.
    """

    badge: str = ""
    affiliation: str = ""
    name: str = ""
    may_reply: bool = False


CITIZEN = Speaker()
