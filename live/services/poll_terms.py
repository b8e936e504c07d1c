"""Checks what is laid down for a poll before it opens and puts it into the row; it saves nothing and opens nothing."""

from __future__ import annotations

from typing import Any

import msgspec
from django.utils.translation import gettext as _

from broadcast.errors import InvalidInput
from broadcast.models import Airing, Segment
from broadcast.models.catalogue import Assurance
from live import poll_rules, protocol
from live.models import Option, Poll, Question, Roll
from live.services.poll_rows import clean

_KNOWN_ELECTORATES = frozenset({Poll.Electorate.MEMBERS, Poll.Electorate.CODES, Poll.Electorate.ROLL})


def lay_down(poll: Poll, airing: Airing, terms: protocol.PollTerms) -> list[str]:
    """Put the terms into the unsaved or locked row; returns the texts of its options. Raises InvalidInput (field)."""
    options = _options(terms)
    choice = poll_rules.choice(terms.kind, terms.fewest, terms.most, len(options))
    if choice is None:
        raise InvalidInput(_("最少和最多可选的项数不对，请检查。"), field="most")
    if terms.secrecy == "named" and terms.results == "never":
        raise InvalidInput(_("记名投票会公布谁选了什么，结果不能选“不公开”。"), field="secrecy")
    poll.question = clean(terms.question, 120, "question")
    poll.kind, (poll.fewest, poll.most) = terms.kind, choice
    poll.results, poll.secrecy, poll.revote = terms.results, terms.secrecy, terms.revote
    poll.electorate, poll.eligible = terms.electorate, terms.eligible
    poll.roll = _roll(airing, terms)
    poll.least_assurance = _least_assurance(airing, terms)
    poll.rule = _rule(terms)
    poll.seconds, poll.filling_seconds = terms.seconds, terms.filling_seconds
    poll.grace_seconds = airing.delay_seconds
    poll.adds_entered = terms.adds_entered
    poll.segment_id = _of(airing, Segment.objects.filter(episode=airing.episode_id), terms.segment, "segment")
    poll.about_id = _of(airing, Question.objects.filter(room=airing.pk), terms.about, "about")
    poll.compares_id = _compared(poll, airing, terms, options)
    return options


def put_options(poll: Poll, options: list[str]) -> None:
    """The options of a draft, in place of those it had. Nobody has chosen one yet."""
    poll.options.all().delete()
    Option.objects.bulk_create([Option(poll=poll, position=at, text=each) for at, each in enumerate(options)])


def as_told(terms: protocol.PollTerms, options: list[str]) -> dict[str, Any]:
    """The terms for the audit: without what identifies the command, and without what is as always."""
    given = msgspec.to_builtins(terms)
    plain = msgspec.to_builtins(type(terms)(**_required(terms)))
    kept = {name: value for name, value in given.items() if value != plain.get(name) and name not in {"id", "type"}}
    return kept | {"question": terms.question, "options": options, "replaces": terms.replaces}


def _required(terms: protocol.PollTerms) -> dict[str, Any]:
    known = {"id": terms.id, "question": terms.question}
    return known | {"poll": terms.poll} if isinstance(terms, protocol.ChangePoll) else known


def _options(terms: protocol.PollTerms) -> list[str]:
    fixed = poll_rules.FIXED.get(terms.kind)
    if fixed is not None:
        if terms.options and tuple(terms.options) != fixed:
            raise InvalidInput(_("这种投票的选项是固定的，不用填写。"), field="options")
        return list(fixed)
    options = [clean(each, 60, "options") for each in terms.options]
    if len(options) < 2:
        raise InvalidInput(_("请至少写两个选项。"), field="options")
    if len(set(options)) != len(options):
        raise InvalidInput(_("有两个选项一样，请改一个。"), field="options")
    return options


def _least_assurance(airing: Airing, terms: protocol.PollTerms) -> int:
    """What is asked for, and never less than what electorate and secrecy need: names and rolls are of verified people."""
    programme = airing.episode.programme
    asked = programme.needs("vote") if terms.least_assurance is None else terms.least_assurance
    if terms.electorate == "members":
        return max(asked, Assurance.MEMBER)
    if terms.secrecy == "named" or terms.electorate == "roll":
        return max(asked, Assurance.PHONE)
    return asked


def _roll(airing: Airing, terms: protocol.PollTerms) -> Roll | None:
    if terms.electorate != "roll":
        return None
    # Locked: a roll is not removed while a poll that needs it is being written.
    found = Roll.objects.select_for_update().filter(pk=terms.roll, removed_at=None).first() if terms.roll else None
    if found is None or found.programme_id not in {None, airing.episode.programme_id}:
        raise InvalidInput(_("请选一份名单。"), field="roll")
    return found


def _rule(terms: protocol.PollTerms) -> dict[str, Any] | None:
    rule = terms.rule
    if rule is None:
        return None
    over, under = rule.threshold
    shares = [rule.threshold] + ([rule.quorum] if rule.quorum else [])
    if any(a > b for a, b in shares) or (over == under and rule.more_than):
        raise InvalidInput(_("比例不能超过全部。"), field="rule")
    needs_eligible = rule.base == "eligible" or rule.quorum is not None
    if needs_eligible and terms.eligible is None and terms.electorate not in _KNOWN_ELECTORATES:
        raise InvalidInput(_("按应投人数计算，请填写应投人数。"), field="eligible")
    known: dict[str, Any] = msgspec.to_builtins(rule)
    return known


def _of(airing: Airing, among: Any, asked: int | None, field: str) -> int | None:
    if asked is not None and not among.filter(pk=asked).exists():
        raise InvalidInput(_("这一场没有所选的环节或问题。"), field=field)
    return asked


def _compared(poll: Poll, airing: Airing, terms: protocol.PollTerms, options: list[str]) -> int | None:
    """The earlier poll, of the same programme, kind and options, open or closed: what differs cannot be compared, nor what a rehearsal
    came to with what did count."""
    if terms.compares is None:
        return None
    earlier = Poll.objects.select_related("room__airing__episode").filter(pk=terms.compares).exclude(pk=poll.pk).first()
    if (
        earlier is None
        or earlier.room.airing.episode.programme_id != airing.episode.programme_id
        or earlier.state not in {Poll.State.OPEN, Poll.State.CLOSED}
        or (earlier.room.airing.kind == Airing.Kind.REHEARSAL and airing.kind != Airing.Kind.REHEARSAL)
        or earlier.kind != terms.kind
        or list(earlier.options.values_list("text", flat=True)) != options
    ):
        raise InvalidInput(_("只能和同一节目里题型、选项都一样的投票比较。"), field="compares")
    return earlier.pk
