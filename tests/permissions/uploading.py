"""What the addresses of imports and uploads stand for: a tray with one file, and a batch that came of it."""

from __future__ import annotations

from typing import Any

from archive.models import ImportBatch, Upload, UploadTray
from broadcast import clock
from broadcast.models import Programme


def places(programme: Programme, name: str) -> dict[str, Any]:
    """The placeholders of that address, in the programme."""
    now = clock.now()
    batch, _made = ImportBatch.objects.get_or_create(folder="/old", sheet="", defaults={"created_at": now})
    tray, _made = UploadTray.objects.get_or_create(
        programme=programme, batch=batch, defaults={"created_at": now, "touched_at": now}
    )
    upload, _made = Upload.objects.get_or_create(
        tray=tray, name="a.mp3", defaults={"size_bytes": 4, "created_at": now, "touched_at": now}
    )
    pk = batch.pk if name in {"imports:batch", "imports:again"} else tray.pk
    return {"pk": pk, "tray_id": tray.pk, "upload_id": upload.pk}
