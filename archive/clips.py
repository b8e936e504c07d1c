"""Our own clips, made once and kept: the filler shown in place of a cut, and the loop of the demo; pictures only, no rule of when."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

from django.conf import settings

from archive import ffmpeg, runner
from archive.ffmpeg import Encode

FILLER_SECONDS = 60
# 1500 AAC frames and 800 pictures exactly, so that the loop closes without a seam in either.
DEMO_SECONDS = 32
_MAKE_SECONDS = 300
VERSION = "1"
_FONT_NAMES = ["NotoSansCJK", "NotoSerifCJK", "SourceHanSans", "wqy", "DroidSansFallback"]


def filler_folder() -> Path:
    """Where the filler's segments lie: `picture/` and `sound/`, thirty of 2 s each."""
    return Path(settings.MEDIA_ROOT) / "filler" / VERSION


def chinese_font() -> str | None:
    """File of a font with Chinese letters on this machine, or None."""
    program = shutil.which("fc-list")
    if program is None:
        return None
    found = subprocess.run([program, ":lang=zh", "file"], capture_output=True, text=True, timeout=10, check=False)
    files = sorted(line.split(":")[0].strip() for line in found.stdout.splitlines() if line.strip())
    preferred = [file for file in files if any(name.lower() in file.lower() for name in _FONT_NAMES)]
    return next(iter(preferred or files), None)


def _text(words: str, font: str | None, *, size: int, y: str, colour: str = "white@0.85") -> str:
    """A drawtext step of a graph; nothing without a font."""
    if font is None:
        return ""
    return f",drawtext=fontfile={font}:text={words}:fontsize={size}:fontcolor={colour}:x=(w-tw)/2:y={y}"


def filler_graph(font: str | None) -> str:
    """A dark calm picture: a soft horizon, a slow light that breathes; text only where a Chinese font is."""
    return (
        "color=c=0x0e1c2f:s=640x360:r=25,"
        "drawbox=x=0:y=250:w=640:h=110:color=0x0a1422:t=fill,"
        "drawbox=x=0:y=248:w=640:h=2:color=0x8a2b2b@0.9:t=fill"
        "[ground];"
        "color=c=0xc9a45c:s=64x64:r=25,format=rgba,"
        "geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='if(lte(hypot(X-32,Y-32),20),200*(0.6+0.4*sin(2*PI*T/6)),0)'[light];"
        "[ground][light]overlay=x='288+120*sin(2*PI*t/60)':y=130" + _text("节目稍后继续", font, size=34, y="275")
    )


def demo_graph(font: str | None) -> str:
    """A civic scene at dusk: sky, hills, a town with lit windows, a river with a boat that crosses it in each loop."""
    towers = [
        (40, 150, 60),
        (110, 190, 46),
        (168, 128, 54),
        (236, 176, 70),
        (330, 110, 58),
        (402, 170, 76),
        (494, 140, 52),
        (560, 186, 60),
    ]
    boxes = []
    for x, y, width in towers:
        boxes.append(f"drawbox=x={x}:y={y}:w={width}:h={250 - y}:color=0x2d3a55:t=fill")
        boxes += [
            f"drawbox=x={column}:y={row}:w=6:h=8:color=0xf2c977@0.8:t=fill"
            for row in range(y + 12, 236, 22)
            for column in range(x + 8, x + width - 10, 16)
            if (row + column) % 3
        ]
    return (
        "gradients=s=640x360:r=25:n=3:c0=0x31477a:c1=0xd98e5f:c2=0xf3d6a0:x0=320:y0=0:x1=320:y1=260:speed=0.00001,"
        f"format=yuv420p,{','.join(boxes)},"
        "drawbox=x=0:y=250:w=640:h=110:color=0x24506b:t=fill,"
        "drawbox=x=0:y=250:w=640:h=3:color=0xe8b98a@0.7:t=fill[town];"
        "color=c=white:s=48x48:r=25,format=rgba,geq=r=255:g=226:b=170:a='if(lte(hypot(X-24,Y-24),22),235,0)'[sun];"
        "color=c=0x7a2e2e:s=70x14:r=25,drawbox=x=26:y=0:w=20:h=6:color=0xf4efe6:t=fill[boat];"
        "[town][sun]overlay=x='60+520*t/32':y='70-40*sin(PI*t/32)'[lit];"
        "[lit][boat]overlay=x='mod(t*22.3\\,712)-70':y='296+3*sin(2*PI*t/4)'"
        + _text("委员议事厅 · 演示信号", font, size=22, y="326")
    )


# A soft chord that swells every four seconds: one hears at once whether the sound is live.
_DEMO_SOUND = "aevalsrc='0.06*(sin(2*PI*220*t)+sin(2*PI*277.18*t)+sin(2*PI*329.63*t))*(0.6+0.4*sin(2*PI*t/4))':s=48000"
_SILENCE = "anullsrc=r=48000:cl=stereo"


def _empty(folder: Path) -> Path:
    """An empty folder beside the one to come."""
    fresh = folder.with_name(f".{folder.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    for kind in ("picture", "sound"):
        (fresh / kind).mkdir(parents=True)
    return fresh


def _ready(target: Path) -> bool:
    """Whether the file is there; makes its folder when not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.exists()


async def ensure_filler(program: str) -> Path:
    """Make the filler when it is not there; some seconds once. Raises RuntimeError with ffmpeg's words."""
    folder = filler_folder()
    if (folder / "sound" / ffmpeg.PLAYLIST).exists():
        return folder
    fresh = _empty(folder)
    clip = fresh / "clip.ts"
    words = ffmpeg.encode_clip(
        program, filler_graph(chinese_font()), _SILENCE, Encode(FILLER_SECONDS, video_bitrate="150k"), clip
    )
    await runner.run_to_end(words, name="filler", seconds=_MAKE_SECONDS)
    await runner.run_to_end(ffmpeg.cut_into_segments(program, clip, fresh / "picture"), name="filler", seconds=60)
    await runner.run_to_end(
        ffmpeg.cut_into_segments(program, clip, fresh / "sound", sound_only=True), name="filler", seconds=60
    )
    clip.unlink()
    await asyncio.to_thread(shutil.rmtree, folder, True)
    fresh.rename(folder)
    return folder


async def ensure_demo(program: str, target: Path) -> Path:
    """Make the demo's loop when it is not there."""
    if _ready(target):
        return target
    fresh = target.with_name(f".{target.name}")
    words = ffmpeg.encode_clip(
        program,
        demo_graph(chinese_font()),
        _DEMO_SOUND,
        Encode(DEMO_SECONDS, video_bitrate="700k"),
        fresh,
        container="mp4",
    )
    await runner.run_to_end(words, name="demo loop", seconds=_MAKE_SECONDS)
    fresh.rename(target)
    return target
