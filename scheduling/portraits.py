"""Makes a portrait of what somebody uploaded: a new square JPEG of our own making; it stores nothing and knows no person."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

SIDE = 640
MOST_BYTES = 5 * 1024 * 1024
# A JPEG is made smaller while it is read; anything else is held whole first, at up to 4 bytes a pixel and in two copies at most.
_MOST_PIXELS = {"JPEG": 40_000_000}
_MOST_PIXELS_WHOLE = 16_000_000
_LEAST_SIDE = 160
_FORMATS = ("JPEG", "PNG", "WEBP")
# Where the square is cut from what is longer than wide: a face is mostly in the upper part.
FOCUS = {"top": 0.0, "upper": 0.25, "middle": 0.5, "bottom": 1.0}


class BadPicture(ValueError):
    """What was uploaded makes no portrait; `code` is one of type, size, small, broken."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def square(data: bytes, focus: str = "upper") -> bytes:
    """A JPEG of at most SIDE by SIDE pixels, upright, without anything else that the file said (place, camera, thumbnails).

    Only the first picture of an animated one. Nothing of the file is passed on, so what hides behind its pixels ends here.
    Raises BadPicture; KeyError for a focus that is none of FOCUS.
    """
    if len(data) > MOST_BYTES:
        raise BadPicture("size")
    centre = (0.5, FOCUS[focus])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
                # Told by the header, before a pixel is read.
                if opened.width * opened.height > _MOST_PIXELS.get(opened.format or "", _MOST_PIXELS_WHOLE):
                    raise BadPicture("size")
                if min(opened.size) < _LEAST_SIDE:
                    raise BadPicture("small")
                opened.draft("RGB", (2 * SIDE, 2 * SIDE))
                upright = ImageOps.exif_transpose(_smaller(opened))
                side = min(SIDE, *upright.size)
                return _jpeg(ImageOps.fit(_opaque(upright), (side, side), Image.Resampling.LANCZOS, centering=centre))
    except UnidentifiedImageError as error:
        raise BadPicture("type") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise BadPicture("size") from error
    except BadPicture:
        raise
    except Exception as error:
        # Its decoders raise whatever they stumble over: OSError, SyntaxError, struct.error, OverflowError, EOFError, …
        raise BadPicture("broken") from error


def _smaller(picture: Image.Image) -> Image.Image:
    """About twice as large as it will be: every step after this one costs little."""
    step = min(picture.size) // (2 * SIDE)
    if step < 2:
        return picture
    plain = picture if picture.mode in ("L", "LA", "RGB", "RGBA") else picture.convert("RGBA")
    return plain.reduce(step)


def _opaque(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        ground = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(ground, seen).convert("RGB")
    return picture.convert("RGB")


def _jpeg(picture: Image.Image) -> bytes:
    # Pixels alone: `info` would carry comments, profiles and Exif along.
    clean = Image.new("RGB", picture.size)
    clean.paste(picture)
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()
