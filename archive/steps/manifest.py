"""The last step: writes the manifest, sees that each store has all it lists, and reads everything there for the first time."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from archive import fixity, manifest, uploader
from archive.models import FixityCheck, Part
from archive.parts import AiringFolder
from archive.steps.run import StepFailed
from archive.steps.work import Outcome, Work
from archive.storage import Damaged, Storage, StorageDown, StorageRefused, Stored, StoredOtherwise, media
from archive.storage.ledger import Ledger
from archive.storage.places import leaving
from archive.storage.shelf import MEDIA
from broadcast.models import Airing

_STORAGE = (Damaged, StorageDown, StorageRefused, StoredOtherwise)
# Share of the progress that is sending.
_SENDING = 0.3
_Outcome = FixityCheck.Outcome


def work(work: Work) -> Outcome:
    """Fails as `kept_damaged` when something stays missing or damaged; the manifest is written all the same."""
    airing = Airing.objects.get(pk=work.airing_id)
    if Part.objects.filter(recording_id=airing.pk, segments__gt=0).exists() and not _has_parts(airing.pk):
        raise StepFailed("media_missing", "parts")
    try:
        stored = manifest.write(airing, work.hold)
        written = manifest.read(airing.pk)
        listed = list(manifest.objects(written)) if written else []
        stores = leaving()
        for number, (name, store) in enumerate(stores.items()):
            _deliver(work, name, store, listed, (number, len(stores)))
            store.write(stored.key, media().path(stored.key).read_bytes())
    except _STORAGE as error:
        raise StepFailed(error.code, str(error)) from error
    tally = _read(work)
    bad = tally.counts.get(_Outcome.MISSING, 0) + tally.counts.get(_Outcome.DAMAGED, 0)
    if bad:
        raise StepFailed("kept_damaged", f"{bad} / {len(listed)}", for_good=True)
    return Outcome(
        {
            "objects": len(listed),
            "bytes": sum(each.size for each in listed),
            "digest": stored.digest,
            "stores": sorted(stores),
            "read": {str(outcome): count for outcome, count in tally.counts.items()},
        }
    )


def _has_parts(airing_id: UUID) -> bool:
    return (AiringFolder(airing_id).path / "parts").is_dir()


def _deliver(work: Work, name: str, store: Storage, listed: Sequence[Stored], place: tuple[int, int]) -> None:
    """Send what this machine has of the recording and the store is not known to have, whatever became of the recorder.

    What steps made was sent by the step before.
    """
    folder = AiringFolder(work.airing_id).path
    known = Ledger(folder, uploader.label(name))
    own = f"airings/{work.airing_id}/"
    for number, each in enumerate(listed, start=1):
        work.check()
        short, file = each.key.removeprefix(own), media().path(each.key)
        if not short.startswith("derived/") and short not in known and file.exists():
            sent = store.put(each.key, file, replace=not short.endswith(MEDIA))
            if short.endswith(MEDIA):
                known.add(short, sent)
        work.tell(_SENDING * (place[0] + number / len(listed)) / place[1])


def _read(work: Work) -> fixity.Tally:
    """The first reading of what is kept, in each place."""

    def told(share: float) -> None:
        work.check()
        work.tell(_SENDING + (1 - _SENDING) * share)

    tally = fixity.audit_airing(work.airing_id, told=told)
    if tally.problem:
        raise StepFailed(tally.problem)
    return tally
