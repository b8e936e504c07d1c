"""What belongs into the bag of an episode, as pieces: documents of now and objects by key; it writes nothing but manifests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from archive import manifest
from archive.keeping import describing
from archive.keeping.bag import Piece, of_text
from archive.models import Derivative, OutputCut, Recording, SourceChoice
from archive.parts import AiringFolder
from archive.storage.base import checked_key
from broadcast import registry
from broadcast.errors import Conflict
from broadcast.models import Airing, Appearance, AuditEntry, Episode, Moment

FORMAT = "yishi-bag/1"
# What making a bag adds itself says nothing of the airing.
_OWN_ACTS = ("episode.export", "episode.restore")


def bag_name(episode: Episode) -> str:
    """The folder's name."""
    return f"{episode.programme.slug}-{episode.key}"


def airings_of(episode: Episode) -> list[Airing]:
    """Those of which something was recorded that belongs to the record: no rehearsals, and nothing that still runs."""
    found = Airing.objects.filter(
        episode=episode, state=Airing.State.ENDED, recording__state=Recording.State.FINISHED
    ).exclude(kind=Airing.Kind.REHEARSAL)
    return list(found.select_related("episode__programme", "recording").order_by("actual_start", "pk"))


def pieces(episode: Episode, *, sealed: bool = False) -> list[Piece]:
    """All files of the episode's bag. Raises Conflict (code no_manifest) while a recording has none yet, StorageDown, StorageRefused."""
    found: list[Piece] = []
    told = []
    for airing in airings_of(episode):
        known = _manifest(airing)
        told.append(_airing(airing, known))
        found += _of_airing(airing, known, told[-1], sealed=sealed)
    facts = _episode(episode, told)
    found += [
        of_text("README.txt", describing.readme(f"{episode}", sealed=sealed)),
        of_text("episode/episode.json", describing.encode(facts)),
        of_text("episode/dublin-core.json", describing.dublin_core_json(facts)),
        of_text("episode/dublin-core.xml", describing.dublin_core_xml(facts)),
        of_text("episode/ebucore.json", describing.ebucore(facts)),
    ]
    return found


def _manifest(airing: Airing) -> dict[str, Any]:
    """As it is known; where the recorder's disk is at hand it is brought up to date first."""
    if AiringFolder(airing.pk).path.is_dir():
        manifest.write(airing)
    known = manifest.newest(airing.pk)
    if known is None:
        raise Conflict(f"no manifest of airing {airing.pk}", code="no_manifest", airing=str(airing.pk))
    return known


def _of_airing(airing: Airing, known: dict[str, Any], facts: dict[str, Any], *, sealed: bool) -> list[Piece]:
    base = f"airings/{airing.pk}"
    found = [Piece(checked_key(each.key), each.size, each.digest, key=each.key) for each in manifest.objects(known)]
    documents: dict[str, Any] = {
        "airing.json": facts,
        "manifest.json": known,
        "gaps.json": {"gaps": known["gaps"], "cuts": known["cuts"]},
        "timeline.json": _timeline(airing, staff=False),
        "moments.json": _moments(airing, is_public=True),
        "audit.json": _audit(airing),
    }
    for name, make in registry.kept_documents:
        documents |= {f"documents/{name}-{file}": content for file, content in make(airing, False).items()}
    found += [_document(f"{base}/{name}", content) for name, content in sorted(documents.items())]
    spans = AiringFolder(airing.pk)["replay-spans.json"]
    if spans.is_file():
        found.append(of_text(f"{base}/spans.json", spans.read_bytes()))
    if sealed:
        found += _sealed(airing)
    return found


def _sealed(airing: Airing) -> list[Piece]:
    """What is not public: staff's marks and moments, and what each app says of people."""
    base = f"sealed/airings/{airing.pk}"
    documents: dict[str, Any] = {
        "timeline.json": _timeline(airing, staff=True, names=True),
        "moments.json": _moments(airing, is_public=False),
        "choices.json": _choices(airing),
    }
    for name, make in registry.kept_documents:
        documents |= {f"documents/{name}-{file}": content for file, content in make(airing, True).items()}
    return [_document(f"{base}/{name}", content) for name, content in sorted(documents.items())]


def _document(path: str, content: Any) -> Piece:
    return of_text(path, content.encode() if isinstance(content, str) else describing.encode(content))


def _episode(episode: Episode, airings: list[dict[str, Any]]) -> dict[str, Any]:
    programme = episode.programme
    shown = episode.appearances.exclude(role=Appearance.Role.CITIZEN).select_related("person")
    return {
        "format": FORMAT,
        "programme": {
            name: getattr(programme, name)
            for name in ("slug", "name_zh", "name_en", "kind", "audience", "delay_seconds", "description_zh")
        },
        "key": episode.key,
        **{
            name: getattr(episode, name)
            for name in ("number", "slug", "title", "title_en", "description", "publication")
        },
        "published_at": _time(episode.published_at),
        "signed_off_at": _time(episode.signed_off_at),
        "people": [
            {
                "role": each.role,
                **{
                    name: getattr(each.person, name)
                    for name in ("name", "name_en", "is_member", "sector", "organisation", "title")
                },
            }
            for each in shown.order_by("position", "pk")
        ],
        "segments": [
            {"title": each.title, "seconds": each.planned_seconds, "role": each.role.name_zh if each.role else ""}
            for each in episode.segments.select_related("role").order_by("position")
        ],
        "airings": airings,
    }


def _airing(airing: Airing, known: dict[str, Any]) -> dict[str, Any]:
    names = [each["key"] for each in known["objects"]]
    derived = Derivative.objects.filter(recording_id=airing.pk).exclude(kind=Derivative.Kind.MANIFEST).order_by("key")
    return {
        "id": str(airing.pk),
        "kind": airing.kind,
        **{
            name: _time(getattr(airing, name))
            for name in ("planned_start", "planned_end", "actual_start", "actual_end", "announced_at")
        },
        "delay_seconds": airing.delay_seconds,
        "seconds": round(airing.recording.received_seconds, 3),
        # As received, in order; a file that was brought in later stands here too.
        "masters": [each for each in names if not each.startswith("derived/")],
        "master_files": [each.key.split("/", 2)[2] for each in derived if each.kind == Derivative.Kind.MASTER],
        "derivatives": [
            {"file": each.key.split("/", 2)[2], "kind": each.kind, "type": each.media_type, "is_public": each.is_public}
            for each in derived
        ],
        "cuts": [
            {"from": _time(cut.from_media_time), "until": _time(cut.until_media_time)}
            for cut in OutputCut.objects.filter(airing=airing, state__in=["active", "resumed"]).order_by("id")
        ],
        "choices": _choices(airing),
    }


def _choices(airing: Airing) -> list[dict[str, Any]]:
    rows = SourceChoice.objects.filter(airing=airing).order_by("from_media_time", "id")
    return [{"source": each.source, "from": _time(each.from_media_time)} for each in rows]


def _timeline(airing: Airing, *, staff: bool, names: bool = False) -> list[dict[str, Any]]:
    """The marks; without `names` nobody stands there who is no guest of the show."""
    found = [mark for _name, tell in registry.timeline for mark in tell(airing, staff)]
    if not names:
        found = [
            {key: value for key, value in mark.items() if key != "author"}
            for mark in found
            if mark["kind"] != "comment"
        ]
    return sorted(found, key=lambda mark: (str(mark["at"]), str(mark["kind"])))


def _moments(airing: Airing, *, is_public: bool) -> list[dict[str, Any]]:
    rows = Moment.objects.filter(airing=airing, is_public=is_public).order_by("at", "id")
    return [{"at": _time(each.at), "kind": each.kind, "title": each.title, "data": each.data} for each in rows]


def _audit(airing: Airing) -> dict[str, Any]:
    """Where the chain stood when it last spoke of this airing: whoever has the chain can find this entry in it."""
    last = AuditEntry.objects.filter(airing_id=airing.pk).exclude(act__in=_OWN_ACTS).order_by("-id").first()
    if last is None:
        return {"entry": None}
    return {"entry": last.pk, "at": _time(last.at), "digest": last.digest, "algorithm": last.algorithm}


def _time(at: dt.datetime | None) -> str:
    return at.astimezone(dt.UTC).isoformat() if at is not None else ""
