"""Numbers for the secretariat: what we count and what partners say stay apart; files that no spreadsheet takes for formulas."""

from __future__ import annotations

import datetime as dt
import io

import docx
import openpyxl
import pytest
from django.test import Client

from archive.models import PartnerFigure
from archive.numbers import services
from archive.numbers.queries import numbers
from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.errors import IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import Airing, Appearance, AuditEntry, Person, Programme, Source, SourceCount

from .making import make_airing, make_programme, make_staff

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 5)
NOON = dt.datetime(2026, 3, 5, 4, tzinfo=dt.UTC)


def aired(programme: Programme, *people: Person, at: dt.datetime = NOON, kind: str = "premiere") -> Airing:
    """An ended show in which they appeared."""
    airing = make_airing(programme, state="ended", kind=kind, actual_start=at, actual_end=at + dt.timedelta(minutes=5))
    for person in people:
        Appearance.objects.create(episode_id=airing.episode_id, person=person, role="member")
    return airing


def said(programme: Programme, number: int = 1_000, source: str = "区融媒") -> PartnerFigure:
    return services.enter(
        HOUSE, programme.pk, source=source, measure="times", number=number, since=DAY, until=DAY, told_at=NOON
    )


def test_appearances_are_counted_by_member_and_by_sector() -> None:
    programme = make_programme()
    first = Person.objects.create(name="=王一", is_member=True, sector="科技界")
    second = Person.objects.create(name="李二", is_member=True, sector="科技界")
    aired(programme, first, second)
    aired(programme, first)
    aired(programme, first, kind="rehearsal")
    aired(programme, first, at=NOON - dt.timedelta(days=400))
    found = numbers([programme], DAY, DAY)
    assert [(row.name, row.number) for row in found.members] == [("=王一", 2), ("李二", 1)]
    assert [(row.name, row.more, row.number) for row in found.sectors] == [("科技界", "2", 3)]
    assert [(row.name, row.number) for row in found.programmes] == [(programme.name_zh, 2)]
    assert [(row.name, row.number) for row in found.months] == [("2026-03", 2)]


def test_the_day_is_beijing_s() -> None:
    programme = make_programme()
    aired(programme, at=dt.datetime(2026, 3, 4, 16, tzinfo=dt.UTC))
    aired(programme, at=dt.datetime(2026, 3, 5, 16, tzinfo=dt.UTC))
    assert [row.number for row in numbers([programme], DAY, DAY).programmes] == [1]


def test_a_partner_s_figure_is_never_added_to_ours() -> None:
    programme = make_programme()
    source = Source.objects.create(code="abc", programme=programme, created_at=NOON)
    SourceCount.objects.create(source=source, minute=NOON, shard=0, scans=7)
    said(programme)
    found = numbers([programme], DAY, DAY)
    assert [(each.name, each.times, each.people) for each in found.sources] == [("扫码：没有名称的码", 7, None)]
    assert [each.row.number for each in found.figures] == [1_000]


def test_each_printed_code_with_a_name_is_a_source_of_its_own() -> None:
    programme = make_programme()
    for code, name, scans in (("a", "书城海报", 5), ("b", "地铁站", 9), ("c", "", 2), ("d", "", 1)):
        source = Source.objects.create(code=code, programme=programme, name=name, created_at=NOON)
        SourceCount.objects.create(source=source, minute=NOON, shard=0, scans=scans)
        SourceCount.objects.create(source=source, minute=NOON - dt.timedelta(days=1), shard=0, scans=100)
    rows = [(each.name, each.times) for each in numbers([programme], DAY, DAY).sources]
    assert rows == [("扫码：地铁站", 9), ("扫码：书城海报", 5), ("扫码：没有名称的码", 3)]


def test_a_member_without_a_sector_is_said_to_have_none() -> None:
    programme = make_programme()
    aired(programme, Person.objects.create(name="王一", is_member=True))
    found = numbers([programme], DAY, DAY)
    assert [row.more for row in found.members] == ["—"]
    assert [row.name for row in found.sectors] == ["—"]


def test_the_page_shows_the_first_members_and_the_files_all() -> None:
    programme = make_programme()
    people = [Person(name=f"委员{number:03d}", is_member=True, sector="科技界") for number in range(103)]
    aired(programme, *Person.objects.bulk_create(people))
    client = Client()
    client.force_login(make_staff(programme, "secretariat"))
    page = "/staff/numbers/?since=2026-03-05&until=2026-03-05"
    text = client.get(page).content.decode()
    assert "委员099" in text
    assert "委员100" not in text
    assert "全部 103 位在下载的文件里" in text
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{page}&format=xlsx").content))
    assert book.worksheets[0].max_row == 104


def test_a_struck_figure_stays_to_be_seen() -> None:
    programme = make_programme()
    row = said(programme)
    services.strike(HOUSE, row.pk)
    [left] = numbers([programme], DAY, DAY).figures
    assert left.row.struck_at is not None
    with pytest.raises(IllegalTransition):
        services.strike(HOUSE, row.pk)
    acts = list(AuditEntry.objects.filter(target=f"partner_figure:{row.pk}").values_list("act", flat=True))
    assert sorted(acts) == ["partner_figure.enter", "partner_figure.void"]


def test_who_does_not_report_enters_nothing() -> None:
    programme = make_programme()
    actor = Actor(user_id=make_staff(programme, "moderator").pk)
    facts = {"source": "x", "measure": "times", "number": 1, "since": DAY, "until": DAY, "told_at": NOON}
    with pytest.raises(NotAllowed):
        services.enter(actor, programme.pk, **facts)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput):
        services.enter(HOUSE, programme.pk, **{**facts, "told_at": clock.now() + dt.timedelta(days=1)})  # type: ignore[arg-type]


def test_the_page_and_its_files() -> None:
    programme = make_programme()
    aired(programme, Person.objects.create(name="=1+1", is_member=True, sector="@界"))
    said(programme, source="=HYPERLINK(1)")
    client = Client()
    client.force_login(make_staff(programme, "secretariat"))
    page = "/staff/numbers/?since=2026-03-05&until=2026-03-05"
    text = client.get(page).content.decode()
    assert "=1+1" in text
    assert '<rect width="100.0"' in text
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{page}&format=xlsx").content))
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert {"=1+1", "@界", "=HYPERLINK(1)"} <= {cell.value for cell in cells}
    assert "f" not in {cell.data_type for cell in cells if cell.value not in {"=1+1", "=HYPERLINK(1)"}}
    made = docx.Document(io.BytesIO(client.get(f"{page}&format=docx").content))
    assert "=1+1" in [cell.text for table in made.tables for line in table.rows for cell in line.cells]
    typed = {
        "programme": programme.pk,
        "source": "电台",
        "measure": "people",
        "number": "12",
        "since": "2026-03-05",
        "until": "2026-03-05",
        "told_at": "2026-03-06T09:00",
    }
    assert client.post(page, {**typed, "number": "-1"}).status_code == 422
    assert client.post(page, typed).status_code == 302
    assert "电台" in client.get(page).content.decode()
