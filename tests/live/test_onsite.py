"""On site: codes that lead to the show that is near, scans without anybody, heads apart from viewers, a hall's page of public things."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from broadcast import clock, sources
from broadcast.access import Actor
from broadcast.errors import Conflict, InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing, AuditEntry, Episode, SourceCount
from broadcast.services import sources as source_services
from live import commands, overlay_token, protocol
from live.models import Venue
from live.overlay_token import Link
from live.queries import overlay as overlays
from live.queries import public_objects
from live.queries import venues as queries
from live.services import captions, notices, overlay, venues
from tests.live import making
from tests.live.test_behind import act, ask, at, make_show, withdraw

pytestmark = pytest.mark.django_db


def producer(show: making.Show) -> Actor:
    return making.staff_actor(show.producer)


def venue_of(show: making.Show, name: str = "粤海工作站") -> Venue:
    return venues.make(producer(show), show.programme.pk, name)


def scan(code: str, **more: str) -> str:
    """Where whoever scans it is sent."""
    answer = Client().get(f"/q/{code}", **more)
    assert answer.status_code == 302
    assert not answer.cookies, "nobody is known by having scanned"
    return str(answer["Location"])


def page_of(show: making.Show) -> str:
    return f"/programmes/{show.programme.slug}/{show.episode.number}/"


def hall(show: making.Show, venue: int = 0) -> Link:
    overlay.make_links(producer(show), show.id)
    link = overlays.hall_link(show.id, venue)
    assert link is not None
    return link


def see(link: Link) -> tuple[protocol.OverlayScene, protocol.HallScene]:
    found = overlays.scene(link)
    assert found is not None
    assert found.hall is not None
    return found, found.hall


def test_a_venues_code_leads_to_the_show_that_is_near_and_counts_for_it() -> None:
    show = making.make_show("planned")
    venue = venue_of(show)
    assert scan(venue.source.code) == page_of(show)
    assert scan(venue.source.code.upper()) == page_of(show)
    counted = sources.scans([venue.source], show.id)[venue.source.pk]
    assert (counted.show, counted.all) == (2, 2)
    Airing.objects.filter(pk=show.id).update(state="ended", actual_end=clock.now())
    assert scan(venue.source.code) == f"/programmes/{show.programme.slug}/"
    counted = sources.scans([venue.source], show.id)[venue.source.pk]
    assert (counted.show, counted.all) == (2, 3)


def test_a_code_tells_nobody_of_a_show_that_is_not_announced() -> None:
    show = making.make_show("planned", announced=False)
    assert scan(venue_of(show).source.code) == f"/programmes/{show.programme.slug}/"


def test_the_shows_own_code_is_one_and_counts_apart_from_the_venues() -> None:
    show = making.make_show()
    own, venue = source_services.of_show(show.airing), venue_of(show)
    assert source_services.of_show(show.airing) == own
    scan(own.code)
    scan(own.code)
    scan(venue.source.code)
    assert [each.show for each in sources.scans([own, venue.source], show.id).values()] == [2, 1]


def test_scans_of_a_minute_are_rows_without_anybody() -> None:
    show = making.make_show()
    own = source_services.of_show(show.airing)
    start = clock.now().replace(second=0, microsecond=0)
    with clock.frozen(start):
        for _each in range(30):
            scan(own.code, HTTP_USER_AGENT="Somebody/1.0", REMOTE_ADDR="192.0.2.7")
    assert SourceCount.objects.filter(source=own).count() <= source_services.SHARDS
    with clock.frozen(start + dt.timedelta(minutes=1, seconds=59)):
        scan(own.code)
    assert sources.by_minute([own], show.id) == [
        (start, own.pk, 30),
        (start + dt.timedelta(minutes=1), own.pk, 1),
    ]
    columns = {field.name for field in SourceCount._meta.get_fields()}
    assert columns == {"id", "source", "airing", "minute", "shard", "scans"}


def test_looking_without_opening_is_not_counted_and_an_unknown_code_leads_nowhere() -> None:
    show = making.make_show()
    own = source_services.of_show(show.airing)
    assert Client().head(f"/q/{own.code}").status_code == 302
    assert sources.scans([own], show.id)[own.pk].all == 0
    assert Client().get("/q/nothing2").status_code == 404


def test_a_removed_venue_leads_on_and_is_counted_no_more() -> None:
    show = making.make_show()
    venue = venue_of(show)
    venues.remove(producer(show), show.programme.pk, venue.pk)
    assert scan(venue.source.code) == page_of(show)
    assert sources.scans([venue.source], show.id)[venue.source.pk].all == 0
    assert queries.venues(show.programme.pk) == []
    venue_of(show)


def test_venues_are_made_by_who_runs_the_show_under_a_name_of_their_own() -> None:
    show = making.make_show()
    clerk = making.staff_actor(making.make_staff(show.programme, "call_screener"))
    with pytest.raises(NotAllowed):
        venues.make(clerk, show.programme.pk, "粤海工作站")
    venue_of(show)
    for name in ("粤海工作站", "  ", "长" * 61):
        with pytest.raises(InvalidInput):
            venue_of(show, name)
    other = venue_of(show, "沙河工作站")
    with pytest.raises(IntegrityError), transaction.atomic():
        Venue.objects.filter(pk=other.pk).update(name="粤海工作站")


def test_heads_are_counted_by_clerks_and_are_no_viewers() -> None:
    show = making.make_show()
    clerk = making.staff_actor(making.make_staff(show.programme, "secretariat"))
    one, other = venue_of(show), venue_of(show, "沙河工作站")
    before = public_objects(show.airing)
    for people in (30, 36):
        venues.count_heads(clerk, show.id, one.pk, people)
    venues.count_heads(clerk, show.id, other.pk, 12)
    assert queries.present(show.id) == (48, 2)
    assert public_objects(show.airing) == before
    told = AuditEntry.objects.filter(act="venue.heads", target=f"venue:{one.pk}").latest("pk")
    assert (told.before, told.after) == ({"people": 30}, {"people": 36})
    venues.count_heads(clerk, show.id, other.pk, 0)
    assert queries.present(show.id) == (36, 1)
    with pytest.raises(InvalidInput):
        venues.count_heads(clerk, show.id, one.pk, -1)
    with pytest.raises(NotAllowed):
        venues.count_heads(making.staff_actor(show.moderator), show.id, one.pk, 1)
    elsewhere = making.make_show()
    with pytest.raises(NotFound):
        venues.count_heads(clerk, show.id, venue_of(elsewhere).pk, 1)


def test_nobody_watches_together_what_is_only_planned() -> None:
    show = making.make_show("planned")
    with pytest.raises(Conflict):
        venues.count_heads(producer(show), show.id, venue_of(show).pk, 5)


def test_a_halls_page_goes_with_the_publics_picture() -> None:
    show = make_show(20)
    question = ask(show)
    runner = producer(show)
    with at(1):
        link = hall(show)
    with at(5):
        act(show, "show", question)
        captions.add(runner, show.id, protocol.AddCaption(id=making.command_id(), text="大家晚上好"))
        notices.announce(runner, show.id, protocol.SetAnnouncement(id=making.command_id(), text="稍后开始"))
        scene, beside = see(link)
        assert (scene.question, beside.caption, beside.announcement) == (None, "", "稍后开始")
    with at(25.2):
        scene, beside = see(link)
        assert scene.question is not None
        assert beside.caption == "大家晚上好"
    with at(45):
        assert see(link)[1].caption == ""
    with at(46):
        withdraw(show, question)
        assert see(link)[0].question is None
        Episode.objects.filter(pk=show.episode.pk).update(publication=Episode.Publication.WITHDRAWN)
        gone = overlays.scene(link)
        assert gone is not None
        assert (gone.hall, gone.question, gone.programme) == (None, None, "")


def test_many_halls_ask_no_more_than_one() -> None:
    show = making.make_show()
    clerk, one, other = producer(show), venue_of(show), venue_of(show, "沙河工作站")
    venues.count_heads(clerk, show.id, one.pk, 30)
    own = hall(show)
    halls = {own, replace(own, venue=one.pk), replace(own, venue=other.pk)}
    with CaptureQueriesContext(connection) as few:
        overlays.look(show.id, {own})
    with CaptureQueriesContext(connection) as many:
        seen = overlays.look(show.id, halls)
    assert len(many) == len(few)
    told = {link.venue: scene.hall for link, scene in seen.items() if scene is not None}
    assert {venue: (each.people, each.here) for venue, each in told.items() if each is not None} == {
        0: (30, None),
        one.pk: (30, 30),
        other.pk: (30, None),
    }


@pytest.mark.parametrize("results", ["always", "after_vote", "after_close", "after_publication", "never"])
def test_a_halls_page_shows_no_result_that_the_page_does_not(results: str) -> None:
    show = making.make_show()
    poll, options = making.make_poll(show, results=results)
    link = hall(show)
    commands.perform(making.make_viewer(), show.id, making.vote(poll, options[0]))
    shown = see(link)[0].poll
    assert shown is not None
    assert (shown.total == 1) == (results == "always")
    assert all((each.votes is None) == (results != "always") for each in shown.options)


def test_before_and_after_the_show_the_hall_reads_what_it_is_and_who_is_here() -> None:
    show = making.make_show("planned")
    one, other = venue_of(show), venue_of(show, "沙河工作站")
    link = hall(show, one.pk)
    scene, beside = see(link)
    assert not scene.shown
    assert (beside.state, beside.title, beside.here) == ("planned", show.episode.title, None)
    Airing.objects.filter(pk=show.id).update(state="on_air", actual_start=clock.now())
    venues.count_heads(producer(show), show.id, one.pk, 36)
    venues.count_heads(producer(show), show.id, other.pk, 12)
    beside = see(link)[1]
    assert (beside.here, beside.people, beside.venues) == (36, 48, 2)
    assert see(replace(link, venue=0))[1].here is None


def test_a_halls_link_is_signed_and_ends_with_the_others() -> None:
    show = making.make_show()
    venue = venue_of(show)
    link = hall(show, venue.pk)
    token = overlay_token.make(link)
    read = overlay_token.read(token)
    assert read is not None
    assert (read.kind, read.venue, read.airing_id, read.generation) == ("hall", venue.pk, show.id, link.generation)
    page = Client().get(f"/overlay/{token}/hall")
    assert page.status_code == 200
    assert venue.source.code in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert not page.cookies
    layer = overlay_token.make(overlays.standing(show.id).links[1])
    assert Client().get(f"/overlay/{layer}/hall").status_code == 404, "a layer's link is no page of a hall"
    overlay.revoke(producer(show), show.id)
    assert Client().get(f"/overlay/{token}/hall").status_code == 404
    assert overlays.scene(link) is None


@pytest.mark.parametrize(("kind", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_code_comes_as_a_file_for_posters(client: Client, kind: str, begins: bytes) -> None:
    show = making.make_show()
    client.force_login(show.producer)
    code = source_services.of_show(show.airing).code
    answer = client.get(f"/staff/airings/{show.id}/onsite/qr/{code}.{kind}")
    assert answer.status_code == 200
    assert answer.content.startswith(begins)
    assert client.get(f"/staff/airings/{show.id}/onsite/qr/nothing2.{kind}").status_code == 404
