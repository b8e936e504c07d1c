"""What people are told: written inside the act, handed over at most once, and never lost without somebody hearing of it."""

from __future__ import annotations

import datetime as dt
import email
import socketserver
import threading
from collections.abc import Iterator
from email.message import Message
from typing import Any

import pytest
from django.db import connection, transaction

from broadcast import clock, lifecycle
from broadcast.access import HOUSE, Actor
from broadcast.errors import Conflict, IllegalTransition, NotAllowed
from broadcast.models import Airing
from broadcast.services import episodes
from scheduling import notices as senders
from scheduling.models import Invitation, Notice
from scheduling.queries import invitations as queries
from scheduling.queries import reminders
from scheduling.services import invitations, notices, people, seats
from tests.scheduling import guests_making as making

pytestmark = pytest.mark.django_db
S = Notice.State
BASE = "http://house.example"


class _Session(socketserver.StreamRequestHandler):
    """Enough of RFC 5321 for one mail after the other."""

    def handle(self) -> None:
        self.wfile.write(b"220 post\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self._take()
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            elif word == b"RCPT" and b"refused@" in line:
                self.wfile.write(b"550 no such person\r\n")
            else:
                self.wfile.write(b"250 ok\r\n")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        server: Any = self.server
        server.taken.append(email.message_from_bytes(b"".join(lines)))
        self.wfile.write(b"250 taken\r\n")


@pytest.fixture
def post(settings: Any) -> Iterator[list[Message]]:
    """A mail server of our own; gives what it took."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session) as server:
        server.daemon_threads = True
        taken: list[Message] = []
        setattr(server, "taken", taken)  # noqa: B010
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address[0], server.server_address[1]
        settings.EMAIL_FROM = "yishi@house.example"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield taken
        server.shutdown()


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.PUBLIC_URL = BASE


def asked(mail: str = "lin@example.cn") -> Invitation:
    made, who = making.episode(making.soon()), making.person()
    if mail:
        people.set_contacts(HOUSE, who.pk, phone="", email=mail, wechat="")
    return invitations.make(HOUSE, seats.add(HOUSE, made.pk, "member").pk, who.pk, "谈谈电动车")


def _words(mail: Message) -> str:
    payload = mail.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def test_an_invitation_goes_out_by_mail_once_with_its_link(post: list[Message]) -> None:
    one = asked()
    notices.invite(HOUSE, one.pk, one.version)
    assert (notices.hand_over(), notices.hand_over()) == (1, 0)
    assert len(post) == 1
    assert BASE + "/invitations/" + queries.token_of(one) + "/" in _words(post[0])
    assert "谈谈电动车" in _words(post[0])
    assert post[0]["To"] == "lin@example.cn"
    assert Notice.objects.get().state == S.SENT


def test_two_clicks_are_one_mail(post: list[Message]) -> None:
    one = asked()
    notices.invite(HOUSE, one.pk, one.version)
    with pytest.raises(Conflict):
        notices.invite(HOUSE, one.pk, one.version)
    notices.hand_over()
    assert len(post) == 1


def test_a_mail_that_is_refused_is_told_and_can_be_sent_again(post: list[Message]) -> None:
    one = asked("refused@example.cn")
    made = notices.invite(HOUSE, one.pk, one.version)
    assert notices.hand_over() == 0
    made.refresh_from_db()
    assert (made.state, made.reason) == (S.FAILED, "SMTPRecipientsRefused")
    people.set_contacts(HOUSE, one.person_id, phone="", email="lin@example.cn", wechat="")
    notices.again(HOUSE, made.pk)
    assert notices.hand_over() == 1
    assert len(post) == 1


def test_a_sender_that_died_leaves_doubt_not_a_second_mail(post: list[Message]) -> None:
    one = asked()
    made = notices.invite(HOUSE, one.pk, one.version)
    Notice.objects.filter(pk=made.pk).update(state=S.SENDING, tried_at=clock.now())
    assert notices.hand_over() == 0
    with clock.shifted(dt.timedelta(minutes=10)):
        assert notices.reconcile() == 1
    made.refresh_from_db()
    assert (made.state, post) == (S.UNSURE, [])
    notices.told(HOUSE, made.pk)
    assert Notice.objects.get().state == S.TOLD


@pytest.mark.django_db(transaction=True)
def test_many_workers_hand_one_notice_over_once(post: list[Message]) -> None:
    one = asked()
    notices.invite(HOUSE, one.pk, one.version)
    ready, done = threading.Barrier(8), []

    def work() -> None:
        try:
            ready.wait(30)
            done.append(notices.hand_over())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _each in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert (len(done), len(post)) == (8, 1)


def test_who_has_no_contact_is_told_by_people() -> None:
    one = asked("")
    made = notices.invite(HOUSE, one.pk, one.version)
    assert (made.channel, made.state) == ("hand", S.BY_HAND)
    assert notices.hand_over() == 0
    one.refresh_from_db()
    assert one.sent_at is None, "nobody has sent it yet"


_TAKEN: list[senders.Message] = []


def adapter(message: senders.Message) -> None:
    """A sender of text messages as a city would write one."""
    _TAKEN.append(message)


def test_text_messages_go_by_the_adapter_of_the_settings(settings: Any) -> None:
    _TAKEN.clear()
    settings.EMAIL_HOST = ""
    settings.NOTICE_SENDERS = {"sms": "tests.scheduling.test_notices.adapter"}
    one = asked("")
    people.set_contacts(HOUSE, one.person_id, phone="138 0013 8000", email="a@b.cn", wechat="")
    notices.invite(HOUSE, one.pk, one.version)
    assert notices.hand_over() == 1
    module = __import__("tests.scheduling.test_notices", fromlist=["_TAKEN"])
    assert [each.to for each in module._TAKEN] == ["138 0013 8000"]


def test_an_act_that_is_undone_tells_nobody() -> None:
    one = asked()
    airing = making.airing_of(one.seat.episode)
    with pytest.raises(RuntimeError), transaction.atomic():
        notices.tell_all(HOUSE, airing, Notice.Kind.MOVED, "改到周日")
        raise RuntimeError
    assert not Notice.objects.exists()


def test_everybody_concerned_hears_of_a_change_once() -> None:
    one = asked()
    host = making.person("许老师")
    seats.put(HOUSE, seats.add(HOUSE, one.seat.episode_id, "host").pk, host.pk)
    airing = Airing.objects.select_related("episode__programme").get(episode=one.seat.episode_id)
    for _each in range(2):
        notices.tell_all(HOUSE, airing, Notice.Kind.PREEMPTED, "让给特别节目")
    found = Notice.objects.filter(kind="preempted")
    assert sorted(each.person.name for each in found) == ["林委员", "许老师"]
    assert all("让给特别节目" in each.text for each in found)
    with pytest.raises(NotAllowed):
        notices.tell_all(making.producer("hall"), airing, Notice.Kind.MOVED)


def test_a_cancelled_show_is_told_to_those_who_were_asked() -> None:
    one = asked()
    lifecycle.cancel(HOUSE, making.airing_of(one.seat.episode).pk, "停电")
    found = Notice.objects.get(kind="cancelled")
    assert found.person == one.person
    assert "停电" not in found.text, "the reason is for the record"


def test_what_becomes_of_a_rerun_or_of_an_older_airing_is_not_the_guests_affair() -> None:
    first, late = making.person(), making.person("许老师")
    made = making.episode(making.soon(), guests=making.guests(first))
    episodes.announce(HOUSE, making.airing_of(made).pk)
    again = Airing.objects.create(
        episode=made,
        kind=Airing.Kind.RERUN,
        rerun_of=making.airing_of(made),
        planned_start=making.soon(12),
        planned_end=making.soon(12) + making.HALF,
        announced_at=clock.now(),
        created_at=clock.now(),
    )
    lifecycle.cancel(HOUSE, again.pk, "改播别的")
    assert not Notice.objects.exists()
    lifecycle.cancel(HOUSE, made.airings.exclude(pk=again.pk).get().pk, "停电")
    assert [each.person for each in Notice.objects.all()] == [first]
    seats.put(HOUSE, seats.add(HOUSE, made.pk, "member").pk, late.pk)
    assert Notice.objects.count() == 1, "who comes later is not told of what was cancelled before"


def test_a_cancelled_draft_bothers_nobody_and_a_preempted_show_is_told_once() -> None:
    who = making.person()
    draft = making.episode(making.soon(), guests=making.guests(who))
    lifecycle.cancel(HOUSE, making.airing_of(draft).pk, "重排")
    assert not Notice.objects.exists()
    shown = making.episode(making.soon(), guests=making.guests(who))
    episodes.announce(HOUSE, making.airing_of(shown).pk)
    airing = Airing.objects.select_related("episode__programme").get(episode=shown)
    notices.tell_all(HOUSE, airing, Notice.Kind.PREEMPTED, "让给特别节目")
    lifecycle.cancel(HOUSE, airing.pk, "让播")
    assert [each.kind for each in Notice.objects.all()] == ["preempted"]


def test_who_comes_is_reminded_a_day_before_and_who_has_not_answered_three_days_before() -> None:
    one = asked()
    airing = making.airing_of(one.seat.episode)
    subject = f"invitation:{one.pk}"
    assert reminders.due(airing) == [(subject, airing.planned_start - reminders.ANSWERS)]
    invitations.answer(Actor(), queries.token_of(one), "accept")
    assert reminders.due(airing) == [(subject, airing.planned_start - reminders.COMES)]
    invitations.answer(Actor(), queries.token_of(one), "decline")
    assert reminders.due(airing) == []


def test_who_agreed_only_now_is_not_reminded_of_it() -> None:
    one = asked()
    airing = making.airing_of(one.seat.episode)
    with clock.frozen(airing.planned_start - dt.timedelta(hours=20)):
        invitations.answer(Actor(), queries.token_of(one), "accept")
    assert reminders.due(airing) == []


def test_a_reminder_is_written_once_and_dropped_when_the_show_has_begun(post: list[Message]) -> None:
    one = asked()
    invitations.answer(Actor(), queries.token_of(one), "accept")
    airing = making.airing_of(one.seat.episode)
    for _each in range(2):
        assert notices.remind(airing.pk, f"invitation:{one.pk}") == "邮件"
    made = Notice.objects.get(kind="remind")
    with clock.frozen(airing.planned_start + dt.timedelta(seconds=1)):
        assert notices.hand_over() == 0
    made.refresh_from_db()
    assert (made.state, post) == (S.DROPPED, [])


@pytest.mark.parametrize("subject", ["", "invitation:404", "seat:404", "seat:x"])
def test_nothing_to_remind_of_is_no_failure(subject: str) -> None:
    with pytest.raises(IllegalTransition):
        notices.remind(making.airing_of(making.episode(making.soon())).pk, subject)


def test_the_reminders_of_many_airings_cost_two_queries(django_assert_num_queries: Any) -> None:
    airings = [making.airing_of(asked().seat.episode) for _each in range(4)]
    with django_assert_num_queries(2):
        assert len(reminders.due_for(airings)) == 4
