"""CUT and RESUME: who may, what they withhold, and that it shows in the playlists of a real recorder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import m3u8
import pytest

from archive import cuts, queries, services
from archive.models import OutputCut, Recording
from broadcast import clock, lifecycle
from broadcast.access import HOUSE, Actor
from broadcast.errors import Conflict, IllegalTransition, NotAllowed, NotFound
from broadcast.models import Airing, AuditEntry

from .making import Publisher, RecorderProcess, make_airing, make_programme, make_staff, until


def on_air(**facts) -> tuple[Airing, Actor]:
    programme = make_programme(**facts)
    airing = make_airing(programme, delay=4)
    lifecycle.start(HOUSE, airing.pk)
    airing.refresh_from_db()
    return airing, Actor(user_id=make_staff(programme).pk)


@pytest.mark.django_db
def test_cut_withholds_what_is_not_out_and_resume_what_was_made_before() -> None:
    airing, producer = on_air()
    at = clock.now() + dt.timedelta(seconds=20)
    with clock.frozen(at):
        assert cuts.cut_output(producer, airing.pk, "失言")["state"] == "active"
        assert queries.public_media(airing)["state"] == "cut"
    with clock.frozen(at + dt.timedelta(seconds=10)):
        cuts.resume_output(producer, airing.pk)
        assert queries.public_media(airing)["state"] == "cut", "the delayed clock has not come to the resume yet"
    cut = OutputCut.objects.get()
    assert cut.from_media_time == at - dt.timedelta(seconds=4)
    assert cut.until_media_time == at + dt.timedelta(seconds=10)
    with clock.frozen(at + dt.timedelta(seconds=15)):
        assert queries.public_media(airing)["state"] != "cut"
    acts = list(AuditEntry.objects.filter(target__startswith="cut:").values_list("act", "reason"))
    assert acts == [("output.cut", "失言"), ("output.resume", "")]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("going_out", "showing"),
    [("", "live"), ("main", "live"), ("backup", "live"), ("filler", "filler"), ("rerun", "rerun"), ("nothing", "live")],
)
def test_the_public_is_told_what_stands_in_for_the_show(going_out: str, showing: str) -> None:
    airing, producer = on_air()
    at = clock.now() + dt.timedelta(seconds=20)
    out = Recording(airing=airing, going_out=going_out, public_until=at, public_since=at)
    with clock.frozen(at):
        assert (queries.media_of(airing, out)["state"], queries.media_of(airing, out)["showing"]) == ("live", showing)
        cuts.cut_output(producer, airing.pk)
        assert queries.media_of(airing, out)["showing"] == "live", "a cut has words of its own"


@pytest.mark.django_db
def test_only_who_may_cut_and_only_on_air() -> None:
    airing, producer = on_air()
    moderator = Actor(user_id=make_staff(airing.episode.programme, "moderator").pk)
    for actor in (moderator, Actor()):
        with pytest.raises(NotAllowed):
            cuts.cut_output(actor, airing.pk)
        with pytest.raises(NotAllowed):
            cuts.resume_output(actor, airing.pk)
    with pytest.raises(IllegalTransition):
        cuts.resume_output(producer, airing.pk)
    cuts.cut_output(producer, airing.pk)
    with pytest.raises(Conflict):
        cuts.cut_output(producer, airing.pk)
    planned = make_airing(airing.episode.programme)
    with pytest.raises(IllegalTransition):
        cuts.cut_output(producer, planned.pk)


@pytest.mark.django_db
def test_a_second_person_confirms_within_two_minutes() -> None:
    airing, first = on_air(cut_needs_second_person=True)
    second = Actor(user_id=make_staff(airing.episode.programme).pk)
    assert cuts.cut_output(first, airing.pk, "x")["state"] == "requested"
    assert queries.public_media(airing)["state"] != "cut"
    for again in (cuts.cut_output, cuts.confirm_cut):
        with pytest.raises(NotAllowed):
            again(first, airing.pk)
    with clock.shifted(dt.timedelta(seconds=121)), pytest.raises(NotFound):
        cuts.confirm_cut(second, airing.pk)
    cuts.expire_requests()
    OutputCut.objects.all().delete()
    cuts.cut_output(first, airing.pk, "x")
    assert cuts.confirm_cut(second, airing.pk)["state"] == "active"
    assert OutputCut.objects.get().cut_by == second.user_id


@pytest.mark.ffmpeg
@pytest.mark.timeout(400)
@pytest.mark.django_db(transaction=True)
def test_a_cut_shows_filler_and_its_media_have_no_public_name(
    bare_recorder: RecorderProcess, publisher: Publisher, media_root: Path
) -> None:
    recorder, airing = bare_recorder, make_airing(delay=4)
    services.ensure_recording(airing.pk)
    lifecycle.open_feed(HOUSE, airing.pk)
    until(lambda: Recording.objects.get(airing=airing).state == "listening")
    publisher.srt(airing)
    until(lambda: Recording.objects.get(airing=airing).state == "receiving", what=recorder.words)
    lifecycle.start(HOUSE, airing.pk)
    folder = media_root / "airings" / str(airing.pk)

    def live() -> m3u8.M3U8:
        return m3u8.loads((folder / "live.m3u8").read_text()) if (folder / "live.m3u8").exists() else m3u8.M3U8()

    until(lambda: len(live().segments) >= 2, what="public media")
    cuts.cut_output(HOUSE, airing.pk, "test")
    until(lambda: any("filler" in each.uri for each in live().segments), what="filler")
    until(lambda: len(list((media_root / "filler" / "1" / "picture").glob("*.ts"))) == 30, what="the filler is made")
    cuts.resume_output(HOUSE, airing.pk)
    until(lambda: live().segments and "filler" not in live().segments[-1].uri, what="media again")
    cut = OutputCut.objects.get()
    for each in live().segments:
        if "filler" not in each.uri:
            end = each.current_program_date_time + dt.timedelta(seconds=each.duration)
            assert end <= cut.from_media_time or each.current_program_date_time >= cut.until_media_time - dt.timedelta(
                milliseconds=1
            )
    lifecycle.end(HOUSE, airing.pk)
    until(lambda: "#EXT-X-ENDLIST" in (folder / "staff.m3u8").read_text(), 5, "the replay for staff")
    assert not (folder / "replay.m3u8").exists(), "the tail can still be cut"
    until(lambda: (folder / "replay.m3u8").exists(), 20, "the replay for the public")
    public = m3u8.loads((folder / "replay.m3u8").read_text())
    staff = m3u8.loads((folder / "staff.m3u8").read_text())
    assert len(staff.segments) >= len(public.segments) + 2
    assert any(each.discontinuity for each in public.segments)
    assert not any(each.discontinuity for each in staff.segments)
    # Of the source and of the rungs made of it: what the cut withheld is in no list for the public and has no name.
    lists = [file.read_text() for file in folder.glob("*.m3u8") if not file.name.startswith("staff")]
    names = {uri for text in lists for uri in text.splitlines() if uri and not uri.startswith("#")}
    on_disk = {file.name for file in (folder / "public").iterdir()}
    assert on_disk <= names
