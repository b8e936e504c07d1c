"""Where media objects lie, behind one interface; it knows keys and bytes, not airings or rights."""

from archive.storage.base import ALGORITHM, Cold, Damaged, Storage, StorageDown, StorageRefused, Stored, StoredOtherwise
from archive.storage.local import LocalStorage, write_atomically
from archive.storage.places import MAIN, SECOND, kept, media, places, second

__all__ = [
    "ALGORITHM",
    "MAIN",
    "SECOND",
    "Cold",
    "Damaged",
    "LocalStorage",
    "Storage",
    "StorageDown",
    "StorageRefused",
    "Stored",
    "StoredOtherwise",
    "kept",
    "media",
    "places",
    "second",
    "write_atomically",
]
