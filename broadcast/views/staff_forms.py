"""The episode form: reads what a producer typed, keeps it, and turns it into an EpisodePlan; the service decides and writes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from django import forms
from django.forms import BaseFormSet, formset_factory
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from broadcast.clock import ZONE
from broadcast.forms import PlainForm, SegmentRow, date_input, length_text, time_input
from broadcast.models import Airing, Appearance, Episode, Feed, Person, Programme
from broadcast.placing import Placed
from broadcast.rundown_lines import LinePlan
from broadcast.services import rundown
from broadcast.services.episodes import EpisodePlan, GuestPlan, SegmentPlan, next_number, placed_of
from broadcast.views.staff_rows import MORE_ROWS, MOST_ROWS

LONGEST_MINUTES = 24 * 60


class EpisodeForm(PlainForm):
    """Words, number, time and feed of an episode and its first airing."""

    number = forms.IntegerField(label=gettext_lazy("期号"), required=False, min_value=1, max_value=999_999)
    slug = forms.SlugField(
        label=gettext_lazy("网址名"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("只有不编期号的特别节目才要填：小写字母、数字和连字符。"),
    )
    title = forms.CharField(label=gettext_lazy("标题"), max_length=120)
    title_en = forms.CharField(label=gettext_lazy("英文标题"), max_length=200, required=False)
    description = forms.CharField(
        label=gettext_lazy("简介"),
        max_length=4_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("观众在开播前看到：讨论什么，为什么讨论。"),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("这一场是"),
        choices=[(each.value, each.label) for each in (Airing.Kind.PREMIERE, Airing.Kind.REHEARSAL)],
    )
    date = forms.DateField(label=gettext_lazy("日期"), widget=date_input())
    start = forms.TimeField(label=gettext_lazy("开始时间"), widget=time_input())
    minutes = forms.IntegerField(label=gettext_lazy("时长（分钟）"), min_value=1, max_value=LONGEST_MINUTES)
    # What the run-down was when the form was made; one that somebody changed since is not written over.
    rundown_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    # Number, times and feeds at that time, as JSON (`placing.Placed`).
    was = forms.CharField(required=False, widget=forms.HiddenInput)
    feed = forms.ModelChoiceField(
        label=gettext_lazy("信号"),
        queryset=Feed.objects.none(),
        required=False,
        empty_label=gettext_lazy("以后再定"),
        help_text=gettext_lazy("一路信号同时只能给一场用。"),
    )
    backup_feed = forms.ModelChoiceField(
        label=gettext_lazy("备路信号"),
        queryset=Feed.objects.none(),
        required=False,
        empty_label=gettext_lazy("不用备路"),
        help_text=gettext_lazy("同一画面的第二路，主路断了由它接上。"),
    )

    def __init__(self, *args: Any, programme: Programme, episode: Episode | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.programme, self.episode = programme, episode
        for name in ("feed", "backup_feed"):
            feed = self.fields[name]
            assert isinstance(feed, forms.ModelChoiceField)
            feed.queryset = Feed.objects.filter(is_active=True).order_by("name")
        if episode is not None:
            del self.fields["kind"]

    def clean_number(self) -> int | None:
        """A number that would leave a hole is refused; one already taken too, both with the number that is next."""
        number: int | None = self.cleaned_data.get("number")
        if number is None or (self.episode and self.episode.number == number) or self._is_as_it_was(number):
            return number
        following = next_number(self.programme)
        words = {"number": number, "next": following}
        if self.programme.episodes.filter(number=number).exists():
            raise forms.ValidationError(_("第 %(number)s 期已经有了，下一期是第 %(next)s 期。") % words)
        if number > following:
            raise forms.ValidationError(_("第 %(number)s 期前面有空号，下一期应是第 %(next)s 期。") % words)
        return number

    def _is_as_it_was(self, number: int) -> bool:
        """Left alone; drafts may have been numbered anew meanwhile."""
        was = _was(self.data.get("was"))
        return was is not None and was.number == number

    def clean(self) -> dict[str, Any]:
        """Either a number or an own address."""
        data = super().clean() or self.cleaned_data
        if data.get("number") is None and not data.get("slug") and "number" not in self.errors:
            self.add_error("number", _("请填写期号；不编期号的特别节目请填写网址名。"))
        return data

    def span(self) -> tuple[dt.datetime, dt.datetime]:
        """Start and end in Beijing time; only of a valid form."""
        start = dt.datetime.combine(self.cleaned_data["date"], self.cleaned_data["start"], tzinfo=ZONE)
        return start, start + dt.timedelta(minutes=self.cleaned_data["minutes"])


class SegmentForm(SegmentRow):
    """The same, of an episode: a segment that stands already is known by its number."""

    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)


class GuestForm(PlainForm):
    """One guest: somebody we know by name and organisation, or somebody new."""

    name = forms.CharField(
        label=gettext_lazy("姓名"), max_length=60, required=False, widget=forms.TextInput(attrs={"list": "people"})
    )
    organisation = forms.CharField(label=gettext_lazy("单位或界别"), max_length=120, required=False)
    role = forms.ChoiceField(label=gettext_lazy("身份"), required=False, choices=[("", "—"), *Appearance.Role.choices])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person: Person | None = None

    def clean(self) -> dict[str, Any]:
        """Find the person meant; two of one name are told apart by organisation."""
        data = super().clean() or self.cleaned_data
        name, organisation = data.get("name", ""), data.get("organisation", "")
        if not name:
            if organisation:
                self.add_error("name", _("请填写嘉宾姓名。"))
            return data
        if not data.get("role"):
            self.add_error("role", _("请选择 %(name)s 的身份。") % {"name": name})
        known = list(Person.objects.filter(name=name).order_by("pk"))
        if organisation:
            self.person = next((each for each in known if organisation in {each.organisation, each.sector}), None)
        elif len(known) > 1:
            self.add_error("organisation", _("有 %(count)s 位同名，请写明单位。") % {"count": len(known)})
        else:
            self.person = next(iter(known), None)
        return data


SegmentRows = formset_factory(SegmentForm, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS)
GuestRows = formset_factory(GuestForm, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS)


class EpisodePlanForm:
    """The whole page: episode, run-down rows and guest rows, bound together and cleaned at once."""

    def __init__(self, programme: Programme, episode: Episode | None = None, data: QueryDict | None = None) -> None:
        self.programme, self.episode = programme, episode
        roles = [(each.code, f"{each.mark} {each.name}") for each in programme.segment_roles.all()]
        initial = _initial(programme, episode) if data is None else {}
        self.form = EpisodeForm(data, initial=initial.get("form"), programme=programme, episode=episode)
        self.segments: BaseFormSet[SegmentForm] = SegmentRows(
            data, prefix="segments", initial=initial.get("segments"), form_kwargs={"roles": roles}
        )
        self.guests: BaseFormSet[GuestForm] = GuestRows(data, prefix="guests", initial=initial.get("guests"))
        self.show_errors = False
        # The run-down as somebody else made it since this form was; nothing while the form knows the newest.
        self.newer: list[LinePlan] | None = None

    def catch_up(self) -> None:
        """After a refusal: show what somebody made of the run-down meanwhile, so that saving what is typed here again is meant."""
        if self.episode is None or not self.form.is_bound:
            return
        self.episode.refresh_from_db(fields=["rundown_version", "number"])
        self.form.data = {**dict(self.form.data.items()), "was": _told(self.episode)}
        newest = str(self.episode.rundown_version)
        if self.form.data.get("rundown_version") not in {None, "", newest}:
            self.form.data = {**dict(self.form.data.items()), "rundown_version": newest}
            self.newer = rundown.plans(self.episode)

    def is_valid(self) -> bool:
        """Clean every part, so that all mistakes are told at once."""
        self.show_errors = True
        return all([self.form.is_valid(), self.segments.is_valid(), self.guests.is_valid()])

    def plan(self) -> EpisodePlan:
        """What was typed, for the service; only after is_valid."""
        data = self.form.cleaned_data
        start, end = self.form.span()
        feed: Feed | None = data["feed"]
        backup: Feed | None = data["backup_feed"]
        return EpisodePlan(
            programme=self.programme.pk,
            title=data["title"],
            start=start,
            end=end,
            number=data["number"],
            slug=data["slug"],
            title_en=data["title_en"],
            description=data["description"],
            feed=feed.pk if feed else None,
            backup_feed=backup.pk if backup else None,
            rundown_version=data["rundown_version"],
            was=_was(self.form.data.get("was")),
            kind=data.get("kind") or Airing.Kind.PREMIERE,
            segments=tuple(_segment(row.cleaned_data) for row in self.segments if row.cleaned_data.get("title")),
            guests=tuple(_guest(row) for row in self.guests if row.cleaned_data.get("name")),
        )

    def blame(self, field: str, message: str) -> None:
        """Put a refusal of the service beside the field it names, else at the top."""
        where = {"end": "minutes", "start": "start"}.get(field, field)
        self.form.add_error(where if where in self.form.fields else None, message)


def _segment(row: dict[str, Any]) -> SegmentPlan:
    return SegmentPlan(title=row["title"], seconds=row["minutes"], role=row["role"], pk=row["pk"])


def _guest(row: GuestForm) -> GuestPlan:
    data = row.cleaned_data
    person = row.person.pk if row.person else None
    return GuestPlan(role=data["role"], name=data["name"], organisation=data["organisation"], person=person)


def _initial(programme: Programme, episode: Episode | None) -> dict[str, Any]:
    blank: list[dict[str, Any]] = [{} for _row in range(MORE_ROWS)]
    if episode is None:
        last = programme.episodes.filter(segments__isnull=False).order_by("-created_at").first()
        rows = _segment_rows(last, keep=False) if last else _role_rows(programme)
        form: dict[str, Any] = {"number": next_number(programme), **_usual_time(last)}
        return {"form": form, "segments": rows + blank[:2], "guests": blank}
    airing = episode.airings.order_by("created_at").first()
    form = {name: getattr(episode, name) for name in ("number", "slug", "title", "title_en", "description")}
    form["rundown_version"] = episode.rundown_version
    form["was"] = _told(episode)
    if airing is not None:
        form |= {"date": airing.planned_start.astimezone(ZONE).date(), **_usual_time(episode)}
        form |= {"feed": airing.feed_id, "backup_feed": airing.backup_feed_id}
    return {"form": form, "segments": _segment_rows(episode, keep=True) + blank, "guests": _guest_rows(episode) + blank}


def _told(episode: Episode) -> str:
    return msgspec.json.encode(placed_of(episode)).decode()


def _was(text: Any) -> Placed | None:
    """What the form was made with; None where that was lost or is not to be believed."""
    try:
        found = msgspec.json.decode(text or "null", type=Placed | None)
    except (msgspec.DecodeError, TypeError):
        return None
    aware = found is not None and all(each is None or each.tzinfo for each in (found.start, found.end))
    return found if aware else None


def _usual_time(episode: Episode | None) -> dict[str, Any]:
    """Hour and length of an episode's first airing; a series mostly keeps them."""
    airing = episode.airings.order_by("created_at").first() if episode else None
    if airing is None:
        return {}
    minutes = round((airing.planned_end - airing.planned_start).total_seconds() / 60)
    return {"start": airing.planned_start.astimezone(ZONE).time(), "minutes": minutes}


def _role_rows(programme: Programme) -> list[dict[str, Any]]:
    return [{"role": each.code, "title": "", "minutes": None} for each in programme.segment_roles.all()]


def _segment_rows(episode: Episode, *, keep: bool) -> list[dict[str, Any]]:
    """The run-down as rows; a new episode takes over parts and minutes of the last one, not its words."""
    return [
        {
            "pk": each.pk if keep else None,
            "role": each.role.code if each.role else "",
            "title": each.title if keep or each.role is None else each.role.name_zh,
            "minutes": length_text(each.planned_seconds),
        }
        for each in episode.segments.select_related("role")
    ]


def _guest_rows(episode: Episode) -> list[dict[str, Any]]:
    return [
        {"name": each.person.name, "organisation": each.person.organisation or each.person.sector, "role": each.role}
        for each in episode.appearances.select_related("person")
    ]
