"""Renders what applied edits leave of the segments that they touch, and has the replay written with it; what is there stays."""

from __future__ import annotations

from archive.editing import kept, rendering, writing
from archive.editing.compose import compose
from archive.models import EditedReplay
from archive.parts import AiringFolder
from archive.steps import engine
from archive.steps.run import StepFailed
from archive.steps.work import Outcome, Work


def work(work: Work) -> Outcome:
    """Make what is missing. A replay written anew sets this step back with all others: done again it finds nothing to do."""
    if not writing.is_edited(work.airing_id):
        return Outcome({"skipped": "no_edits"})
    try:
        # First of all what is withheld is taken away, whoever else is there to do it.
        written = writing.write(work.airing_id)
        made = _render(work) if not written else 0
        written = writing.write(work.airing_id) or written
    except kept.BaseMissing as error:
        EditedReplay.objects.filter(pk=work.airing_id).update(problem="base_missing")
        raise StepFailed("base_missing", str(error), for_good=True) from error
    if written:
        engine.ensure(work.airing_id)
    return Outcome({"made": made})


def _render(work: Work) -> int:
    """Returns how many pieces were made."""
    folder = AiringFolder(work.airing_id)
    with kept.alone(folder):
        replay = writing.Replay.of(work.airing_id)
        pieces = compose(replay.base(), writing.marks_of(work.airing_id))
    missing = [each for each in pieces if not each.is_plain and not kept.is_made(folder, each)]
    for number, piece in enumerate(missing):
        work.check()
        done = rendering.render(work, folder.key, piece, work.folder / "piece", replay.heights)
        work.check()
        kept.keep(folder, piece, done)
        work.tell((number + 1) / (len(missing) + 1))
    return len(missing)
