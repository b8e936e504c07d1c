"""Makes and changes episodes with their airings, people and run-down, and moves their publication; it must not move an airing's state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from broadcast import audit, clock, lifecycle, registry, signals
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotFound
from broadcast.models import Airing, Appearance, Episode, Feed, Person, Programme
from broadcast.placing import Clash, Placed, merged
from broadcast.rundown_lines import LinePlan
from broadcast.services import rundown
from broadcast.services.closing import require_open
from broadcast.templatetags.staff import when


@dataclass(frozen=True)
class SegmentPlan:
    """A segment of the run-down in order; `role` is a code of the programme's segment roles or empty."""

    title: str
    seconds: int
    role: str = ""
    pk: int | None = None


@dataclass(frozen=True)
class GuestPlan:
    """Somebody who appears: an existing person by `person`, or a new one by name."""

    role: str
    name: str = ""
    organisation: str = ""
    title: str = ""
    sector: str = ""
    is_member: bool = False
    person: int | None = None


@dataclass(frozen=True)
class EpisodePlan:
    """All that a producer fills in. Times are aware; `number` None with a `slug` makes an unnumbered special."""

    programme: int
    title: str
    start: dt.datetime
    end: dt.datetime
    number: int | None = None
    slug: str = ""
    title_en: str = ""
    description: str = ""
    feed: int | None = None
    backup_feed: int | None = None
    kind: str = Airing.Kind.PREMIERE
    # What the run-down was when the plan was begun; None: whatever it is by now is written over.
    rundown_version: int | None = None
    # The same of number, times and feeds: what the plan leaves as it was stays as somebody made it since.
    was: Placed | None = None
    # A LinePlan says how its segment is timed too.
    segments: Sequence[SegmentPlan | LinePlan] = field(default_factory=tuple)
    guests: Sequence[GuestPlan] = field(default_factory=tuple)


def next_number(programme: Programme) -> int:
    """The number that the next episode should take: one after the highest, at least the programme's `next_number`."""
    highest = programme.episodes.aggregate(Max("number"))["number__max"] or 0
    return max(highest + 1, programme.next_number)


def create(actor: Actor, plan: EpisodePlan) -> Episode:
    """A draft episode with its first airing. Raises InvalidInput (data: field) for a taken number, a bad span, an empty title, and
    Conflict (data: field, clashes) where a guest, studio or feed would be in two places at once.

    Locks the programme, so that two producers cannot take one number. Audited; tells episode_changed.
    """
    with transaction.atomic(), audit.at_the_end():
        programme = Programme.objects.select_for_update().filter(pk=plan.programme).first()
        if programme is None:
            raise NotFound(_("没有这个节目。"))
        require(actor, Ability.PRODUCE, programme.pk)
        require_open(programme)
        _check(plan, programme)
        now = clock.now()
        episode = Episode.objects.create(
            programme=programme,
            number=plan.number,
            slug=plan.slug,
            title=plan.title.strip(),
            title_en=plan.title_en.strip(),
            description=plan.description.strip(),
            created_at=now,
        )
        Airing.objects.create(
            episode=episode,
            kind=plan.kind,
            feed_id=plan.feed,
            backup_feed_id=plan.backup_feed,
            planned_start=plan.start,
            planned_end=plan.end,
            delay_seconds=programme.delay_seconds,
            created_at=now,
        )
        rundown.adopt(actor, episode, _lines(plan))
        _set_guests(episode, plan.guests)
        lifecycle.placed_all(episode)
        audit.record(actor, "episode.create", f"episode:{episode.pk}", after=_facts(episode))
        signals.tell(signals.episode_changed, episode_id=episode.pk)
        return episode


def edit(actor: Actor, episode_id: int, plan: EpisodePlan) -> Episode:
    """Change what the plan says. Times, feed and run-down only while the first airing has not begun; words always.

    Raises InvalidInput, NotFound, Conflict as `create`, and Conflict (field) where somebody else changed number, times or feeds since
    `plan.was` and the plan wants them otherwise. Locks the airings, then the episode; audited; tells episode_changed and
    rundown_changed.
    """
    with transaction.atomic(), audit.at_the_end():
        episode = lifecycle.locked_episode(episode_id)
        require(actor, Ability.PRODUCE, episode.programme_id)
        plan = _brought_up(plan, episode)
        _check(plan, episode.programme, episode)
        before = _facts(episode)
        episode.number, episode.slug, episode.title = plan.number, plan.slug, plan.title.strip()
        episode.title_en, episode.description = plan.title_en.strip(), plan.description.strip()
        episode.save(update_fields=["number", "slug", "title", "title_en", "description"])
        airing = episode.airings.order_by("created_at").first()
        if airing is not None:
            if airing.state in {Airing.State.PLANNED, Airing.State.WAITING}:
                airing.planned_start, airing.planned_end = plan.start, plan.end
                if airing.state == Airing.State.PLANNED:
                    airing.feed_id, airing.backup_feed_id = plan.feed, plan.backup_feed
                airing.save(update_fields=["planned_start", "planned_end", "feed", "backup_feed"])
                rundown.adopt(actor, episode, _lines(plan), airing=airing, version=plan.rundown_version)
            signals.tell(signals.rundown_changed, airing_id=airing.pk)
        _set_guests(episode, plan.guests)
        lifecycle.placed_all(episode)
        audit.record(actor, "episode.edit", f"episode:{episode.pk}", before=before, after=_facts(episode))
        signals.tell(signals.episode_changed, episode_id=episode.pk)
        return episode


def placed_of(episode: Episode) -> Placed:
    """Number, times and feeds as they are: what a form begins with."""
    airing = episode.airings.order_by("created_at").first()
    if airing is None:
        return Placed(episode.number, None, None)
    return Placed(episode.number, airing.planned_start, airing.planned_end, airing.feed_id, airing.backup_feed_id)


def _brought_up(plan: EpisodePlan, episode: Episode) -> EpisodePlan:
    if plan.was is None:
        return plan
    wanted = Placed(plan.number, plan.start, plan.end, plan.feed, plan.backup_feed)
    try:
        number, start, end, feed, backup_feed = merged(plan.was, placed_of(episode), wanted)
    except Clash as error:
        words = {
            "number": _("有人刚把期号改成了 %(now)s。您填的还在，请看过再保存。"),
            "start": _("有人刚把时间改成了 %(now)s。您填的还在，请看过再保存。"),
            "feed": _("有人刚换了信号。您填的还在，请看过再保存。"),
        }[error.field]
        now = when(error.now[0]) if error.field == "start" else error.now[0]
        raise Conflict(words % {"now": now}, field=error.field) from error
    start, end = start or plan.start, end or plan.end
    return replace(plan, number=number, start=start, end=end, feed=feed, backup_feed=backup_feed)


def announce(actor: Actor, airing_id: UUID) -> Airing:
    """Let the public know of the airing: it appears among what is coming and its page exists. Publishes the episode's page.

    Locks programme and airing, then lets the upper apps settle what the public must not see change (`registry.airing_announced`).
    """
    with transaction.atomic(), audit.at_the_end():
        list(Programme.objects.select_for_update(of=("self",)).filter(episodes__airings=airing_id).values("pk"))
        airing = lifecycle.locked(airing_id)
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
        if airing.kind == Airing.Kind.REHEARSAL:
            raise IllegalTransition(_("彩排不对外预告。"), state=airing.state)
        if airing.state == Airing.State.CANCELLED:
            raise IllegalTransition(_("这一场已取消，不能预告。"), state=airing.state)
        if airing.announced_at is None:
            for _name, settle in registry.airing_announced:
                settle(airing)
            airing.announced_at = clock.now()
            airing.save(update_fields=["announced_at"])
        _publish(actor, _locked(airing.episode_id))
        audit.record(actor, "airing.announce", f"airing:{airing.pk}", airing=airing)
        signals.tell(signals.episode_changed, episode_id=airing.episode_id)
        return airing


def publish(actor: Actor, episode_id: int) -> Episode:
    """→ published: the episode's page may be seen (again, after a withdrawal). Its replay waits for sign_off all the same."""
    with transaction.atomic():
        episode = _locked(episode_id)
        require(actor, Ability.SIGN_OFF, episode.programme_id)
        return _publish(actor, episode)


def sign_off(actor: Actor, episode_id: int) -> Episode:
    """Release the replay to the public. Raises IllegalTransition while no airing has ended."""
    with transaction.atomic():
        episode = _locked(episode_id)
        require(actor, Ability.SIGN_OFF, episode.programme_id)
        if not episode.airings.filter(state=Airing.State.ENDED).exists():
            raise IllegalTransition(_("节目还没有结束，结束后才能签发回看。"))
        if episode.signed_off_at is None:
            episode.signed_off_at = clock.now()
            episode.save(update_fields=["signed_off_at"])
            audit.record(actor, "episode.sign_off", f"episode:{episode.pk}")
            signals.tell(signals.episode_changed, episode_id=episode.pk)
        return episode


def withdraw(actor: Actor, episode_id: int, reason: str) -> Episode:
    """→ withdrawn: page, stream and replay leave every public surface within two seconds. The recording is kept, sign-off lapses."""
    if not reason.strip():
        raise InvalidInput(_("请写明撤下的原因。"), field="reason")
    with transaction.atomic():
        episode = _locked(episode_id)
        require(actor, Ability.SIGN_OFF, episode.programme_id)
        before = episode.publication
        episode.publication = Episode.Publication.WITHDRAWN
        episode.signed_off_at = None
        episode.save(update_fields=["publication", "signed_off_at"])
        audit.record(
            actor, "episode.withdraw", f"episode:{episode.pk}", reason=reason, before=before, after=episode.publication
        )
        signals.tell(signals.episode_changed, episode_id=episode.pk)
        return episode


def _publish(actor: Actor, episode: Episode) -> Episode:
    if episode.publication != Episode.Publication.PUBLISHED:
        before, episode.publication = episode.publication, Episode.Publication.PUBLISHED
        episode.published_at = clock.now()
        episode.save(update_fields=["publication", "published_at"])
        audit.record(actor, "episode.publish", f"episode:{episode.pk}", before=before, after=episode.publication)
        signals.tell(signals.episode_changed, episode_id=episode.pk)
    return episode


def _locked(episode_id: int) -> Episode:
    found = Episode.objects.select_for_update(of=("self",)).select_related("programme").filter(pk=episode_id).first()
    if found is None:
        raise NotFound(_("没有这一期。"))
    return found


def _check(plan: EpisodePlan, programme: Programme, episode: Episode | None = None) -> None:
    if not plan.title.strip():
        raise InvalidInput(_("请填写标题。"), field="title")
    if plan.end <= plan.start:
        raise InvalidInput(_("结束时间要晚于开始时间。"), field="end")
    if plan.number is None and not plan.slug:
        raise InvalidInput(_("请填写期号；没有期号的特别节目请填写网址名。"), field="number")
    others = programme.episodes.exclude(pk=episode.pk) if episode else programme.episodes.all()
    if plan.number is not None and others.filter(number=plan.number).exists():
        raise InvalidInput(
            _("第 %(number)s 期已经有了，下一个空号是 %(next)s。")
            % {"number": plan.number, "next": next_number(programme)},
            field="number",
        )
    if plan.slug and others.filter(slug=plan.slug).exists():
        raise InvalidInput(_("这个网址名已经有了，请换一个。"), field="slug")
    if plan.feed is not None and not Feed.objects.filter(pk=plan.feed, is_active=True).exists():
        raise InvalidInput(_("没有这路信号。"), field="feed")
    _check_backup(plan)


def _check_backup(plan: EpisodePlan) -> None:
    if plan.backup_feed is None:
        return
    if plan.feed is None:
        raise InvalidInput(_("请先选主路信号，再选备路。"), field="backup_feed")
    if plan.backup_feed == plan.feed:
        raise InvalidInput(_("备路要和主路是不同的信号。"), field="backup_feed")
    if not Feed.objects.filter(pk=plan.backup_feed, is_active=True).exists():
        raise InvalidInput(_("没有这路信号。"), field="backup_feed")


def _lines(plan: EpisodePlan) -> list[LinePlan]:
    return [
        each if isinstance(each, LinePlan) else LinePlan(each.title.strip(), each.seconds, each.role, pk=each.pk)
        for each in plan.segments
    ]


def _set_guests(episode: Episode, plans: Sequence[GuestPlan]) -> None:
    episode.appearances.all().delete()
    for position, plan in enumerate(plans, start=1):
        person = Person.objects.filter(pk=plan.person).first() if plan.person else None
        if person is None:
            if not plan.name.strip():
                raise InvalidInput(_("请填写嘉宾姓名。"), field="guests")
            person = Person.objects.create(
                name=plan.name.strip(),
                organisation=plan.organisation.strip(),
                title=plan.title.strip(),
                sector=plan.sector.strip(),
                is_member=plan.is_member,
            )
        Appearance.objects.create(episode=episode, person=person, role=plan.role, position=position)


def _facts(episode: Episode) -> dict[str, object]:
    return {"programme": episode.programme_id, "number": episode.number, "slug": episode.slug, "title": episode.title}
