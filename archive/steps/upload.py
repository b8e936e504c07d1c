"""Sends the files made from a recording to the stores that keep them; the recording itself leaves as it closes (uploader.py)."""

from __future__ import annotations

from archive.models import Derivative
from archive.steps.run import StepFailed
from archive.steps.work import Outcome, Work
from archive.storage import Damaged, Storage, StorageDown, StorageRefused, media
from archive.storage.base import digest_of
from archive.storage.places import leaving


def work(work: Work) -> Outcome:
    """Send what is not there yet; the same bytes sent twice change nothing."""
    stores = leaving()
    if not stores:
        return Outcome({"skipped": "no_store"})
    # The manifest is sent by its own step.
    files = list(Derivative.objects.filter(recording_id=work.airing_id).exclude(kind=Derivative.Kind.MANIFEST))
    for number, derivative in enumerate(files):
        work.check()
        try:
            _send(work, derivative, stores)
        except (Damaged, StorageDown, StorageRefused) as error:
            raise StepFailed(error.code, str(error)) from error
        work.tell((number + 1) / len(files))
    return Outcome({"files": len(files), "stores": sorted(stores)})


def _send(work: Work, derivative: Derivative, stores: dict[str, Storage]) -> None:
    """A step done again makes the same key with other bytes, so what is there is replaced, but only by what the row describes."""
    source = media().path(derivative.key)
    if source.exists():
        with source.open("rb") as stream:
            if digest_of(stream) != (derivative.size_bytes, derivative.digest):
                raise StepFailed("kept_damaged", source.name)
    for name, store in stores.items():
        work.check()
        if source.exists():
            store.put(derivative.key, source, replace=True)
        elif store.head(derivative.key) is None:
            raise StepFailed("media_missing", f"{name}: {source.name}")
