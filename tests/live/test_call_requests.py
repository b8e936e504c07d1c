"""A listener asks on the page to be called back: verified, once, taken back when wished, forgotten with the person."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from broadcast import identity
from broadcast.access import Actor
from broadcast.errors import AssuranceTooLow, ConsentNeeded, IllegalTransition, InvalidInput, NotAllowed, TooMany
from broadcast.models import Consent, EvidenceRecord, Participant, Segment, SegmentRole
from broadcast.models.catalogue import Assurance
from broadcast.personal import Held, Whose
from broadcast.services import forgetting as ground
from broadcast.services.identity import Identity
from live import protocol, queries
from live.models import Call
from live.queries import personal
from live.services import aftercare, call_requests, forgetting, sanctions
from live.services.call_requests import Wish
from tests.live import calling, desk, making

pytestmark = pytest.mark.django_db


@pytest.fixture
def show() -> making.Show:
    """One whose run-down has a part for calls."""
    made = making.make_show()
    role = SegmentRole.objects.create(
        programme=made.programme, code="call", mark="听", name_zh="听众来电", name_en="Calls"
    )
    Segment.objects.create(episode=made.episode, position=2, title="听众来电", role=role)
    return made


def wish(**more: str) -> Wish:
    told = {"command_id": making.command_id(), "name": "王先生", "district": "罗湖区", "topic": "公交改线"} | more
    return Wish(**told)


def address(show: making.Show) -> str:
    return f"/programmes/{show.programme.slug}/{show.episode.number}/call"


def browser(actor: Actor) -> Client:
    client = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Chrome/140"})
    row = Participant.objects.get(pk=actor.participant_id)
    client.cookies[identity.COOKIE] = identity.sign(
        Identity(row.pk, actor.assurance, actor.user_id, actor.name, generation=row.generation)
    )
    return client


def airing(show: making.Show) -> protocol.AiringObject:
    [found] = [each for each in queries.public_objects(show.airing) if isinstance(each, protocol.AiringObject)]
    return found


class TestAsking:
    def test_it_comes_to_the_desk_with_the_verified_number(self, show: making.Show) -> None:
        row = call_requests.ask(calling.listener(), show.id, wish())
        assert (row.state, row.number_tail, row.topic) == ("callback", "5678", "公交改线")
        told = calling.do(show, calling.screener(show), protocol.RevealNumber, call=row.pk)
        assert told["number"] == "+8613900005678"
        assert EvidenceRecord.objects.filter(kind="call.request", ref=f"call:{row.pk}").exists()

    def test_one_open_wish_a_person(self, show: making.Show) -> None:
        listener = calling.listener()
        first = call_requests.ask(listener, show.id, wish())
        assert call_requests.ask(listener, show.id, wish(topic="别的")).pk == first.pk
        call_requests.take_back(listener, show.id)
        assert call_requests.ask(listener, show.id, wish()).pk != first.pk

    def test_a_guest_is_asked_to_verify_and_who_agreed_to_nothing_to_agree(self, show: making.Show) -> None:
        with pytest.raises(AssuranceTooLow):
            call_requests.ask(making.make_viewer(Assurance.GUEST), show.id, wish())
        listener = calling.listener()
        Consent.objects.all().delete()
        with pytest.raises(ConsentNeeded):
            call_requests.ask(listener, show.id, wish())
        assert not Call.objects.exists()

    def test_who_is_muted_or_blocked_is_told_so(self, show: making.Show) -> None:
        muted, blocked = calling.listener(), calling.listener("+8613900009999")
        item = desk.said(show, viewer=muted)
        sanctions.impose(
            making.staff_actor(show.moderator),
            show.id,
            protocol.ImposeSanction(id=making.command_id(), kind="comment", item=item, measure="mute", seconds=600),
        )
        call = calling.rings(show, "13900009999")
        calling.do(show, calling.screener(show), protocol.BlockCaller, call=call.pk, reason="谩骂")
        for each in (muted, blocked):
            with pytest.raises(NotAllowed):
                call_requests.ask(each, show.id, wish())

    def test_what_is_missing_is_said_at_its_field(self, show: making.Show) -> None:
        for field in ("name", "topic"):
            with pytest.raises(InvalidInput) as refused:
                call_requests.ask(calling.listener(f"+861390000{len(field):04d}"), show.id, wish(**{field: " "}))
            assert refused.value.data["field"] == field

    def test_the_desk_is_not_flooded(self, show: making.Show, monkeypatch: Any) -> None:
        monkeypatch.setattr(call_requests, "MOST_OPEN", 1)
        call_requests.ask(calling.listener(), show.id, wish())
        with pytest.raises(TooMany):
            call_requests.ask(calling.listener("+8613900009999"), show.id, wish())


class TestTheSwitch:
    def test_open_where_the_run_down_has_calls_until_the_desk_says_otherwise(self, show: making.Show) -> None:
        assert airing(show).callbacks
        calling.do(show, calling.screener(show), protocol.TakeCallbacks, on=False)
        assert not airing(show).callbacks
        with pytest.raises(IllegalTransition):
            call_requests.ask(calling.listener(), show.id, wish())

    def test_elsewhere_closed_until_the_desk_opens_it(self) -> None:
        show = making.make_show()
        assert not airing(show).callbacks
        calling.do(show, calling.screener(show), protocol.TakeCallbacks, on=True)
        assert airing(show).callbacks

    def test_never_after_the_show(self) -> None:
        assert not airing(making.make_show("ended")).callbacks


class TestThePage:
    def test_asks_shows_the_state_and_takes_back(self, show: making.Show) -> None:
        client = browser(calling.listener())
        form = client.get(address(show)).content.decode()
        assert "想说什么" in form
        sent = {"act": "ask", "id": making.command_id(), "name": "王先生", "topic": "公交改线"}
        answer = client.post(address(show), sent, follow=True).content.decode()
        assert "5678" in answer
        assert "公交改线" in answer
        assert "13900005678" not in answer
        call = Call.objects.get()
        calling.screen(show, call, topic="公交改线")
        answer = client.post(address(show), {"act": "take_back"}, follow=True).content.decode()
        assert calling.now(call).state == "dropped"
        assert "已经取消" in answer

    def test_a_refusal_keeps_what_was_typed(self, show: making.Show) -> None:
        client = browser(calling.listener())
        sent = {"act": "ask", "id": making.command_id(), "name": "", "topic": "公交改线的事"}
        answer = client.post(address(show), sent)
        assert answer.status_code == 422
        assert "公交改线的事" in answer.content.decode()

    def test_a_guest_is_led_to_verify_and_back(self, show: making.Show) -> None:
        client = browser(making.make_viewer(Assurance.GUEST))
        assert "去验证手机号" in client.get(address(show)).content.decode()
        answer = client.post(address(show), {"act": "ask", "id": making.command_id(), "name": "王", "topic": "事"})
        assert answer.status_code == 302
        assert "call%3Fairing" in answer["Location"]

    def test_closed_it_says_so(self) -> None:
        show = making.make_show()
        assert "现在不接受回拨登记" in browser(calling.listener()).get(address(show)).content.decode()


class TestThePerson:
    def test_has_the_own_calls_in_the_file(self, show: making.Show) -> None:
        listener = calling.listener()
        call_requests.ask(listener, show.id, wish())
        calling.screen(show, calling.rings(show), topic="第二件事")
        [section] = [each for each in personal.sections(whose(listener)) if each.code == "calls"]
        assert [row["topic"] for row in section.rows] == ["公交改线", "第二件事"]

    def test_is_forgotten_with_the_calls_from_the_own_number(self, show: making.Show) -> None:
        listener = calling.listener()
        asked = call_requests.ask(listener, show.id, wish())
        aired = calling.air(show, calling.waits(show))
        other = calling.screen(show, calling.rings(show, "13900001111"))
        person = whose(listener)
        ground.identity(person, Held())
        for _again in range(2):
            assert forgetting.forget(person, Held()).done["calls"] == 2
        for each in (asked, aired):
            row = calling.now(each)
            assert (row.topic, row.district, row.number_tail, row.number_digest, row.sealed_number) == ("",) * 4 + (
                None,
            )
            assert row.state == "dropped"
        assert calling.now(other).topic == "路灯不亮"
        assert "路灯" not in str(queries.marks(show.airing))

    def test_merged_keeps_the_wish(self, show: making.Show) -> None:
        guest, account = calling.listener(), making.make_viewer()
        row = call_requests.ask(guest, show.id, wish())
        assert guest.participant_id
        assert account.participant_id
        aftercare.merge(guest.participant_id, account.participant_id)
        assert calling.now(row).participant_id == account.participant_id


def whose(actor: Actor) -> Whose:
    assert actor.participant_id is not None
    user = Participant.objects.get(pk=actor.participant_id).user_id
    return Whose(actor.participant_id, (actor.participant_id,), user)
