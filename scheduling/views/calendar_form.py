"""The calendar's form of a new airing: reads what a producer typed and keeps it; services decide and write."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms import formset_factory
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from broadcast.clock import ZONE
from broadcast.errors import BroadcastError
from broadcast.forms import PlainForm, date_input, time_input
from broadcast.models import Appearance, Feed, Person, Programme
from broadcast.services.episodes import GuestPlan
from broadcast.templatetags.staff import weekday
from scheduling.models import Availability, Studio
from scheduling.queries import booking, free
from scheduling.queries.booking import Clash, Thing
from scheduling.queries.calendar import following
from scheduling.services.planning import Wish

MOST_GUESTS = 12
BLANK_GUESTS = 2
_EARLIEST, _LATEST = dt.date(2000, 1, 1), dt.date(2099, 12, 31)


class AiringForm(PlainForm):
    """Programme, time, studio and feed of one airing."""

    programme = forms.ChoiceField(label=pgettext_lazy("一个", "节目"))
    title = forms.CharField(label=gettext_lazy("标题"), max_length=120, required=False)
    date = forms.DateField(label=gettext_lazy("日期"), widget=date_input())
    start = forms.TimeField(label=gettext_lazy("开始"), widget=time_input())
    end = forms.TimeField(label=gettext_lazy("结束"), widget=time_input())
    studio = forms.ChoiceField(label=gettext_lazy("演播室"), required=False)
    feed = forms.ChoiceField(label=gettext_lazy("信号"), required=False)

    def __init__(self, *args: Any, programmes: Sequence[Programme], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("programme", [(str(each.pk), _programme_words(each)) for each in programmes])
        studios = Studio.objects.filter(is_active=True).values_list("pk", "name")
        self.choose("studio", [("", _("以后再定")), *((str(pk), name) for pk, name in studios)])
        feeds = Feed.objects.filter(is_active=True).order_by("name").values_list("pk", "name")
        self.choose("feed", [("", _("以后再定")), *((str(pk), name) for pk, name in feeds)])

    def choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        """Give a field its choices."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_date(self) -> dt.date:
        """A day within this century: what lies outside was mistyped."""
        day: dt.date = self.cleaned_data["date"]
        if not _EARLIEST <= day <= _LATEST:
            raise forms.ValidationError(_("请检查年份。"))
        return day

    def clean(self) -> dict[str, Any]:
        """An end after the start."""
        data = super().clean() or self.cleaned_data
        if data.get("start") and data.get("end") and data["end"] <= data["start"]:
            self.add_error("end", _("结束时间要晚于开始时间。"))
        return data

    def span(self) -> tuple[dt.datetime, dt.datetime] | None:
        """Start and end in Beijing time; None while they cannot be read."""
        data = getattr(self, "cleaned_data", {})
        if not all(data.get(name) for name in ("date", "start", "end")) or data["end"] <= data["start"]:
            return None
        start = dt.datetime.combine(data["date"], data["start"], tzinfo=ZONE)
        return start, dt.datetime.combine(data["date"], data["end"], tzinfo=ZONE)


class GuestForm(PlainForm):
    """One person, and as what; an empty row is nobody."""

    person = forms.ChoiceField(label=gettext_lazy("嘉宾"), required=False)
    role = forms.ChoiceField(label=gettext_lazy("身份"), required=False, choices=Appearance.Role.choices)

    def __init__(self, *args: Any, people: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person = self.fields["person"]
        assert isinstance(person, forms.ChoiceField)
        person.choices = people


GuestRows = formset_factory(GuestForm, extra=0, max_num=MOST_GUESTS, absolute_max=MOST_GUESTS)


class NewAiring:
    """The whole form: airing and guest rows, bound together."""

    def __init__(self, programmes: Sequence[Programme], data: QueryDict | None, initial: dict[str, Any]) -> None:
        people = [("", _("以后再定")), *_people_choices()]
        self.programmes = programmes
        self.form = AiringForm(data, initial=initial, programmes=programmes)
        self.guests = GuestRows(
            data,
            prefix="guests",
            initial=[{"role": Appearance.Role.MEMBER}] * BLANK_GUESTS,
            form_kwargs={"people": people},
        )
        self.show_errors = False
        self.refusal = ""
        self.clashes: list[Clash] = []
        self.unwilling: list[Availability] = []
        self.nearest: dt.datetime | None = None

    def read(self) -> bool:
        """Clean every part, and tell no mistakes yet."""
        return all([self.form.is_valid(), self.guests.is_valid()])

    def is_valid(self) -> bool:
        """Clean every part, so that all mistakes are told at once."""
        self.show_errors = True
        return self.read()

    def blame(self, error: BroadcastError) -> None:
        """Say a refusal of the service at the top, and beside the field that it names."""
        self.refusal = error.message
        name = str(error.data.get("field", ""))
        if name in self.form.fields and not error.data.get("clashes"):
            self.form.add_error(name, error.message)

    def look_up(self) -> None:
        """Find what is in the way of what was typed, who said they cannot, and the next time that suits all. A few queries."""
        span, things = self.form.span(), self.things()
        if span is None or not things:
            return
        people = [number for thing, number in things if thing == "person"]
        self.clashes = booking.clashes(*span, things)
        self.unwilling = free.unwilling(people, *span) if people else []
        if self.clashes or self.unwilling:
            self.nearest = free.nearest(things, span[0], span[1] - span[0])

    @property
    def minutes(self) -> int | None:
        """How long it takes, as typed."""
        span = self.form.span() if self.form.is_bound else None
        return round((span[1] - span[0]).total_seconds() / 60) if span else None

    @property
    def nearest_end(self) -> dt.datetime | None:
        """When what begins at `nearest` ends."""
        span = self.form.span()
        return self.nearest + (span[1] - span[0]) if self.nearest and span else None

    @property
    def take(self) -> str:
        """The next free time as a button says it: start/end in ISO 8601; empty without one."""
        times = (self.nearest, self.nearest_end)
        return "/".join(each.astimezone(ZONE).isoformat() for each in times if each)

    @property
    def nearest_words(self) -> str:
        """The next free time in words, with its day where that is another; empty without one."""
        span, end = self.form.span(), self.nearest_end
        if self.nearest is None or end is None or span is None:
            return ""
        start = self.nearest.astimezone(ZONE)
        words = f"{start:%H:%M}–{end.astimezone(ZONE):%H:%M}"
        return words if start.date() == span[0].date() else f"{start:%m-%d} {weekday(start)} {words}"

    def words_of(self, clash: Clash) -> str:
        """Where somebody or something is instead."""
        start, end = (dt.datetime.fromisoformat(each) for each in (clash.start, clash.end))
        words = {"time": booking.span_words(start, end), "what": clash.what, "role": clash.role}
        return (_("%(time)s 已排在%(what)s，%(role)s。") if clash.role else _("%(time)s 已排在%(what)s。")) % words

    def words_of_unwilling(self, said: Availability) -> str:
        """That somebody said they cannot."""
        return (
            _("本人说过这段时间不方便：%(note)s") % {"note": said.note} if said.note else _("本人说过这段时间不方便。")
        )

    @property
    def rows(self) -> list[tuple[GuestForm, list[str], list[str]]]:
        """The guests' rows, each with what is in its way and what speaks against it."""
        found = []
        for row in self.guests:
            chosen = str(row["person"].value() or "")
            against = [self.words_of(each) for each in self.clashes if (each.thing, str(each.id)) == ("person", chosen)]
            said = [self.words_of_unwilling(each) for each in self.unwilling if str(each.person_id) == chosen]
            found.append((row, against, said))
        return found

    @property
    def people_clash(self) -> bool:
        """Whether somebody would be in two places."""
        return any(each.thing == "person" for each in self.clashes)

    @property
    def clash_groups(self) -> list[dict[str, Any]]:
        """What would be in two places, each with both of them: what stands already, and this one."""
        span = self.form.span()
        if span is None:
            return []
        here = {"time": booking.span_words(*span), "what": _("%(what)s（这一条）") % {"what": self._own_label()}}
        found: dict[Thing, dict[str, Any]] = {}
        for each in self.clashes:
            words = {"name": each.name, "day": f"{span[0]:%m-%d} {weekday(span[0])}"}
            people, rooms = _("%(name)s %(day)s不能同时在两处"), _("%(name)s %(day)s不能同时给两场用")
            title = (people if each.thing == "person" else rooms) % words
            group = found.setdefault((each.thing, each.id), {"title": title, "rows": [here]})
            there = (dt.datetime.fromisoformat(at) for at in (each.start, each.end))
            what = _("%(what)s，%(role)s") % {"what": each.what, "role": each.role} if each.role else each.what
            group["rows"].insert(-1, {"time": booking.span_words(*there), "what": what})
        return list(found.values())

    def _own_label(self) -> str:
        chosen = self.form["programme"].value()
        return next((each.name for each in self.programmes if str(each.pk) == chosen), "")

    def in_the_way_of(self, thing: str) -> list[str]:
        """What is in the way of the studio, or of the feed."""
        return [self.words_of(each) for each in self.clashes if each.thing == thing]

    @property
    def studio_clashes(self) -> list[str]:
        """For the page."""
        return self.in_the_way_of("studio")

    @property
    def feed_clashes(self) -> list[str]:
        """For the page."""
        return self.in_the_way_of("feed")

    def chosen(self) -> list[tuple[int, str]]:
        """Who is asked, and as what; of rows that could be read."""
        rows = [getattr(row, "cleaned_data", {}) for row in self.guests]
        return [(int(row["person"]), row["role"] or Appearance.Role.MEMBER) for row in rows if row.get("person")]

    def things(self) -> list[Thing]:
        """What the airing takes, as far as it could be read: people, studio, feed."""
        data = getattr(self.form, "cleaned_data", {})
        rooms = [(thing, int(data[thing])) for thing in ("studio", "feed") if data.get(thing)]
        return [*(("person", person) for person, _role in self.chosen()), *rooms]

    def wish(self) -> Wish:
        """What was typed, for the service; only after is_valid."""
        data, span = self.form.cleaned_data, self.form.span()
        assert span is not None
        return Wish(
            programme=int(data["programme"]),
            start=span[0],
            end=span[1],
            title=data["title"],
            guests=[GuestPlan(role=role, person=person) for person, role in self.chosen()],
            studio=_whole(data["studio"]),
            feed=_whole(data["feed"]),
        )


def _whole(chosen: str) -> int | None:
    return int(chosen) if chosen else None


def _programme_words(programme: Programme) -> str:
    if getattr(programme, "is_regular", False):  # its drafts are numbered in order of time
        return programme.name
    return _("%(name)s（下一期是第 %(number)s 期）") % {"name": programme.name, "number": following(programme)}


def _people_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Everybody who may be asked, by 界别 or organisation. One query."""
    groups: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for each in Person.objects.exclude(card__is_retired=True).order_by("sector", "name", "pk"):
        groups[each.sector or _("未填界别")].append((str(each.pk), f"{each.name} {each.organisation}".strip()))
    return list(groups.items())
