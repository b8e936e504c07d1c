"""Recognition as a step: the public's sound goes to the configured recogniser, its words become a draft of their own kind."""

from __future__ import annotations

from django.db import transaction

from archive.models import Derivative
from archive.queries import from_milliseconds
from archive.steps import work as working
from archive.steps.work import Outcome, Work
from archive.transcripts import drafts, recognise
from archive.transcripts.queries import Timed
from archive.transcripts.splitting import readable
from broadcast.replay_times import Span, programme_ms


def work(work: Work) -> Outcome:
    """Write down what is said in the sound that the public may hear; what was cut reaches no recogniser."""
    recogniser = recognise.configured()
    if recogniser is None:
        return Outcome({"skipped": "not_configured"})
    found = Derivative.objects.filter(recording_id=work.airing_id, is_public=True).order_by("-id")
    sound, master = found.filter(kind=Derivative.Kind.SOUND).first(), found.filter(kind=Derivative.Kind.MASTER).first()
    if sound is None or master is None:
        return Outcome({"skipped": "no_sound"})
    spans = [Span(each["at"], each["offset"], each["seconds"]) for each in master.details["spans"]]
    heard = recogniser.listen(working.local(work, sound.key), float(sound.details["seconds"]), work)
    lines = [
        Timed(
            from_milliseconds(programme_ms(each.start, spans)),
            from_milliseconds(programme_ms(each.end, spans, end=True)),
            "",
            each.text,
        )
        for each in readable(heard)
    ]
    with transaction.atomic():
        work.hold()
        drafts.keep_machine(work.airing_id, recogniser.name, lines)
    return Outcome({"lines": len(lines), "recogniser": recogniser.name})
