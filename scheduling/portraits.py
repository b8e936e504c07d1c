"""Makes a portrait of what somebody uploaded: a new square JPEG of our own making; it stores nothing and knows no person."""

from __future__ import annotations

from broadcast import pictures
from broadcast.pictures import MOST_BYTES, BadPicture

__all__ = ["FOCUS", "MOST_BYTES", "SIDE", "BadPicture", "square"]
SIDE = 640
_LEAST_SIDE = 160
# Where the square is cut from what is longer than wide: a face is mostly in the upper part.
FOCUS = {"top": 0.0, "upper": 0.25, "middle": 0.5, "bottom": 1.0}


def square(data: bytes, focus: str = "upper") -> bytes:
    """A JPEG of at most SIDE by SIDE pixels, as `pictures.fitted` makes them.

    Raises BadPicture; KeyError for a focus that is none of FOCUS.
    """
    return pictures.fitted(data, (SIDE, SIDE), (_LEAST_SIDE, _LEAST_SIDE), (0.5, FOCUS[focus]))
