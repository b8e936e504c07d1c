"""The MP4 masters: what fits is copied, only odd runs are encoded; the sealed one and the public one never share a piece list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archive import tools
from archive.models import Derivative
from archive.steps import material
from archive.steps.material import Form, Piece, Run
from archive.steps.run import PREFIX, Bench, Child, StepFailed, patience, threads
from archive.steps.work import Outcome, Work

SEALED, PUBLIC = "sealed.mp4", "master.mp4"
# An AAC encoder puts one frame of nothing before the first sound; frames have this many samples.
_FRAME = 1024
# Less than any distance of two times in a stream.
_HAIR = 1e-4


@dataclass(frozen=True)
class House:
    """The form that all of a master has: that of its longest stretch that carries all there is."""

    form: Form
    fps: float


def work(work: Work) -> Outcome:
    """Make both masters. The public one is the sealed one under another name where both hold the same."""
    everything = material.pieces(work.airing_id, public=False)
    shown = material.pieces(work.airing_id, public=True)
    outcome = Outcome()
    total = sum(piece.duration for piece in [*everything, *shown]) or 1.0
    done = 0.0
    for name, pieces in ((SEALED, everything), (PUBLIC, shown)):
        if not pieces:
            continue
        share = sum(piece.duration for piece in pieces) / total
        if name == PUBLIC and _same(work, everything, shown):
            (work.folder / PUBLIC).hardlink_to(work.folder / SEALED)
            details = dict(outcome.outputs[-1].details)
        else:
            details = write(work, pieces, name, (done, done + share))
        done += share
        outcome.outputs.append(work.output(Derivative.Kind.MASTER, name, "video/mp4", public=name == PUBLIC, **details))
    if not outcome.outputs:
        raise StepFailed("nothing_recorded", for_good=True)
    outcome.result = {output.file.name: output.details for output in outcome.outputs}
    return outcome


def _same(work: Work, everything: Sequence[Piece], shown: Sequence[Piece]) -> bool:
    """Whether both lists hold the same media, by the bytes' places on disk."""
    if len(everything) != len(shown):
        return False
    from archive.storage import media

    pairs = zip(everything, shown, strict=True)
    try:
        return all(
            left.start_ms == right.start_ms and media().path(left.key).samefile(media().path(right.key))
            for left, right in pairs
        )
    except FileNotFoundError:
        return False


def write(work: Bench, pieces: Sequence[Piece], name: str, share: tuple[float, float]) -> dict[str, object]:
    """Write one master into the scratch folder and return what there is to say of it."""
    found = material.runs(pieces)
    if not found:
        raise StepFailed("nothing_readable", for_good=True)
    house = house_of(found)
    seconds = sum(run.seconds for run in found)
    program = tools.path()
    place = 0.0
    spans = []
    with Child(_final(program, work.folder / name), work, seconds=patience(seconds), feeds=True) as final:
        for run in found:
            with Child(
                restamp(program, run, house, place),
                work,
                seconds=patience(run.seconds),
                feeds=True,
                output=final.stdin.fileno(),
            ) as child:
                child.feed(_told(work, final, run, place, seconds, share))
                child.wait()
            spans.append({"at": run.pieces[0].start_ms, "offset": round(place, 3), "seconds": round(run.seconds, 3)})
            place += run.seconds
        final.stdin.close()
        final.wait()
    odd = sum(run.seconds for run in found if run.form != house.form)
    picture = house.form.picture
    return {
        "seconds": round(seconds, 3),
        "encoded_seconds": round(odd, 3),
        "width": picture[2] if picture else 0,
        "height": picture[3] if picture else 0,
        "sample_rate": house.form.sound[2] if house.form.sound else 0,
        "has_picture": picture is not None,
        "has_sound": house.form.sound is not None,
        "spans": spans,
    }


def _told(
    work: Bench, final: Child, run: Run, place: float, seconds: float, share: tuple[float, float]
) -> Iterator[bytes]:
    """A run's bytes, the progress told as they go."""
    for piece, content in zip(run.pieces, run.content(), strict=True):
        yield content
        place += piece.duration
        final.moved()
        work.tell(share[0] + (share[1] - share[0]) * min(1.0, place / seconds))


def house_of(found: Sequence[Run]) -> House:
    """The longest form among those that carry all kinds of streams there are; where something must be encoded, one that we can encode."""
    picture = any(run.form.picture for run in found)
    sound = any(run.form.sound for run in found)
    whole = [run for run in found if bool(run.form.picture) == picture and bool(run.form.sound) == sound] or list(found)
    if any(run.form != whole[0].form for run in found):
        whole = [run for run in whole if _ours(run.form)] or whole
    lengths: dict[Form, float] = {}
    for run in whole:
        lengths[run.form] = lengths.get(run.form, 0.0) + run.seconds
    longest = max(lengths, key=lambda form: lengths[form])
    chosen = next(run for run in whole if run.form == longest)
    form = chosen.form
    if any(run.form != form for run in found) and not _ours(form):
        form = Form(
            ("h264", "", form.picture[2] or 1280, form.picture[3] or 720) if form.picture else None,
            ("aac", "", form.sound[2] or 48_000, form.sound[3] or 2) if form.sound else None,
        )
    return House(form, chosen.facts.fps or 25.0)


def _ours(form: Form) -> bool:
    return (form.picture is None or form.picture[0] == "h264") and (form.sound is None or form.sound[0] == "aac")


def _final(program: str, target: object) -> list[str]:
    """Take the joined stream from standard input into an MP4 whose index stands first."""
    return [
        *(program, *PREFIX),
        *("-protocol_whitelist", "pipe", "-f", "mpegts", "-i", "pipe:0", "-map", "0:v:0?", "-map", "0:a:0?"),
        *("-c", "copy", "-map_metadata", "-1", "-video_track_timescale", str(material.CLOCK)),
        *("-movflags", "+faststart", "-f", "mp4", f"file:{target}"),
    ]


def restamp(program: str, run: Run, house: House, place: float) -> list[str]:
    """Words of the child that turns a run into the house's form, its first picture at `place` seconds of the joined stream.

    Sound that reaches beyond the run's pictures is left out, so that no two runs overlap. What fits is copied.
    """
    words = [program, *PREFIX, "-copyts", "-protocol_whitelist", "pipe", "-f", "mpegts", "-i", "pipe:0"]
    maps: list[str] = []
    codecs: list[str] = []
    if house.form.picture:
        extra, mapped, coded = _picture(run, house)
        words += extra
        maps, codecs = maps + mapped, codecs + coded
    if house.form.sound:
        extra, mapped, coded = _sound(run, house, number=1 + words.count("-i") - 1)
        words += extra
        maps, codecs = maps + mapped, codecs + coded
    return [
        *(*words, *maps, *codecs, "-map_metadata", "-1"),
        *("-output_ts_offset", f"{place - run.begins + 10:.6f}", "-muxdelay", "0", "-muxpreload", "0"),
        *("-mpegts_flags", "+initial_discontinuity", "-f", "mpegts", "pipe:1"),
    ]


def _picture(run: Run, house: House) -> tuple[list[str], list[str], list[str]]:
    """(further inputs, maps, codec) of the picture."""
    wanted = house.form.picture
    assert wanted is not None
    if run.form.picture == wanted:
        # What is shown before the picture it was cut at cannot be decoded without what is not here.
        outside = ["-bsf:v", f"noise=drop='lt(pts*tb,{run.begins - _HAIR:.6f})'"] if run.facts.leads else []
        return [], ["-map", "0:v:0"], ["-c:v", "copy", *outside]
    width, height = wanted[2], wanted[3]
    encode = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", "-threads", threads()]
    if run.form.picture:
        fit = f"scale={width}:{height}:force_original_aspect_ratio=decrease,pad={width}:{height}:-1:-1,setsar=1"
        return [], ["-map", "0:v:0"], ["-vf", fit, "-fps_mode", "passthrough", *encode]
    black = f"color=black:size={width}x{height}:rate={house.fps:g}:duration={run.seconds:.3f}"
    moved = f"setpts=PTS+{run.begins:.6f}/TB"
    return ["-f", "lavfi", "-i", black], ["-map", "1:v:0"], ["-vf", moved, "-fps_mode", "passthrough", *encode]


def _sound(run: Run, house: House, number: int) -> tuple[list[str], list[str], list[str]]:
    """(further inputs, maps, codec) of the sound; `number` is that of a further input."""
    wanted = house.form.sound
    assert wanted is not None
    since, until = run.begins - _HAIR, run.ends - _HAIR
    if run.form.sound == wanted:
        outside = f"noise=drop='lt(pts*tb,{since:.6f})+gte(pts*tb,{until:.6f})'"
        return [], ["-map", "0:a:0"], ["-c:a", "copy", "-bsf:a", outside]
    rate, channels = wanted[2], wanted[3] or 2
    # The encoder's empty first frame takes the place of the first 21 ms, so nothing stands before the run's begin; the last
    # frame is whole, so nothing stands behind its end.
    since, frames = run.begins + _FRAME / rate, int(run.seconds * rate) // _FRAME - 1
    cut = f"atrim=start={since:.6f}:end={since + frames * _FRAME / rate:.6f}"
    encode = ["-c:a", "aac", "-b:a", "160k", "-ar", str(rate), "-ac", str(channels)]
    if run.form.sound:
        return [], ["-map", "0:a:0"], ["-af", f"aresample={rate}:async=1,{cut}", *encode]
    silence = f"anullsrc=sample_rate={rate}:channel_layout={'mono' if channels == 1 else 'stereo'}"
    moved = f"asetpts=PTS+{run.begins:.6f}/TB,{cut}"
    return ["-f", "lavfi", "-i", silence], ["-map", f"{number}:a:0"], ["-af", moved, *encode]
