"""The archive's search over a million signed transcript lines: one to six characters, common and rare, beside the same page by ILIKE."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import statistics
import time
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.report import Report

_PIECE = 5_000
_LINES_A_SHOW = 700
_SEED = 8
_COLUMNS = (
    "episode_id, programme_id, airing_id, kind, is_head, source, key, text, at, speaker, department, aired_at, words"
)
_LINE_COLUMNS = "id, transcript_id, number, starts_at, ends_at, speaker, text"
# Words of such a committee, the common ones first; a line is made of some of them, so characters are as unequal as in speech.
_SAID = (
    "的 我们 是 在 了 这个 和 有 就是 大家 一个 问题 深圳 社区 居民 委员 建议 部门 工作 解决 停车 垃圾分类 老旧小区 电梯 加装 "
    "教育 学位 医疗 养老 公共交通 地铁 噪音 施工 宵禁 绿道 步行 安全 儿童友好 城市更新 物业 业委会 政府 协商 提案 落实 年底 之前 "
    "完成 资金 预算 规划 调研 数据 平台 企业 科技 创新 环境 保护 河道 治理 食品 监管 消防 通道 电动自行车 充电 法律 服务 志愿者"
)
_WORDS = _SAID.split()


def run(report: Report, *, quick: bool) -> None:
    """Fill and ask. Every answer is the whole one of the page: rows, rights, what is public now, groups, marks, facets."""
    from benchmarks.servers import Servers

    many = 50_000 if quick else 1_000_000
    report.conditions |= {"lines": many, "lines_a_show": _LINES_A_SHOW, "database": "on the same cores, without fsync"}
    with Servers():
        began = time.perf_counter()
        _fill(many)
        report.add("fill_seconds", time.perf_counter() - began, "made, taken apart, copied and indexed")
        _sizes(report)
        _ask(report, quick)


def _fill(many: int) -> None:
    from django.db import connection

    from broadcast import clock

    shows = _shows(-(-many // _LINES_A_SHOW), clock.now())
    _remember(shows)
    with connection.cursor() as cursor:
        indexes = _without_indexes(cursor)
        chance = random.Random(_SEED)
        for first in range(0, many, _PIECE):
            _copy(cursor, shows, chance, range(first, min(first + _PIECE, many)))
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for statement in indexes:
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE archive_searchdocument, archive_transcriptline")


def _shows(many: int, now: dt.datetime) -> list[Any]:
    """Airings that ended, one after the other, all signed off."""
    from broadcast.models import Airing, Episode, Programme

    programme = Programme.objects.create(slug="bench", name_zh="议事厅", name_en="Hall", kind="video")
    past = now - dt.timedelta(days=many + 1)
    episodes = Episode.objects.bulk_create(
        Episode(
            programme=programme,
            number=number,
            title=f"第{number}场",
            publication="published",
            published_at=past,
            signed_off_at=past,
            created_at=past,
        )
        for number in range(1, many + 1)
    )
    starts = [past + dt.timedelta(days=number) for number in range(many)]
    return Airing.objects.bulk_create(
        Airing(
            id=uuid.uuid4(),
            episode=episode,
            state="ended",
            planned_start=start,
            planned_end=start + dt.timedelta(hours=1),
            actual_start=start,
            actual_end=start + dt.timedelta(hours=1),
            announced_at=past,
            created_at=past,
        )
        for episode, start in zip(episodes, starts, strict=True)
    )


def _remember(shows: list[Any]) -> None:
    """What the search knows of them, a signed transcript for each, and the gap map of its replay with a hole of a minute."""
    import json
    from pathlib import Path

    from django.conf import settings

    from archive.models import SearchEpisode, Transcript
    from broadcast import clock

    SearchEpisode.objects.bulk_create(
        SearchEpisode(episode_id=show.episode_id, done=1, year=show.actual_start.year) for show in shows
    )
    facts = {"kind": "corrected", "state": "signed", "made_at": clock.now(), "changed_at": clock.now()}
    Transcript.objects.bulk_create(
        Transcript(pk=number, airing=show, signed_at=clock.now(), **facts) for number, show in enumerate(shows, 1)
    )
    for show in shows:
        folder = Path(settings.MEDIA_ROOT) / "airings" / str(show.pk)
        folder.mkdir(parents=True)
        later = show.actual_start + dt.timedelta(minutes=31)
        spans = [_span(show.actual_start, 0, 1_800), _span(later, 1_800, 1_740)]
        (folder / "replay-spans.json").write_text(json.dumps({"spans": spans}))


def _span(at: dt.datetime, offset: int, seconds: int) -> dict[str, object]:
    return {"at": at.isoformat().replace("+00:00", "Z"), "offset": offset, "duration": seconds}


def _without_indexes(cursor: Any) -> list[str]:
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'archive_searchdocument' AND indexname LIKE 'search%'"
    )
    found = cursor.fetchall()
    for name, _statement in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [statement for _name, statement in found]


def _line(chance: random.Random, number: int) -> str:
    # Zipf: the n-th word comes 1/n as often.
    weights = [1 / place for place in range(1, len(_WORDS) + 1)]
    words = "".join(chance.choices(_WORDS, weights, k=chance.randint(6, 14)))
    # Something that stands in few lines, and once.
    name = "".join(chance.choices("赵钱孙李周吴郑王冯陈志明华建国", k=3))
    return f"{words}{name}" if number % 5 else f"{words}，第{number}号"


def _copy(cursor: Any, shows: list[Any], chance: random.Random, numbers: range) -> None:
    from archive.search import lines, tokens, vectors

    said = [
        (number, shows[number // _LINES_A_SHOW], _line(chance, number), 5 * (number % _LINES_A_SHOW))
        for number in numbers
    ]
    with cursor.copy(f"COPY archive_transcriptline ({_LINE_COLUMNS}) FROM STDIN") as copy:
        for number, show, text, second in said:
            at = show.actual_start + dt.timedelta(seconds=second)
            place = (number + 1, number // _LINES_A_SHOW + 1, number % _LINES_A_SHOW)
            copy.write_row((*place, at, at + dt.timedelta(seconds=4), "", text))
    with cursor.copy(f"COPY archive_searchdocument (id, {_COLUMNS}) FROM STDIN") as copy:
        for number, show, text, second in said:
            of = (number + 1, show.episode_id, show.episode.programme_id, show.pk)
            at = show.actual_start + dt.timedelta(seconds=second)
            words = vectors.vector(tokens.tokens(text), show.actual_start)
            kind = ("line", False, lines.SOURCE, f"line:{number + 1}")
            copy.write_row((*of, *kind, text, at, "", "", show.actual_start, words))


def _sizes(report: Report) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_table_size('archive_searchdocument'), pg_relation_size('search_words')")
        table, index = cursor.fetchone()
    report.add("table_mib", table / 2**20)
    report.add("index_mib", index / 2**20)


def _questions() -> dict[int, list[str]]:
    """By how many characters: cut out of words and of what stands between two, and names; some that are nowhere."""
    chance = random.Random(_SEED + 1)
    text = "".join(_line(chance, 1) for _each in range(400))
    found = {}
    for size in range(1, 7):
        cut = [text[at : at + size] for at in chance.sample(range(len(text) - size), 34)]
        whole = [word for word in _WORDS if len(word) == size][:10]
        found[size] = [*cut, *whole, "龘" * size, ("的是" * 3)[:size]]
    found[1] += ["的", "我", "深", "区"]
    return found


def _ask(report: Report, quick: bool) -> None:
    from archive.search import asking, finding, results
    from broadcast.access import Actor
    from broadcast.house import garbage

    def ours(typed: str) -> int:
        return results.answer(Actor(), asking.words(typed), finding.Narrowing()).hits

    # As the processes do that serve.
    garbage.look_seldom()
    all_of_them: list[float] = []
    ours("电梯")
    for size, questions in _questions().items():
        took = [_milliseconds(ours, typed) for typed in questions]
        all_of_them += took
        report.add(f"characters_{size}_p50_ms", statistics.median(took), f"{len(questions)} questions, whole answers")
        report.add(f"characters_{size}_p95_ms", _p95(took), f"slowest {max(took):.0f} ms")
    report.add("search_p95_ms", _p95(all_of_them), f"{len(all_of_them)} questions of one to six characters")
    report.add("common_ms", statistics.median(_milliseconds(ours, "的") for _each in range(10)), "的")
    asked = [typed for size in range(1, 7) for typed in _questions()[size][: 2 if quick else 4]]
    asked += ["龘" * size for size in (1, 3, 6)]
    with _by_ilike():
        plain = [_milliseconds(ours, typed) for typed in asked]
    report.add("ilike_p95_ms", _p95(plain), f"{len(plain)} of them: the same page, its rows found by ILIKE")
    report.ratio("search_to_ilike", _p95(all_of_them), _p95(plain), "p95 to p95")


@contextlib.contextmanager
def _by_ilike() -> Iterator[None]:
    """The page as it is, but for how rows are found: what one would write first, the newest that hold the words as typed."""
    from django.db import connection

    from archive.search import finding

    def find(words: Any, narrowing: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {finding._COLUMNS} FROM (SELECT * FROM archive_searchdocument WHERE text ILIKE %s "
                "AND programme_id = ANY(%s) OFFSET 0) AS plain ORDER BY aired_at DESC, id DESC LIMIT %s",
                [f"%{words[0].typed}%", list(narrowing.programmes), finding.MOST + 1],
            )
            rows = [finding.Row(*each) for each in cursor.fetchall()]
        return finding.Found([], rows[: finding.MOST], len(rows) > finding.MOST)

    ours, finding.find = finding.find, find
    try:
        yield
    finally:
        finding.find = ours


def _milliseconds(act: Callable[[str], int], typed: str) -> float:
    began = time.perf_counter()
    act(typed)
    return (time.perf_counter() - began) * 1_000


def _p95(values: list[float]) -> float:
    return sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)]
