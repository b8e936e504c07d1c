"""The filter graph that makes a clip's picture: 16:9 or 9:16, cropped or whole over its own blur, words drawn; pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archive.models import Clip


@dataclass(frozen=True)
class Frame:
    """Pixels of the finished picture."""

    width: int
    height: int


def frame_of(shape: str, source_height: int) -> Frame:
    """1080 lines of what has them, else 720: nothing is made larger than it is worth."""
    long, short = (1920, 1080) if source_height >= 1080 else (1280, 720)
    return Frame(long, short) if shape == Clip.Shape.WIDE else Frame(short, long)


def graph(clip: Clip, frame: Frame, *, has_picture: bool, fps: float, words: Path | None) -> str:
    """From input 0's picture, or input 1's sound where there is no picture, to [v]."""
    made = _shaped(clip, frame) if has_picture else _of_sound(frame)
    steps = [made, f"fps={fps:g}", "setsar=1"]
    if words is not None:
        steps.append(f"ass=filename={escaped(words)}")
    return ",".join([*steps, "format=yuv420p[v]"])


def _shaped(clip: Clip, frame: Frame) -> str:
    width, height = frame.width, frame.height
    if clip.shape == Clip.Shape.WIDE:
        return f"[0:v]scale={width}:{height}:force_original_aspect_ratio=decrease,pad={width}:{height}:-1:-1"
    if clip.fit == Clip.Fit.BLUR:
        small = f"{width // 8}:{height // 8}"
        return (
            f"[0:v]split[back][front];"
            f"[back]scale={small}:force_original_aspect_ratio=increase,crop={small},boxblur=8:2,"
            f"eq=brightness=-0.12,scale={width}:{height}[ground];"
            f"[front]scale={width}:{height}:force_original_aspect_ratio=decrease[whole];"
            f"[ground][whole]overlay=(W-w)/2:(H-h)/2"
        )
    focus = min(100, max(0, clip.focus)) / 100
    return (
        f"[0:v]crop=w='min(iw,ih*{width}/{height})':h=ih:x='(iw-ow)*{focus:g}':y=0,"
        f"scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height}"
    )


def _of_sound(frame: Frame) -> str:
    """A calm ground with the waveform of what is heard, for recordings without a picture."""
    width, height = frame.width, frame.height
    tall = height // 4
    return (
        f"color=c=0x15171a:s={width}x{height}:r=25[ground];"
        f"[1:a]showwaves=s={width}x{tall}:mode=cline:rate=25:colors=0xc9a45c[wave];"
        f"[ground][wave]overlay=0:(H-h)/2:shortest=1"
    )


def escaped(path: Path) -> str:
    """A path as an option's value within a filter graph: both levels of ffmpeg's own quoting."""
    text = str(path)
    for letter in "\\':":
        text = text.replace(letter, f"\\{letter}")
    for letter in "\\'[],;":
        text = text.replace(letter, f"\\{letter}")
    return text
