"""Words that go to guests: invitation, reminder, change; always in the house's language. They are made here and sent elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from broadcast.clock import ZONE
from broadcast.models import Airing, Appearance, Person
from broadcast.templatetags.staff import when
from scheduling.models import Notice

# How long before the start a guest is asked to be there.
EARLY = dt.timedelta(minutes=30)
Letter = tuple[str, str]


def _in_house_language(make: Callable[..., Letter]) -> Callable[..., Letter]:
    @wraps(make)
    def made(*args: object, **kwargs: object) -> Letter:
        with translation.override(settings.LANGUAGE_CODE):
            return make(*args, **kwargs)

    return made


@_in_house_language
def invitation(person: Person, airing: Airing, role: str, place: str, message: str, url: str) -> Letter:
    """Title and text of an invitation, ending with its link; `role` is an Appearance.Role, `place` may be empty."""
    lines = [
        _("%(name)s：") % {"name": addressed(person)},
        _("邀请您作为%(role)s参加%(what)s。") % {"role": role_words(role), "what": what(airing)},
        *_facts(airing, place),
        *([message.strip()] if message.strip() else []),
        _("请打开链接答复：能来、不能来，或者另提时间。不用登录，链接只给您一个人。"),
        url,
    ]
    return _("邀请您参加%(what)s") % {"what": short(airing)}, "\n".join(lines)


@_in_house_language
def reminder(person: Person, airing: Airing, place: str, url: str, is_answered: bool) -> Letter:
    """Title and text that remind of an appearance, or of an answer that has not come."""
    lines = [_("%(name)s：") % {"name": addressed(person)}]
    if is_answered:
        title = _("提醒：%(what)s") % {"what": short(airing)}
        lines += [_("提醒您参加%(what)s。") % {"what": what(airing)}, *_facts(airing, place)]
        lines += [_("简报：%(url)s") % {"url": url}] if url else []
    else:
        title = _("请答复：%(what)s") % {"what": short(airing)}
        lines += [_("%(what)s 的邀请还没有收到您的答复。") % {"what": what(airing)}, *_facts(airing, place), url]
    return title, "\n".join(lines)


@_in_house_language
def change(person: Person, airing: Airing, kind: str, words: str, to: dt.datetime | None = None) -> Letter:
    """Title and text of what became of an airing that somebody counts on; `kind` is a Notice.Kind.

    `to`: it is about to go there, and still stands at its old time. One that gives way stands at its old time too.
    """
    lines = [_("%(name)s：") % {"name": addressed(person)}, what(airing)]
    about = short(airing)
    if kind == Notice.Kind.PREEMPTED or to is not None:
        about = _("《%(programme)s》原定 %(when)s") % _short(airing)
        lines.append(_("原定时间：%(when)s（北京时间）") % {"when": when(airing.planned_start)})
    elif kind != Notice.Kind.CANCELLED:
        lines.append(_("时间：%(when)s（北京时间）") % {"when": when(airing.planned_start)})
    if to is not None:
        lines.append(_("新的时间：%(when)s（北京时间）") % {"when": when(to)})
    title = _("%(verb)s：%(what)s") % {"verb": str(Notice.Kind(kind).label), "what": about}
    return title, "\n".join([*lines, words.strip()])


def addressed(person: Person) -> str:
    """The name as a letter begins with it."""
    return person.name


def what(airing: Airing) -> str:
    """《委员议事厅》第 117 期“电动自行车怎么停、怎么充”."""
    words = {
        "programme": airing.episode.programme.name_zh,
        "number": airing.episode.number,
        "title": airing.episode.title,
    }
    if airing.episode.number is None:
        return _("《%(programme)s》“%(title)s”") % words
    return _("《%(programme)s》第 %(number)s 期“%(title)s”") % words


def short(airing: Airing) -> str:
    """《委员议事厅》 2026-02-05 周四 15:00."""
    return _("《%(programme)s》%(when)s") % _short(airing)


def _short(airing: Airing) -> dict[str, str]:
    return {"programme": airing.episode.programme.name_zh, "when": when(airing.planned_start)}


def role_words(role: str) -> str:
    """主持人, 委员, …; the code itself for one that we do not know."""
    return str(dict(Appearance.Role.choices).get(role, role))


def _facts(airing: Airing, place: str) -> list[str]:
    end = airing.planned_end.astimezone(ZONE)
    early = (airing.planned_start - EARLY).astimezone(ZONE)
    lines = [
        _("时间：%(start)s–%(end)s（北京时间），请 %(early)s 前到")
        % {"start": when(airing.planned_start), "end": f"{end:%H:%M}", "early": f"{early:%H:%M}"}
    ]
    return lines + ([_("地点：%(place)s") % {"place": place}] if place else [])
