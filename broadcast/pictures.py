"""Makes a picture anew from what somebody uploaded: a JPEG of our own, of a wanted shape; it stores nothing and knows no use of it."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 5 * 1024 * 1024
# A JPEG is made smaller while it is read; anything else is held whole first, at up to 4 bytes a pixel and in two copies at most.
_MOST_PIXELS = {"JPEG": 40_000_000}
_MOST_PIXELS_WHOLE = 16_000_000
_FORMATS = ("JPEG", "PNG", "WEBP")
Size = tuple[int, int]


class BadPicture(ValueError):
    """What was uploaded cannot be used; `code` is one of type, size, small, broken."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def fitted(data: bytes, size: Size, least: Size, centre: tuple[float, float]) -> bytes:
    """A JPEG of the shape of `size` and at most as large, upright, without anything else that the file said (place, camera, thumbnails).

    `centre`: which part is kept of what is too wide or too tall, 0 to 1 from the left and from the top. Only the first picture of an
    animated one. Nothing of the file is passed on, so what hides behind its pixels ends here. Raises BadPicture.
    """
    if len(data) > MOST_BYTES:
        raise BadPicture("size")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
                # Told by the header, before a pixel is read.
                if opened.width * opened.height > _MOST_PIXELS.get(opened.format or "", _MOST_PIXELS_WHOLE):
                    raise BadPicture("size")
                if min(opened.size) < min(least):
                    raise BadPicture("small")
                opened.draft("RGB", (2 * max(size), 2 * max(size)))
                upright = ImageOps.exif_transpose(_smaller(opened, max(size)))
                return _jpeg(_shaped(_opaque(upright), size, least, centre))
    except UnidentifiedImageError as error:
        raise BadPicture("type") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise BadPicture("size") from error
    except BadPicture:
        raise
    except Exception as error:
        # Its decoders raise whatever they stumble over: OSError, SyntaxError, struct.error, OverflowError, EOFError, …
        raise BadPicture("broken") from error


def _shaped(picture: Image.Image, size: Size, least: Size, centre: tuple[float, float]) -> Image.Image:
    """Cut to the shape; never made larger than it is."""
    if picture.width < least[0] or picture.height < least[1]:
        raise BadPicture("small")
    share = min(1.0, picture.width / size[0], picture.height / size[1])
    wanted = (max(1, round(size[0] * share)), max(1, round(size[1] * share)))
    return ImageOps.fit(picture, wanted, Image.Resampling.LANCZOS, centering=centre)


def _smaller(picture: Image.Image, side: int) -> Image.Image:
    """About twice as large as it will be: every step after this one costs little."""
    step = min(picture.size) // (2 * side)
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
