"""Square covers of podcasts as directories ask for them: what staff uploaded, made anew, or one drawn of the name; it reads no table."""

from __future__ import annotations

import hashlib
import io
import warnings
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from archive import clips

# What directories take: square, so many pixels a side at least and at most.
LEAST, MOST = 1400, 3000
MOST_BYTES = 10 * 1024 * 1024
# Dark grounds on which white words are read, contrast 7 : 1 and more.
_GROUNDS = ("#7a1f24", "#1d4a6e", "#1f5a44", "#5a3a1e", "#3d3470", "#5c2350", "#28485a", "#4a4a1c")
_WHITE, _PALE, _THIN = "#ffffff", "#ffffffcc", "#ffffff24"
_MARGIN = 130


class NotSquare(ValueError):
    """`code`: type, size, square, pixels or broken."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def checked(data: bytes) -> bytes:
    """A JPEG of the same size, with the pixels alone of what was uploaded. Raises NotSquare."""
    if len(data) > MOST_BYTES:
        raise NotSquare("size")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as opened:
                # Told by the header, before a pixel is read.
                if opened.width != opened.height:
                    raise NotSquare("square")
                if not LEAST <= opened.width <= MOST:
                    raise NotSquare("pixels")
                whole = opened.convert("RGBA")
                ground = Image.new("RGBA", whole.size, "white")
                return _jpeg(Image.alpha_composite(ground, whole).convert("RGB"))
    except NotSquare:
        raise
    except UnidentifiedImageError as error:
        raise NotSquare("type") from error
    except Exception as error:
        # Its decoders raise whatever they stumble over.
        raise NotSquare("broken") from error


@lru_cache(maxsize=64)
def drawn(slug: str, title: str, committee: str) -> bytes:
    """A JPEG of LEAST pixels a side: the name large on the programme's ground, the committee below. The same words, the same bytes."""
    ground = _GROUNDS[hashlib.sha256(slug.encode()).digest()[0] % len(_GROUNDS)]
    picture = Image.new("RGB", (LEAST, LEAST), ground)
    draw = ImageDraw.Draw(picture, "RGBA")
    # Rings as of a sound that goes out, over the lower corner.
    for step in range(7):
        radius = 260 + 170 * step
        draw.ellipse((LEAST - radius, LEAST - radius, LEAST + radius, LEAST + radius), outline=_THIN, width=10)
    font_file = clips.chinese_font()
    lines, size = _laid(title.strip() or slug, font_file)
    top = _MARGIN
    for line in lines:
        draw.text((_MARGIN, top), line, font=_font(font_file, size), fill=_WHITE)
        top += round(size * 1.25)
    draw.rectangle((_MARGIN, top + 70, _MARGIN + 160, top + 82), fill=_PALE)
    draw.text((_MARGIN, LEAST - _MARGIN - 64), committee[:24], font=_font(font_file, 64), fill=_PALE)
    return _jpeg(picture)


def digest_of(picture: bytes) -> str:
    """A short name of exactly these bytes, for an address."""
    return hashlib.sha256(picture).hexdigest()[:12]


def _laid(title: str, font_file: str | None) -> tuple[list[str], int]:
    """The title in at most four lines as large as they fit, no character left alone on the last; what does not fit the smallest is cut
    off."""
    width = LEAST - 2 * _MARGIN
    fitting = []
    for size in (260, 220, 180, 150, 120, 96):
        lines = _broken(title, _font(font_file, size), width)
        if len(lines) <= (4 if size > 96 else 6):
            fitting.append((lines, size))
            if len(lines) == 1 or len(lines[-1]) > 1:
                return lines, size
    return fitting[0] if fitting else (lines[:6], size)


def _broken(title: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """Lines no wider than that: between Chinese characters anywhere, else at spaces where there are some."""
    lines, line = [], ""
    for letter in title:
        if font.getlength(line + letter) <= width:
            line += letter
            continue
        head, space, rest = line.rpartition(" ")
        if space and letter.isascii() and letter != " ":
            lines.append(head)
            line = rest + letter
        else:
            lines.append(line)
            line = letter.lstrip()
    return [each.strip() for each in [*lines, line] if each.strip()]


@lru_cache(maxsize=16)
def _font(file: str | None, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.truetype(file, size) if file else ImageFont.load_default(size)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88, optimize=True)
    return out.getvalue()
