"""Targets of simulcast: who may, which addresses, that no key leaves the sealed field, what staff may ask of a sending."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from archive import panel, runner, sending, simulcast
from archive.models import Push, SimulcastTarget
from archive.mpegts import Streams
from archive.pusher import PushReport
from broadcast import clock, lifecycle
from broadcast.access import HOUSE, Actor
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing, AuditEntry
from live import commands, protocol

from .making import make_airing, make_programme, make_staff

RTMP = "rtmps://live.example.cn/app/s3cret-key?sign=abcdef"
SRT = "srt://transmitter.example.cn:9000?streamid=publish:room1&passphrase=a-long-passphrase&latency=2000000"
ICECAST = "icecast://source:hackme@radio.example.cn:8000/live.mp3"


def producer(programme) -> Actor:
    return Actor(user_id=make_staff(programme).pk)


@pytest.mark.parametrize(
    ("text", "kind", "shown", "hidden"),
    [
        (RTMP, "rtmp", "rtmps://live.example.cn/…", "s3cret-key"),
        ("rtmp://a.example:1936/live/sub/key1", "rtmp", "rtmp://a.example:1936/…", "key1"),
        (SRT, "srt", "srt://transmitter.example.cn:9000", "a-long-passphrase"),
        (ICECAST, "icecast", "icecast://radio.example.cn:8000/live.mp3", "hackme"),
        ("srt://[2001:db8::1]:9000", "srt", "srt://[2001:db8::1]:9000", ""),
    ],
)
def test_addresses_are_read_and_shown_without_their_keys(text: str, kind: str, shown: str, hidden: str) -> None:
    address = sending.parse(f"  {text}\n")
    assert (address.kind, address.shown) == (kind, shown)
    if hidden:
        assert hidden not in address.shown
        words = " ".join(sending.words("ffmpeg", address, Streams()))
        assert hidden in words
        assert hidden not in runner.redact(f"Error opening {address.url}: {hidden}", address.secrets)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "10.0.0.9", "192.168.3.4", "[fd12:3456::9]", "transmitter.local", "1a.cn"]
)
def test_a_transmitter_on_the_own_network_is_a_target_like_any_other(host: str) -> None:
    assert sending.parse(f"srt://{host}:9000").shown == f"srt://{host}:9000"


def test_latency_is_read_in_milliseconds_and_in_microseconds() -> None:
    assert "latency=2000000" in sending.parse(SRT).url
    assert "latency=120000" in sending.parse("srt://a.example:1?latency=120").url


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "scheme"),
        ("http://a.example/live", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("tee:[f=flv]rtmp://a.example/live/key", "scheme"),
        ("rtmp://a.example/live/k|[f=mpegts]file:x", "characters"),
        ("rtmp://a.example/live/key -f flv x", "characters"),
        ("rtmp://直播.example/live/key", "characters"),
        ("rtmp://a.example/key", "key"),
        ("rtmp:///live/key", "host"),
        ("rtmp://169.254.169.254/live/key", "host"),
        ("rtmp://[fe80::1]/live/key", "host"),
        ("rtmp://[::ffff:169.254.169.254]/live/key", "host"),
        ("rtmp://2852039166/live/key", "host"),
        ("rtmp://0xa9fea9fe/live/key", "host"),
        ("rtmp://0xa9.0xfe.43518/live/key", "host"),
        ("rtmp://100.100.100.200/live/key", "host"),
        ("icecast://source:x@[fd00:ec2::254]:80/latest", "host"),
        ("icecast://source:x@metadata.google.internal:80/v1", "host"),
        ("rtmp://0.0.0.0/live/key", "host"),
        ("rtmp://1.2.3/live/key", "host"),
        ("rtmp://a.example:99999/live/key", "port"),
        ("srt://a.example?streamid=x", "port"),
        ("srt://a.example:1?passphrase=short", "passphrase"),
        ("srt://a.example:1?mode=listener", "option"),
        ("srt://a.example:1?localport=22", "option"),
        ("icecast://radio.example:8000/live", "key"),
        ("icecast://source:x@radio.example:8000/", "key"),
        ("rtmp://a.example/live/" + "k" * 500, "length"),
    ],
)
def test_other_addresses_are_refused_with_a_word_for_why(text: str, code: str) -> None:
    with pytest.raises(sending.BadAddress) as refused:
        sending.parse(text)
    assert refused.value.code == code
    assert simulcast.address_problem(code)


def test_what_a_child_said_last_is_a_stable_word() -> None:
    said = {
        "refused": "[tcp @ 0x1] Connection to tcp://a:1 failed: Connection refused",
        "no_answer": "[srt @ 0x1] Connection to *** failed: Input/output error\n***: Input/output error",
        "denied": "[icecast @ 0x1] HTTP error 401 Authentication Required",
        "closed": "av_interleaved_write_frame(): Broken pipe",
        "unknown_host": "Failed to resolve hostname a.example: Name or service not known",
        "failed": "something nobody foresaw",
    }
    assert {code: sending.explain(words) for code, words in said.items()} == {code: code for code in said}


def test_a_new_connection_is_needed_only_where_the_container_asks_for_one() -> None:
    both = Streams(((256, 0x1B), (257, 0x0F)), (3, 2))
    other_rate = Streams(both.kinds, (4, 2))
    sound = Streams(((256, 0x0F),), (3, 2))
    assert not sending.restarts("rtmp", both, both)
    assert sending.restarts("rtmp", both, other_rate)
    assert not sending.restarts("srt", both, other_rate)
    assert not sending.restarts("icecast", both, other_rate)
    assert all(sending.restarts(kind, both, sound) for kind in ("rtmp", "srt", "icecast"))


@pytest.mark.django_db
def test_targets_are_kept_sealed_and_audited_without_their_keys() -> None:
    programme = make_programme()
    actor = producer(programme)
    target = simulcast.add_target(actor, programme.pk, " 视频号  直播 ", RTMP)
    assert (target.name, target.kind, target.shown_url) == ("视频号 直播", "rtmp", "rtmps://live.example.cn/…")
    simulcast.change_target(actor, target.pk, address=SRT)
    simulcast.change_target(actor, target.pk, name="发射台", is_active=False)
    simulcast.remove_target(actor, target.pk)
    entries = list(AuditEntry.objects.filter(target=f"target:{target.pk}").order_by("id"))
    assert [each.act for each in entries] == [
        "simulcast.add",
        "simulcast.change",
        "simulcast.change",
        "simulcast.remove",
    ]
    assert entries[1].after["address"] == "changed"
    said = json.dumps([[each.before, each.after, each.reason] for each in entries])
    assert not any(secret in said for secret in ("s3cret-key", "abcdef", "a-long-passphrase", "room1"))
    assert not SimulcastTarget.objects.exists()


@pytest.mark.django_db
def test_the_sealed_address_holds_no_key_in_the_clear() -> None:
    programme = make_programme()
    target = simulcast.add_target(producer(programme), programme.pk, "a", RTMP)
    target.refresh_from_db()
    assert b"s3cret" not in bytes(target.sealed_url)
    airing = make_airing(programme)
    found = simulcast.wanted([airing.pk])[airing.pk][target.pk][0]
    assert found.address is not None
    assert found.address.url == RTMP
    SimulcastTarget.objects.update(sealed_url=b"not ours")
    assert simulcast.wanted([airing.pk])[airing.pk][target.pk][0].address is None


@pytest.mark.django_db
def test_only_producers_manage_targets_and_mistakes_are_named_by_their_field() -> None:
    programme = make_programme()
    actor = producer(programme)
    target = simulcast.add_target(actor, programme.pk, "平台", RTMP)
    for other in (Actor(), Actor(user_id=make_staff(programme, "moderator").pk), producer(make_programme())):
        for act in (
            lambda other=other: simulcast.add_target(other, programme.pk, "b", RTMP),
            lambda other=other: simulcast.change_target(other, target.pk, name="b"),
            lambda other=other: simulcast.remove_target(other, target.pk),
        ):
            with pytest.raises(NotAllowed):
                act()
    for name, address, field in (("", RTMP, "name"), ("平台", RTMP, "name"), ("b", "http://x", "address")):
        with pytest.raises(InvalidInput) as refused:
            simulcast.add_target(actor, programme.pk, name, address)
        assert refused.value.data["field"] == field
    for number in range(simulcast.MOST_TARGETS - 1):
        simulcast.add_target(actor, programme.pk, f"t{number}", RTMP)
    with pytest.raises(Conflict):
        simulcast.add_target(actor, programme.pk, "one more", RTMP)
    with pytest.raises(NotFound):
        simulcast.change_target(actor, 10**9, name="x")


@pytest.mark.django_db
def test_the_control_room_sees_each_push_and_asks_of_it_by_its_number() -> None:
    programme = make_programme()
    airing = make_airing(programme)
    actor = producer(programme)
    target = simulcast.add_target(actor, programme.pk, "平台", RTMP)
    lifecycle.open_feed(HOUSE, airing.pk)

    def act(name: str, thing: object = target.pk, who: Actor = actor) -> dict[str, object]:
        return commands.perform_act(who, airing.pk, protocol.PerformAct(id="0" * 16, act=f"{name}:{thing}"))

    def shown() -> dict[str, object]:
        return panel.feed_panel(Airing.objects.get(pk=airing.pk), actor)["pushes"][0]

    assert shown()["state"] == "waiting"
    simulcast.note_pushes({(airing.pk, target.pk): PushReport("retrying", "refused", 3, None, 1_800_000_000_000)})
    assert (shown()["state"], shown()["problem"], shown()["attempts"]) == ("retrying", "refused", 3)
    assert "s3cret" not in json.dumps(shown())
    with clock.shifted(dt.timedelta(seconds=30)):
        assert (shown()["state"], shown()["problem"]) == ("connecting", "unreported"), "the recorder says nothing more"
    assert act("push.off")["off"] is True
    assert shown()["state"] == "off"
    assert simulcast.wanted([airing.pk])[airing.pk][target.pk][0].enabled is False
    with pytest.raises(IllegalTransition):
        act("push.restart")
    assert act("push.on")["off"] is False
    before = simulcast.wanted([airing.pk])[airing.pk][target.pk][0].asked_ms
    act("push.restart")
    assert simulcast.wanted([airing.pk])[airing.pk][target.pk][0].asked_ms > before
    for thing in ("", "x", 10**9, "1:2", "9" * 40):
        with pytest.raises((NotFound, InvalidInput)):
            act("push.off", thing)
    with pytest.raises(NotAllowed):
        act("push.off", who=Actor(user_id=make_staff(programme, "moderator").pk))
    other = simulcast.add_target(producer(second := make_programme()), second.pk, "平台", RTMP)
    with pytest.raises(NotFound):
        act("push.off", other.pk)
    acts = AuditEntry.objects.filter(act__startswith="push.", airing_id=airing.pk).values_list("act", flat=True)
    assert sorted(acts) == ["push.off", "push.on", "push.restart"]


@pytest.mark.django_db
def test_a_report_keeps_what_people_want_and_outlives_a_removed_target() -> None:
    programme = make_programme()
    airing = make_airing(programme)
    actor = producer(programme)
    target = simulcast.add_target(actor, programme.pk, "平台", RTMP)
    lifecycle.open_feed(HOUSE, airing.pk)
    simulcast.switch_push_off(actor, airing.pk, str(target.pk))
    report = PushReport("off", "", 2, None, None, 1_700_000_000_123, 12.5, 4.0)
    simulcast.note_pushes({(airing.pk, target.pk): report})
    assert Push.objects.get().is_off
    past = simulcast.wanted([airing.pk])[airing.pk][target.pk][1]
    assert (past.attempts, past.sent_until_ms, past.sent_seconds, past.missed_seconds) == (
        2,
        1_700_000_000_123,
        12.5,
        4,
    )
    simulcast.remove_target(actor, target.pk)
    simulcast.note_pushes({(airing.pk, target.pk): report})
    assert not Push.objects.exists()
