"""What the public finds in the archive: by characters, names, sounds; to the second; and nothing that is not out."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from archive.models import SearchEpisode
from archive.search import asking, finding, page, replays, results, stale
from broadcast.access import Actor
from broadcast.models import Airing, Episode, Programme
from broadcast.replay_times import Span
from live.models import Question, Reply, Withdrawal
from tests.archive.finding_making import START, ask, found, guest, index, make_out, search, write_spans
from tests.archive.making import make_programme, make_staff

pytestmark = pytest.mark.django_db


def test_one_two_and_more_characters_are_found() -> None:
    airing = make_out("深圳的宵禁制度")
    other = make_out("垃圾分类")
    index(airing, other)
    for typed in ("禁", "宵禁", "宵禁制", "宵禁制度", "深圳的宵禁制度", "宵 制度"):
        assert found(typed) == {"深圳的宵禁制度"}, typed
    assert found("禁宵") == set()
    assert found("宵制") == set()


@pytest.mark.parametrize(
    "typed", ["區議會", "区议会", "５Ｇ", "5g", "5G基站", "Café", "cafe", "第12期", "12", "議會 基站"]
)
def test_traditional_width_case_and_mixed_writing_are_one(typed: str) -> None:
    index(make_out("第１２期：區議會談5G基站 café"), make_out("别的"))
    assert len(search(typed).groups) == 1


@pytest.mark.parametrize("typed", ["lizhiming", "li zhi ming", "LiZhi", "lzm", "zhiming", "chongqing", "lü", "lv"])
def test_names_and_titles_are_found_by_their_sound(typed: str) -> None:
    airing = make_out("重庆绿道")
    guest(airing, "李志明", "教育界")
    index(airing, make_out("别的"))
    answer = search(typed)
    assert [group.episode.title for group in answer.groups] == ["重庆绿道"]


def test_a_sound_is_marked_where_it_is_heard() -> None:
    airing = make_out("老城区")
    guest(airing, "委员李志明", "教育界")
    index(airing)
    assert [hit.marks for group in search("lzm").groups for hit in group.hits] == [((2, 5),)]


def test_a_hit_leads_to_its_second_of_the_replay_across_a_gap() -> None:
    airing = make_out()
    ask(airing, "停车位在哪里", second=720)
    ask(airing, "停车费谁来定", second=630)
    index(airing)
    seconds = {hit.text: hit.second for group in search("停车").groups for hit in group.hits}
    assert seconds == {"停车位在哪里": 660, "停车费谁来定": None}


def test_several_words_must_all_be_there_and_a_guest_counts_for_the_whole_show() -> None:
    one, two = make_out("小区停车"), make_out("小区停车")
    guest(one, "李志明")
    ask(one, "停车位不够")
    ask(two, "停车位太贵")
    index(one, two)
    assert found("李志明 停车位") == {"停车位不够"}
    assert found("停车位 太贵") == {"停车位太贵"}
    assert len(search("李志明 停车").groups) == 1


def test_marks_are_offsets_of_the_text_as_it_stands() -> None:
    airing = make_out()
    ask(airing, "請問：議事廳的<b>議事</b>規則？")
    index(airing)
    (hit,) = [each for each in search("议事").groups[0].hits if each.kind == "question"]
    assert [hit.text[first:last] for first, last in hit.marks] == ["議事", "議事"]
    assert "".join(text for text, _is_mark in hit.pieces) == hit.text


Hide = dict[str, object]


@pytest.mark.parametrize(
    "hide",
    [
        {"publication": "draft"},
        {"publication": "internal"},
        {"publication": "withdrawn"},
        {"signed_off_at": None},
    ],
)
def test_what_is_not_out_is_not_found_though_its_rows_stand(hide: Hide) -> None:
    airing = make_out("电梯")
    ask(airing, "电梯何时装好")
    index(airing)
    assert len(search("电梯").groups) == 1
    Episode.objects.filter(pk=airing.episode_id).update(**hide)
    answer = search("电梯")
    assert (answer.groups, answer.hits, answer.episodes) == ((), 0, 0)
    assert not any(answer.facets.values())
    staff = make_staff(airing.episode.programme)
    assert not search("电梯", Actor(user_id=staff.pk)).groups


@pytest.mark.parametrize("hide", [{"kind": "rehearsal"}, {"announced_at": None}, {"actual_end": None}])
def test_an_outing_that_is_not_the_publics_is_not_found(hide: Hide) -> None:
    airing = make_out("电梯")
    index(airing)
    Airing.objects.filter(pk=airing.pk).update(**hide)
    assert not search("电梯").groups


def test_nothing_is_found_before_the_delay_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    airing = make_out("电梯")
    index(airing)
    Airing.objects.filter(pk=airing.pk).update(actual_end=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30))
    assert not search("电梯").groups


def test_a_programme_for_members_is_found_by_members_alone() -> None:
    programme = make_programme(audience=Programme.Audience.MEMBERS)
    airing = make_out("电梯", programme=programme)
    index(airing)
    assert not search("电梯").groups
    assert search("电梯", Actor(user_id=make_staff(programme, "member").pk)).groups


@pytest.mark.parametrize("state", ["pending", "held", "rejected", "withdrawn", "retracted", "merged"])
def test_a_question_that_is_not_public_any_more_is_gone_at_once(state: str) -> None:
    airing = make_out("议题")
    question = ask(airing, "电梯何时装好")
    index(airing)
    assert found("电梯") == {"电梯何时装好"}
    Question.objects.filter(pk=question.pk).update(state=state)
    assert search("电梯").hits == 0
    index(airing)
    assert search("电梯").hits == 0


def test_an_emergency_withdrawal_takes_words_out_of_the_search_at_once_and_gives_them_back() -> None:
    airing = make_out("议题")
    question = ask(airing, "电梯何时装好")
    Reply.objects.create(
        question=question, department="住建局", text="电梯年底装好", state="released", created_at=START
    )
    index(airing)
    assert found("电梯") == {"电梯何时装好", "电梯年底装好"}
    standing = Withdrawal.objects.create(room=airing.room, scope="everything", reason="other", at=START, command_id="w")
    assert found("电梯") == set()
    Withdrawal.objects.filter(pk=standing.pk).update(restored_at=START)
    assert found("电梯") == {"电梯何时装好", "电梯年底装好"}


def test_a_masked_span_and_a_private_answer_are_never_found() -> None:
    airing = make_out("议题")
    question = ask(airing, "王五家的电梯坏了", mask=[])
    Reply.objects.create(
        question=question, department="住建局", text="电梯只告诉你", state="released", is_public=False, created_at=START
    )
    index(airing)
    Question.objects.filter(pk=question.pk).update(mask=[[0, 2]])
    assert found("王五") == set()
    index(airing)
    assert found("王五") == set()
    assert found("电梯") == {"■■家的电梯坏了"}


def test_of_very_many_finds_every_one_that_is_shown_is_public_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "CHECKED", 2)
    first, second = make_out("议题甲"), make_out("议题乙", programme=make_programme())
    taken_back = [ask(first, f"电梯{number}") for number in range(6)]
    ask(second, "电梯在二楼")
    index(first, second)
    Question.objects.filter(pk__in=[each.pk for each in taken_back[1:]]).update(state="withdrawn")
    assert found("电梯") == {"电梯0", "电梯在二楼"}
    assert {group.episode.title: group.count for group in search("电梯").groups} == {"议题甲": 1, "议题乙": 1}
    Question.objects.filter(pk=taken_back[0].pk).update(state="withdrawn")
    assert [group.episode.title for group in search("电梯").groups] == ["议题乙"]


def test_beyond_the_newest_finds_all_years_are_offered_without_a_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST", 1)
    new, old, unseen = make_out("议题"), make_out("议题"), make_out("议题")
    Airing.objects.filter(pk=old.pk).update(actual_start=START - dt.timedelta(days=900))
    Airing.objects.filter(pk=unseen.pk).update(actual_start=START - dt.timedelta(days=1800))
    for airing in (new, old, unseen):
        ask(airing, "电梯何时装好")
    index(new, old, unseen)
    Episode.objects.filter(pk=unseen.episode_id).update(publication="withdrawn")
    answer = search("电梯")
    assert answer.is_cut_off
    assert [(each.value, each.count) for each in answer.facets["year"]] == [("2025", 1), ("2022", None)]
    assert search("电梯", year=2022).hits == 1


def test_facets_count_episodes_and_narrow_to_them() -> None:
    one, two = make_out("电梯一"), make_out("电梯二")
    guest(one, "李志明", "教育界")
    guest(one, "张局", role="department", organisation="住建局")
    index(one, two)
    answer = search("电梯")
    assert [(each.value, each.count) for each in answer.facets["sector"]] == [("教育界", 1)]
    assert [(each.value, each.count) for each in answer.facets["department"]] == [("住建局", 1)]
    assert [(each.value, each.count) for each in answer.facets["year"]] == [("2025", 2)]
    for narrowed in ({"sector": "教育界"}, {"guest": "李志明"}, {"department": "住建局"}):
        assert [group.episode.title for group in search("电梯", **narrowed).groups] == ["电梯一"]
    assert not search("电梯", year=2024).groups


def test_titles_come_before_what_was_said_and_pages_follow_each_other() -> None:
    said = make_out("别的")
    ask(said, "电梯何时装好")
    titled = [make_out(f"电梯第{number}讲") for number in range(12)]
    index(said, *titled)
    first, second = search("电梯"), search("电梯", page=2)
    assert (first.episodes, first.pages, len(first.groups), len(second.groups)) == (13, 2, 10, 3)
    assert second.groups[-1].episode.title == "别的"
    shown = [group.episode.pk for group in (*first.groups, *second.groups)]
    assert len(set(shown)) == 13


# -- how the search keeps up -------------------------------------------------------------------------------------------


def test_a_look_finds_what_nobody_marked() -> None:
    airing = make_out("议题")
    stale.look()
    ask(airing, "电梯何时装好")
    Episode.objects.filter(pk=airing.episode_id).update(title="新的议题")
    assert found("议题") == set(), "the old title is not public any more, the new one not read yet"
    assert stale.look() == 1
    assert found("议题") == {"新的议题"}
    assert stale.look() == 0


def test_what_changes_while_it_is_read_is_read_again() -> None:
    airing = make_out("议题")
    stale.look()
    stale.mark(airing.episode_id)
    row = SearchEpisode.objects.get(pk=airing.episode_id)
    assert row.wanted != row.done
    assert stale.work() == 1
    row.refresh_from_db()
    assert row.wanted == row.done


# -- the page ----------------------------------------------------------------------------------------------------------


def test_the_page_shows_marks_seconds_and_never_markup_of_the_text(client: Client) -> None:
    airing = make_out("电梯")
    ask(airing, "<script>电梯</script>何时装好", second=30)
    index(airing)
    body = client.get("/search", {"q": "电梯"}).content.decode()
    assert "&lt;script&gt;<mark>电梯</mark>&lt;/script&gt;" in body
    assert re.search(rf"\?airing={airing.pk}&amp;t=30\"", body)


@pytest.mark.parametrize("typed", ["", " ", "，。", "'", "' | 'x", "%", "\\", "<->", "\x00", "👍", "a:*", "!!"])
def test_whatever_is_typed_is_answered(client: Client, typed: str) -> None:
    index(make_out("电梯"))
    assert client.get("/search", {"q": typed}).status_code == 200


def test_long_questions_and_very_many_are_refused_with_words(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    answer = client.get("/search", {"q": "电" * (asking.LONGEST + 1)})
    assert answer.status_code == 400
    assert "一次最多搜" in answer.content.decode()
    monkeypatch.setattr(page, "A_MINUTE", 2)
    codes = {client.get("/search", {"q": "电梯"}).status_code for _each in range(5)}
    assert codes & {429}


def test_a_replay_that_is_cut_anew_leads_elsewhere_at_once() -> None:
    airing = make_out()
    ask(airing, "停车位在哪里", second=720)
    index(airing)
    write_spans(airing, [(660, 1140)])
    (hit,) = search("停车").groups[0].hits
    assert hit.second == 60


def test_a_line_is_found_only_where_the_transcript_itself_says_it() -> None:
    start = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    began = round(start.timestamp() * 1000)
    spans = [Span(began, 0.0, 10.0), Span(began + 20_000, 10.0, 10.0)]

    def at(since: float, until: float) -> int | None:
        return replays.line_second(start + dt.timedelta(seconds=since), start + dt.timedelta(seconds=until), spans)

    assert at(4.5, 6) == 4
    assert at(12, 18) is None, "all of it was cut"
    assert at(9, 15) is None, "most of it was cut"
    assert at(9.85, 10.1) is None, "what is heard of it is no word"
    assert at(19, 22) == 10, "it begins where the picture goes on"


def test_who_finds_nothing_is_offered_what_is_found_and_nothing_that_is_not_out(client: Client) -> None:
    airing, hidden = make_out("小区停车"), make_out("夜间停车")
    guest(airing, "李志明", "教育界")
    guest(hidden, "张三", "工商界")
    index(airing, hidden)
    Episode.objects.filter(pk=hidden.episode_id).update(publication="withdrawn")
    body = client.get("/search", {"q": "停车难题"}).content.decode()
    assert 'href="?q=%E5%81%9C%E8%BD%A6">停车</a>' in body
    assert ">难题</a>" not in body
    body = client.get("/search", {"q": "夜间 小区"}).content.decode()
    assert ">小区</a>" in body
    assert ">夜间</a>" not in body
    body = client.get("/search").content.decode()
    assert ">教育界</a>" in body
    assert ">李志明</a>" in body
    assert "工商界" not in body
    assert "张三" not in body


def test_a_choice_stands_above_the_finds_and_is_undone_there(client: Client) -> None:
    airing = make_out("电梯")
    guest(airing, "李志明", "教育界")
    index(airing)
    body = client.get("/search", {"q": "电梯", "sector": "教育界", "year": "2025"}).content.decode()
    chosen = body[body.index('class="chosen"') : body.index('class="found"')]
    assert 'href="?q=%E7%94%B5%E6%A2%AF&amp;year=2025" aria-label="取消条件：教育界"' in chosen
    body = client.get("/search", {"q": "电梯", "sector": "工商界"}).content.decode()
    assert "不限条件再搜" in body


def test_each_facet_narrows_to_what_it_counted_be_it_a_guest_or_who_answered_or_promised() -> None:
    forum, lecture = make_programme(name_zh="议事厅"), make_programme(name_zh="讲堂")
    one, two, three = (
        make_out("电梯", programme=forum),
        make_out("电梯", programme=forum),
        make_out("电梯", programme=lecture),
    )
    guest(one, "李志明", "教育界")
    guest(two, "张局", role="department", organisation="交通局")
    Reply.objects.create(
        question=ask(one, "电梯何时装好"), department="住建局", text="年底装好", state="released", created_at=START
    )
    ask(three, "电梯谁来修", state="promised", promised_to="水务局", promised_at=START)
    Reply.objects.create(
        question=ask(three, "电费谁付"), department="发改局", text="没有公开", state="submitted", created_at=START
    )
    index(one, two, three)
    answer = search("电梯")
    counted = {name: {each.value: each.count for each in rows} for name, rows in answer.facets.items()}
    assert counted["programme"] == {forum.slug: 2, lecture.slug: 1}
    assert counted["department"] == {"交通局": 1, "住建局": 1, "水务局": 1}, "nothing of an answer that is not released"
    slugs = {forum.slug: forum.pk, lecture.slug: lecture.pk}
    for name, values in counted.items():
        for value, count in values.items():
            narrowed: dict[str, Any] = {name: value}
            if name == "programme":
                narrowed = {"programmes": (slugs[value],)}
            elif name == "year":
                narrowed = {"year": int(value)}
            assert search("电梯", **narrowed).episodes == count, (name, value)
