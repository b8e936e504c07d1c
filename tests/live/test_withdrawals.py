"""The emergency switch: all of an author, or of the public, is hidden at once and comes back as it was; audited, and told to authors."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from broadcast.access import Actor
from broadcast.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from broadcast.models import AuditEntry
from live import commands, protocol, queries
from live.models import Comment, Question, Withdrawal
from live.queries import StaffView, visible
from live.queries.staff import staff_change, staff_snapshot
from tests.live import making
from tests.live.test_sanctions import everywhere, leader


def say(show: making.Show, author: Actor, text: str = "好节目", kind: str = "comment") -> int:
    command = making.comment(text) if kind == "comment" else making.question(text)
    return int(commands.perform(author, show.id, command)["item"])


def everything(**more: Any) -> protocol.WithdrawMany:
    return protocol.WithdrawMany(id=making.command_id(), scope="everything", reason="other", **more)


def author_of(item: int, kind: Any = "comment", **more: Any) -> protocol.WithdrawMany:
    more.setdefault("reason", "other")
    return protocol.WithdrawMany(id=making.command_id(), scope="author", kind=kind, item=item, **more)


def back(withdrawal: int) -> protocol.RestoreMany:
    return protocol.RestoreMany(id=making.command_id(), withdrawal=withdrawal)


def public(show: making.Show) -> set[str]:
    """Keys of the citizens' words that the public state shows."""
    kinds = (protocol.CommentObject, protocol.QuestionObject)
    return {each.key for each in queries.public_objects(show.airing) if isinstance(each, kinds)}


@pytest.mark.django_db
def test_everything_goes_and_comes_back_as_it_was() -> None:
    show = making.make_show(comments="post", questions="post")
    chief = leader(show)
    kept = {f"comment:{say(show, making.make_viewer(), f'第{n}条')}" for n in range(3)}
    kept |= {f"question:{say(show, making.make_viewer(), '何时？', 'question')}"}
    poll, options = making.make_poll(show, results="always")
    commands.perform(making.make_viewer(), show.id, making.vote(poll, options[0]))
    commands.perform(making.make_viewer(0), show.id, protocol.AddLikes(id=making.command_id(), count=7))
    assert public(show) == kept
    done = commands.perform(chief, show.id, everything())
    assert done["hidden"] == 4
    assert public(show) == set()
    late = say(show, making.make_viewer(), "撤下以后写的")
    assert public(show) == set(), "what comes later is hidden too, as long as it stands"
    counts = next(each for each in queries.public_objects(show.airing) if isinstance(each, protocol.CountsObject))
    assert (counts.comments, counts.questions, counts.likes) == (0, 0, 7), "likes stay"
    shown = next(each for each in queries.public_objects(show.airing) if isinstance(each, protocol.PollObject))
    assert shown.total == 1, "polls stay"
    commands.perform(chief, show.id, back(done["withdrawal"]))
    assert public(show) == kept | {f"comment:{late}"}
    assert set(Comment.objects.values_list("state", flat=True)) == {"approved"}, "no item was changed"


@pytest.mark.django_db
def test_one_author_goes_alone_and_questions_of_theirs_take_no_support() -> None:
    show = making.make_show(comments="post", questions="post")
    bad, good = making.make_viewer(), making.make_viewer()
    mine, asked, other = say(show, bad), say(show, bad, "何时？", "question"), say(show, good)
    moderator = making.staff_actor(show.moderator)
    done = commands.perform(moderator, show.id, author_of(asked, "question"))
    assert public(show) == {f"comment:{other}"}
    support = protocol.SupportQuestion(id=making.command_id(), question=asked)
    with pytest.raises(NotFound):
        commands.perform(good, show.id, support)
    assert [each.id for each in queries.older_comments(show.id)[0]] == [other]
    commands.perform(moderator, show.id, back(done["withdrawal"]))
    assert public(show) == {f"comment:{mine}", f"comment:{other}", f"question:{asked}"}
    commands.perform(good, show.id, support)


@pytest.mark.django_db(transaction=True)
def test_the_same_command_by_two_ways_at_once_hides_once_so_that_one_restoring_brings_all_back() -> None:
    show = making.make_show(comments="post")
    chief = leader(show)
    kept = {f"comment:{say(show, making.make_viewer())}"}
    for _round in range(5):
        command, start, made = everything(), threading.Barrier(3), []

        def send(command: Any = command, start: threading.Barrier = start, made: list[int] = made) -> None:
            try:
                start.wait(30)
                made.append(commands.perform(chief, show.id, command)["withdrawal"])
            finally:
                connection.close()

        threads = [threading.Thread(target=send) for _each in range(3)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(60)
        assert (len(made), len(set(made))) == (3, 1)
        commands.perform(chief, show.id, back(made[0]))
        assert public(show) == kept


@pytest.mark.django_db
def test_what_is_hidden_goes_neither_on_the_hosts_list_nor_on_air() -> None:
    show = making.make_show(questions="post")
    asked = say(show, making.make_viewer(), "何时？", "question")
    host, chief = making.staff_actor(show.host), leader(show)
    hiding = commands.perform(chief, show.id, everything())["withdrawal"]
    steps = (protocol.QueueQuestion, protocol.ShowQuestion)
    for step in steps:
        with pytest.raises(IllegalTransition, match="撤下"):
            commands.perform(host, show.id, step(id=making.command_id(), question=asked))
    commands.perform(chief, show.id, back(hiding))
    for step in steps:
        commands.perform(host, show.id, step(id=making.command_id(), question=asked))
    assert Question.objects.get(pk=asked).state == "on_air"


@pytest.mark.django_db
def test_it_reaches_one_show_or_all_of_them() -> None:
    one, two = (making.make_show(comments="post") for _each in range(2))
    author = making.make_viewer()
    first, second = say(one, author), say(two, author)
    commands.perform(leader(one), one.id, author_of(first))
    assert (public(one), public(two)) == (set(), {f"comment:{second}"})
    chief = leader(one)
    with pytest.raises(NotAllowed):
        commands.perform(chief, one.id, everything(where="house"))
    everywhere(chief)
    whole = Actor(user_id=chief.user_id, name=chief.name)
    commands.perform(whole, one.id, everything(where="house"))
    assert public(two) == set()
    assert visible.public_items(Comment).count() == 0


@pytest.mark.django_db
def test_only_those_who_lead_or_run_hide_everything() -> None:
    show = making.make_show(comments="post")
    item = say(show, making.make_viewer())
    for who in (making.staff_actor(show.moderator), making.staff_actor(show.host), making.make_viewer()):
        with pytest.raises(NotAllowed):
            commands.perform(who, show.id, everything())
    for who in (making.staff_actor(show.host), making.staff_actor(show.producer)):
        with pytest.raises(NotAllowed):
            commands.perform(who, show.id, author_of(item))
    assert not Withdrawal.objects.exists()
    for who in (making.staff_actor(show.producer), leader(show)):
        done = commands.perform(who, show.id, everything())
        with pytest.raises(NotAllowed):
            commands.perform(making.staff_actor(show.moderator), show.id, back(done["withdrawal"]))
        commands.perform(who, show.id, back(done["withdrawal"]))
    assert public(show) == {f"comment:{item}"}


@pytest.mark.django_db
def test_each_act_is_in_the_audit_and_a_retry_is_the_same_act() -> None:
    show = making.make_show(comments="post")
    say(show, making.make_viewer())
    chief, command = leader(show), everything(note="内部说明")
    first = commands.perform(chief, show.id, command)
    assert commands.perform(chief, show.id, command) == first
    for _each in range(2):
        commands.perform(chief, show.id, back(first["withdrawal"]))
    acts = AuditEntry.objects.filter(target=f"withdrawal:{first['withdrawal']}").order_by("id")
    assert [(each.act, (each.after or {}).get("standing")) for each in acts] == [
        ("withdrawal.make", True),
        ("withdrawal.restore", False),
    ]
    assert "内部说明" not in str(list(acts.values()))
    with pytest.raises(InvalidInput):
        commands.perform(chief, show.id, author_of(1, reason="no_such"))
    with pytest.raises(NotFound):
        commands.perform(chief, show.id, back(10**9))


@pytest.mark.django_db
def test_desk_host_and_author_are_told() -> None:
    show = making.make_show(comments="post", questions="post")
    author = making.make_viewer()
    item, asked = say(show, author), say(show, author, "何时？", "question")
    Comment.objects.update(created_at=show.airing.created_at.replace(year=2025))
    host = making.staff_actor(show.host)
    before = staff_snapshot(host, show.id, StaffView.HOST)
    assert [each.id for each in before.items] == [asked]
    commands.perform(leader(show), show.id, everything())
    desk = {each.id: each for each in staff_change(show.id, before.seq, StaffView.DESK).items if each.kind == "comment"}
    assert (desk[item].hidden, desk[item].state, desk[item].text) == (True, "approved", "好节目")
    (hosts,) = staff_change(show.id, before.seq, StaffView.HOST).items
    assert (hosts.state, hosts.text) == ("withdrawn", "")
    shown = staff_snapshot(host, show.id, StaffView.HOST)
    assert not any(each.text for each in shown.items)
    own = queries.mine(show.airing, author.participant_id).items
    assert not any(each.may_appeal for each in own), "nobody decided about these words"
    assert {(each.id, each.state, each.reason) for each in own} == {
        (item, "withdrawn", "其他"),
        (asked, "withdrawn", "其他"),
    }
    _seq, told = queries.changed_own(show.id, before.seq, lambda _seat: True)
    assert item in {each.id for mine in told.values() for each in mine.items if each.kind == "comment"}
    panel = staff_snapshot(leader(show), show.id, StaffView.DESK).panels["shield"]
    assert [(each["scope"], each["may_restore"]) for each in panel["withdrawals"]] == [("everything", True)]
    assert staff_snapshot(host, show.id, StaffView.HOST).panels["shield"] == {}


@pytest.mark.django_db
def test_pages_are_told_to_drop_what_they_kept() -> None:
    show = making.make_show(comments="post")

    def cleared() -> str:
        found = queries.public_groups(show.id, ["comments"]) or {}
        (load,) = [each for each in found["comments"] if isinstance(each, protocol.LoadObject)]
        return load.cleared

    items = [say(show, making.make_viewer()) for _each in range(3)]
    words = [cleared()]
    moderator = making.staff_actor(show.moderator)
    version = Comment.objects.get(pk=items[0]).version
    gone = protocol.WithdrawItem(id=making.command_id(), kind="comment", item=items[0], version=version, reason="other")
    sent: list[tuple[Actor, Any]] = [
        (moderator, gone),
        (moderator, author_of(items[1])),
        (leader(show), everything()),
    ]
    for who, act in sent:
        say(show, making.make_viewer())
        assert cleared() == words[-1], "what is added clears nothing"
        commands.perform(who, show.id, act)
        assert cleared() not in words
        words.append(cleared())
    assert Question.objects.count() == 0
