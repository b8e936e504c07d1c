"""Rules are the duty leader's: changed by compare-and-set, audited, switched on to look back; wrong hits are counted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast import clock
from broadcast.access import Actor
from broadcast.errors import Conflict, InvalidInput, NotAllowed, NotFound
from broadcast.models import AuditEntry
from live import commands, protocol
from live.models import Comment, Question, Rescan, Room, Rule, RuleHit
from live.queries import rule_pages
from live.rules import lists
from live.services import audience, rescans, rule_lists, rule_seeds, rules
from live.services.rules import Draft
from tests.live import making
from tests.live.rules.making import make_rule

pytestmark = pytest.mark.django_db

WORDS = Draft(name="博彩", kind="terms", category="违法", words=("博彩", "赌球"), except_words=("反博彩",))


@pytest.fixture
def show() -> making.Show:
    return making.make_show()


@pytest.fixture
def leader(show: making.Show) -> Actor:
    from broadcast.models import RoleGrant

    user = making.make_staff(show.programme, "duty_leader")
    RoleGrant.objects.filter(user=user).update(programme=None)
    return making.staff_actor(user)


def say(show: making.Show, text: str, state: str = "", viewer: Actor | None = None) -> Comment:
    made = audience.commit_one(viewer or making.make_viewer(), show.id, making.comment(text)).result
    if state:
        now = clock.now()
        Comment.objects.filter(pk=made["item"]).update(state=state, public_at=now if state == "approved" else None)
    return Comment.objects.get(pk=made["item"])


def look_back(found: int) -> None:
    with clock.shifted(dt.timedelta(seconds=10)):
        assert rescans.work(30) == found
        assert rescans.work(30) == 0
    assert not Rescan.objects.filter(done_at__isnull=True).exists()


def test_a_new_rule_is_off_and_its_words_are_audited(leader: Actor) -> None:
    rule = rules.create(leader, WORDS)
    assert (rule.number, rule.is_active, rule.terms.count()) == (1, False, 3)
    entry = AuditEntry.objects.get(act="rule.create")
    assert (entry.target, entry.actor_id, entry.after["words"]) == ("rule:1", leader.user_id, 2)
    assert rules.create(leader, WORDS).number == 2


def test_a_change_names_the_words_that_came_and_went(leader: Actor) -> None:
    rule = rules.create(leader, WORDS)
    rules.change(leader, 1, rule.version, Draft(name="博彩", kind="terms", words=("博彩", "下注")))
    after = AuditEntry.objects.get(act="rule.change").after
    assert after["came"] == {"many": 1, "words": ["下注"]}
    assert after["went"] == {"many": 2, "words": ["!反博彩", "赌球"]}
    assert set(rule.terms.values_list("text", flat=True)) == {"博彩", "下注"}


def test_who_changes_an_old_version_is_told(leader: Actor) -> None:
    rule = rules.create(leader, WORDS)
    rules.change(leader, 1, rule.version, WORDS)
    with pytest.raises(Conflict):
        rules.change(leader, 1, rule.version, WORDS)


def test_moderators_and_leaders_of_one_programme_leave_the_rules_of_all_alone(show: making.Show, leader: Actor) -> None:
    rules.create(leader, WORDS)
    own = making.staff_actor(making.make_staff(show.programme, "duty_leader"))
    for actor in (making.staff_actor(show.moderator), making.staff_actor(show.producer), own):
        with pytest.raises(NotAllowed):
            rules.create(actor, WORDS)
        with pytest.raises(NotAllowed):
            rules.switch(actor, 1, True)
    mine = rules.create(own, Draft(name="本节目", kind="terms", words=("词语",), programme=show.programme.pk))
    with pytest.raises(NotAllowed):
        rules.change(own, mine.number, mine.version, Draft(name="给全部", kind="terms", words=("词语",)))
    assert rules.switch(own, mine.number, True).is_active


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"words": ("★",)}, "words"),
        ({"words": ("长" * 61,)}, "words"),
        ({"words": ("博彩",), "except_words": ("博彩",)}, "except_words"),
        ({"action": "reject"}, "reason"),
        ({"action": "reject", "reason": "no_such"}, "reason"),
        ({"kind": "no_such"}, "kind"),
        ({"many": 0}, "many"),
        ({"programme": 999_999}, "programme"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(leader: Actor, wrong: dict[str, Any], field: str) -> None:
    draft = Draft(**{**vars(WORDS), "except_words": (), **wrong})
    with pytest.raises(InvalidInput) as refused:
        rules.create(leader, draft)
    assert refused.value.data["field"] == field
    assert not Rule.objects.exists()


def test_a_rule_without_words_is_not_switched_on(leader: Actor) -> None:
    rules.create(leader, Draft(name="空", kind="terms"))
    with pytest.raises(InvalidInput):
        rules.switch(leader, 1, True)


def test_switched_on_it_holds_at_once_and_off_no_longer(
    show: making.Show, leader: Actor, django_capture_on_commit_callbacks: Any
) -> None:
    rules.create(leader, WORDS)
    assert say(show, "博彩").state == "pending"
    with django_capture_on_commit_callbacks(execute=True):
        rules.switch(leader, 1, True)
    assert say(show, "又是博彩").state == "held"
    with django_capture_on_commit_callbacks(execute=True):
        rules.switch(leader, 1, False)
    assert say(show, "还是博彩").state == "pending"


def test_switched_on_it_looks_back_and_hides_nothing(show: making.Show, leader: Actor) -> None:
    public, waiting = say(show, "说博 彩", "approved"), say(show, "博彩又来了")
    harmless, refused = say(show, "夜间公交", "approved"), say(show, "博彩博彩", "rejected")
    rules.create(leader, WORDS)
    rules.switch(leader, 1, True)
    assert rescans.work(30) == 0, "processes may still go by the old rules for a moment"
    look_back(2)
    public.refresh_from_db()
    assert (public.state, public.open_reports, public.version) == ("approved", 1, 2)
    assert public.hits[0]["spans"] == [[1, 4]]
    assert public.hits[0]["late"] is True
    waiting.refresh_from_db()
    assert (waiting.state, waiting.hits[0]["late"], waiting.open_reports) == ("held", False, 0)
    assert Comment.objects.filter(pk__in=[harmless.pk, refused.pk], hits=[]).count() == 2
    assert {public.staff_seq, waiting.staff_seq} == {Room.objects.get(pk=show.id).staff_seq}
    items = AuditEntry.objects.get(act="items.found").after["items"]
    assert {each["item"] for each in items} == {f"comment:{public.pk}", f"comment:{waiting.pk}"}


def test_a_look_back_goes_through_more_than_one_portion_and_questions_too(
    show: making.Show, leader: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescans, "AT_ONCE", 3)
    for number in range(8):
        say(show, f"博彩{number}", "approved")
    audience.commit_one(making.make_viewer(), show.id, making.question("博彩合法吗？"))
    rules.create(leader, WORDS)
    rules.switch(leader, 1, True)
    look_back(9)
    rescan = Rescan.objects.get()
    assert (rescan.looked_at, rescan.found) == (9, 9)
    assert Question.objects.get().state == "held"


def test_old_shows_and_other_programmes_are_left_alone(show: making.Show, leader: Actor) -> None:
    other, old = making.make_show(), making.make_show("ended")
    type(old.airing).objects.filter(pk=old.airing.pk).update(planned_start=clock.now() - dt.timedelta(days=30))
    for each in (show, other):
        say(each, "博彩", "approved")
    Comment.objects.create(
        room_id=old.id, author_id=making.make_viewer().participant_id, author_name="某", assurance=20, text="博彩",
        state="approved", command_id="old-comment", created_at=clock.now(),
    )  # fmt: skip
    rules.create(leader, Draft(**{**vars(WORDS), "programme": show.programme.pk}))
    rules.switch(leader, 1, True)
    look_back(1)
    rules.create(leader, WORDS)
    rules.switch(leader, 2, True)
    look_back(2)


def test_looking_back_twice_finds_nothing_twice(show: making.Show, leader: Actor) -> None:
    public = say(show, "博彩", "approved")
    rules.create(leader, WORDS)
    for on in (True, False, True):
        rules.switch(leader, 1, on)
    look_back(1)
    rules.switch(leader, 1, False)
    rules.switch(leader, 1, True)
    look_back(0)
    public.refresh_from_db()
    assert (public.open_reports, len(public.hits)) == (1, 1)


def false_hit(show: making.Show, item: Comment, rule: Rule, *, on: bool = True) -> dict[str, Any]:
    command = protocol.MarkFalseHit(id=making.command_id(), kind="comment", item=item.pk, rule=rule.pk, on=on)
    return commands.perform(making.staff_actor(show.moderator), show.id, command)


def test_a_wrong_hit_is_counted_once_and_the_item_stays(show: making.Show) -> None:
    rule = make_rule("博彩", words=["博彩"])
    item = say(show, "博彩史研究")
    for _each in range(2):
        assert false_hit(show, item, rule)["false"] is True
    found = Comment.objects.get(pk=item.pk)
    assert (found.state, found.version, found.hits[0]["false"]) == ("held", 1, True)
    assert found.staff_seq > item.staff_seq
    assert rule_pages.figures([rule.pk])[rule.pk] == rule_pages.Figures(hits=1, false=1, public=0)
    assert AuditEntry.objects.filter(act="item.false_hit").count() == 1
    false_hit(show, item, rule, on=False)
    assert rule_pages.figures([rule.pk])[rule.pk].false == 0


def test_only_a_hit_can_be_wrong(show: making.Show) -> None:
    rule, item = make_rule("博彩", words=["博彩"]), say(show, "夜间公交")
    with pytest.raises(NotFound):
        false_hit(show, item, rule)


def test_figures_tell_what_went_public_all_the_same(show: making.Show) -> None:
    rule = make_rule("博彩", words=["博彩"])
    say(show, "博彩一", "approved")
    say(show, "博彩二")
    assert rule_pages.figures([rule.pk])[rule.pk] == rule_pages.Figures(hits=2, false=0, public=1)
    assert RuleHit.objects.count() == 2


def test_a_trial_finds_what_the_rule_would_and_writes_nothing(show: making.Show) -> None:
    rule = make_rule("博彩", words=["博彩"], is_active=False)
    from live.queries.rules import compiled

    trial = rule_pages.tried(compiled([rule]), ["说博*彩的", "公交", say(show, "博彩", "approved")])
    assert (trial.tried, trial.found, trial.public) == (3, 2, 1)
    assert trial.shown[0].pieces == [("说", False), ("博*彩", True), ("的", False)]
    assert not RuleHit.objects.exists()


def test_lists_go_out_and_come_in_without_loss(leader: Actor) -> None:
    rules.create(leader, Draft(**{**vars(WORDS), "words": ("博彩", "=SUM(A1)", "带,逗号", "'撇号")}))
    written = rule_lists.given_out(leader, Rule.objects.all())
    assert "\n博彩,违法,暂扣,'=SUM(A1)," in written.replace("\r", "")
    Rule.objects.all().delete()
    for content in (("\ufeff" + written).encode(), written.encode("gb18030")):
        rows = rule_lists.read(content)
        assert {(row.word, row.is_exception) for row in rows} == {
            ("博彩", False), ("=SUM(A1)", False), ("带,逗号", False), ("'撇号", False), ("反博彩", True),
        }  # fmt: skip
    rule_lists.take_in(leader, rows)
    assert rules.draft_of(Rule.objects.get()) == Draft(
        **{**vars(WORDS), "words": ("博彩", "=SUM(A1)", "带,逗号", "'撇号")}
    )
    assert AuditEntry.objects.filter(act="rules.export").exists()


def test_a_list_adds_what_a_rule_lacks_and_makes_new_ones_switched_off(leader: Actor) -> None:
    rules.create(leader, WORDS)
    content = "词,规则,处置\n博彩,博彩,蒙字\n下注,博彩,\n代开发票,广告,退回\n".encode()
    shares = {share.name: share for share in rule_lists.plan(leader, rule_lists.read(content))}
    assert (shares["博彩"].words, shares["博彩"].known, shares["博彩"].number) == (("下注",), 1, 1)
    assert Rule.objects.count() == 1, "a plan writes nothing"
    rule_lists.take_in(leader, rule_lists.read(content))
    assert set(Rule.objects.get(number=1).terms.values_list("text", flat=True)) == {"博彩", "赌球", "反博彩", "下注"}
    assert Rule.objects.get(number=1).action == "hold"
    made = Rule.objects.get(number=2)
    assert (made.name, made.is_active, made.action) == ("广告", False, "hold")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("词\n博彩\n".encode(), "列名"),
        ("规则,词,处置\n甲,乙,删掉\n".encode(), "第 2 行"),
        ("规则,词\n甲,乙\n甲,\n".encode(), "第 3 行"),
        (b"\xff\xff\xff", "UTF-8"),
    ],
)
def test_a_list_that_cannot_be_read_says_where(content: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        rule_lists.read(content)


def test_an_empty_file_is_no_list() -> None:
    assert lists.read(b"") == []


def test_a_new_house_begins_with_rules_and_one_with_rules_keeps_its_own() -> None:
    rule_seeds.seed([])
    many = Rule.objects.count()
    assert many >= 8
    assert {rule.kind for rule in Rule.objects.all()} == set(Rule.Kind.values)
    rule_seeds.seed([])
    assert Rule.objects.count() == many
