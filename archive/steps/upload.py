"""Sends the files made from a recording to the stores that keep them; the recording itself leaves as it closes (uploader.py)."""

from __future__ import annotations

from archive.models import Derivative
from archive.steps.run import StepFailed
from archive.steps.work import Outcome, Work
from archive.storage import StorageDown, StorageRefused, media
from archive.storage.places import leaving


def work(work: Work) -> Outcome:
    """Send what is not there yet; the same bytes sent twice change nothing."""
    stores = leaving()
    if not stores:
        return Outcome({"skipped": "no_store"})
    files = list(Derivative.objects.filter(recording_id=work.airing_id))
    for number, derivative in enumerate(files):
        source = media().path(derivative.key)
        for name, store in stores.items():
            work.check()
            try:
                if source.exists():
                    store.put(derivative.key, source)
                elif store.head(derivative.key) is None:
                    raise StepFailed("media_missing", f"{name}: {source.name}")
            except StorageDown as error:
                raise StepFailed("storage_down", str(error)) from error
            except StorageRefused as error:
                raise StepFailed("storage_refused", str(error)) from error
        work.tell((number + 1) / len(files))
    return Outcome({"files": len(files), "stores": sorted(stores)})
