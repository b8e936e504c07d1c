"""Where the upper apps hang what a page or job of several apps needs; filled in ready(), read at run time, never imports them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from broadcast.access import Actor
    from broadcast.asrun import Ran
    from broadcast.models import Airing, Episode, Programme, User
    from broadcast.personal import Forgotten, Held, Section, Whose
    from broadcast.reach import Counted
    from broadcast.said import Said
    from broadcast.search_documents import Document
    from broadcast.withdrawing import Part

F = TypeVar("F", bound=Callable[..., Any])


class Registry(Generic[F]):
    """Named functions in the order of registration. A name taken twice is a programming error and raises at start-up."""

    def __init__(self, purpose: str) -> None:
        self.purpose = purpose
        self._entries: dict[str, F] = {}

    def register(self, name: str, function: F) -> None:
        """Hang `function` under `name`. Registering the same function again is harmless (autoreload)."""
        if self._entries.get(name, function) is not function:
            raise RuntimeError(f"{self.purpose}: {name} is registered twice")
        self._entries[name] = function

    def get(self, name: str) -> F | None:
        """The function under `name`, or None."""
        return self._entries.get(name)

    def __iter__(self) -> Iterator[tuple[str, F]]:
        return iter(tuple(self._entries.items()))


# Public state of a show beside live's own: name -> (airing) -> JSON-able dict that becomes the state object of that kind.
public_state: Registry[Callable[[Airing], dict[str, Any]]] = Registry("public state")
# What the control room shows: name -> (airing, actor) -> JSON-able dict. Staff only.
control_panels: Registry[Callable[[Airing, Actor], dict[str, Any]]] = Registry("control panel")
# Acts of staff that an app offers to the control room: name such as "output.cut" -> (actor, airing_id, reason) -> dict after.
staff_acts: Registry[Callable[[Actor, UUID, str], dict[str, Any]]] = Registry("staff act")
# The same on one thing of a show, named after a colon: "push.restart:7" calls "push.restart" with (actor, airing_id, "7", reason).
staff_acts_on: Registry[Callable[[Actor, UUID, str, str], dict[str, Any]]] = Registry("staff act on one thing")
# Marks of a replay: name -> (airing, staff: bool) -> list of {"at": ISO time, "kind", "title", …}; public ones only unless staff.
timeline: Registry[Callable[[Airing, bool], list[dict[str, Any]]]] = Registry("timeline")
# Keeps what hangs on an airing's time, feeds and people in step: name -> (airing) -> None. Called inside the transaction that changed
# one of them; a Conflict that it raises undoes the change.
airing_placed: Registry[Callable[[Airing], None]] = Registry("airing placed")
# What must be settled before the public hears of an airing: name -> (airing) -> None. Called inside the announcing transaction, with
# the programme's row and the airing's locked.
airing_announced: Registry[Callable[[Airing], None]] = Registry("airing announced")
# Run about once a second by the tick; compares own rows with the airings' states and repairs; returns how many repairs.
reconcilers: Registry[Callable[[], int]] = Registry("reconcile")
# Moves what hangs on a merged participant: (source_id, target_id); runs inside the merging transaction.
participant_merge: Registry[Callable[[UUID, UUID], None]] = Registry("participant merge")
# How a web process ends: name -> (stop listening, all done) -> a function that begins within so many seconds, and hurries when
# called again. Called on the server's loop when it serves; one app at most.
leaving: Registry[Callable[[Callable[[], None], Callable[[], None]], Callable[[float], None]]] = Registry("leaving")
# What staff must hear at the head of every page until somebody has seen it: name -> (actor) -> {"text", "url"}, the worst first.
staff_alarms: Registry[Callable[[Actor], list[dict[str, str]]]] = Registry("staff alarm")
# Whether an app's part is well, for /healthz: name -> () -> bool. Fast, one or two queries; it decides no status code.
health: Registry[Callable[[], bool]] = Registry("health")
# What an app will do by itself around an airing, in sentences for the list of what is coming: name -> (airing) -> sentences.
foretold: Registry[Callable[[Airing], list[str]]] = Registry("foretold")
# doctor's checks of an app: name -> () -> list of (found, expected, mend or "")
doctor_checks: Registry[Callable[[], list[tuple[str, str, str]]]] = Registry("doctor check")
# What of an airing never reaches the public, though the studio did it: name -> (airing) -> spans of the studio's time, from and until
# (None: still), because the output was cut or covered by something else.
withheld: Registry[Callable[[Airing], list[tuple[dt.datetime, dt.datetime | None]]]] = Registry("withheld span")
# Of that, what a person edited out of the finished replay: name -> (airing) -> spans of the studio's time. Nothing that stood there alone
# is told with the replay.
cut_out: Registry[Callable[[Airing], list[tuple[dt.datetime, dt.datetime]]]] = Registry("edited out span")
# Rows of an app that belong to freshly seeded programmes: name -> (slugs made in this run) -> None.
seeds: Registry[Callable[[list[str]], None]] = Registry("seed")
# What an app has planned of a programme beyond its episodes, in sentences: name -> (programme) -> sentences.
programme_plans: Registry[Callable[[Programme], list[str]]] = Registry("programme plans")
# Cards of another app on an episode's staff page: name -> (episode, airing or None, actor) -> (template, context), or None for no card.
episode_cards: Registry[Callable[[Episode, Airing | None, Actor], tuple[str, dict[str, Any]] | None]] = Registry(
    "episode card"
)
# Fills a new demo airing with life, through the app's own services: name -> (airing, accounts by demo name) -> None.
demo: Registry[Callable[[Airing, dict[str, User]], None]] = Registry("demo")
# What the house keeps of a person: name -> (whose) -> sections of the file that the person may have.
personal_data: Registry[Callable[[Whose], list[Section]]] = Registry("personal data")
# Forgets a person: name -> (whose, what is held by law) -> how many of its rows are forgotten now, and what stays. Commits its own
# transactions, and is run again after a crash or when a hold is lifted: what is forgotten already stays so and is counted again.
personal_erase: Registry[Callable[[Whose, Held], Forgotten]] = Registry("personal erasure")
# What really went out: name -> (airing ids) -> by airing its stretches in order; airings of which nothing is known are left out.
as_run: Registry[Callable[[Sequence[UUID]], dict[UUID, list[Ran]]]] = Registry("as-run record")
# What the public may find of an episode: name of the source -> (episode) -> its documents. It says what is public now, by the rules
# of the page that shows it; whether the episode itself is out is asked elsewhere.
search_documents: Registry[Callable[[Episode], list[Document]]] = Registry("search documents")
# The same at reading: name of the source -> (keys) -> by key the text that is public now; what is not public any more is left out.
search_current: Registry[Callable[[Sequence[str]], dict[str, str]]] = Registry("search current")
# Words that change with what a source has to say of an episode: name -> (episode ids) -> by episode. One query or two.
search_stamps: Registry[Callable[[Sequence[int]], dict[int, str]]] = Registry("search stamps")
# What there is of a replay beside its playlists: name -> (airing, staff) -> {"spans": rows of its gap map, "sound": address, …}; what is
# not there is left out. Only for whoever may watch the replay.
replay_media: Registry[Callable[[Airing, bool], dict[str, Any]]] = Registry("replay media")
# What an app knows of an airing that belongs into its bag: name -> (airing, sealed: what is not public instead) -> by file name a
# JSON-able document or text. Without `sealed` nothing names a participant.
kept_documents: Registry[Callable[[Airing, bool], dict[str, Any]]] = Registry("kept document")
# What was typed as captions while an airing ran, in order: name -> (airing) -> lines that were not taken out.
said: Registry[Callable[[Airing], list[Said]]] = Registry("typed captions")
# How many took part in shows: name -> (airing ids) -> source by source, never added up.
reach: Registry[Callable[[Sequence[UUID]], list[Counted]]] = Registry("reach")
# What an app has of a person in public, and how it takes it away and gives it back: name, the items' source -> () -> its part.
person_withdrawal: Registry[Callable[[], Part]] = Registry("withdrawal by person")
