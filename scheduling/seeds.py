"""The regular times that freshly seeded programmes begin with, and the demo's next hotline; people change them afterwards."""

from __future__ import annotations

import datetime as dt

from broadcast import clock
from broadcast.access import HOUSE
from broadcast.models import Airing, Feed, Programme, User
from broadcast.services import episodes
from scheduling.models import DayRule, EpisodeTemplate, Slot, TemplateSeat, TemplateSegment
from scheduling.services import making

# slug: (local time, rule, minutes, feed). The hotline has kept Saturday 11:00 for a thousand episodes.
TIMES = {"cppcc-hotline": (dt.time(11), "FREQ=WEEKLY;BYDAY=SA", 30, "radio-1")}


# Of the same: what an episode begins with. Segments are (role, title, seconds), seats (role, hint).
SEGMENTS = {
    "cppcc-hotline": (
        ("open", "开场", 120),
        ("discuss", "本期话题", 600),
        ("call", "听众来电", 600),
        ("answer", "部门回应", 420),
        ("close", "结语", 60),
    )
}
SEATS = {"cppcc-hotline": (("member", ""), ("department", "话题的主管部门"))}
# The hotline rests on public holidays; on a Saturday that is worked it goes out as always.
ON_HOLIDAY = {"cppcc-hotline": DayRule.SKIP}


def seed(created: list[str]) -> None:
    """A slot for each new programme with a regular time, and the template of its episodes."""
    for slug in created:
        if slug not in TIMES:
            continue
        local_time, rule, minutes, feed = TIMES[slug]
        programme = Programme.objects.get(slug=slug)
        Slot.objects.create(
            programme=programme,
            first_date=clock.now().date(),
            local_time=local_time,
            rule=rule,
            minutes=minutes,
            feed=Feed.objects.filter(name=feed).first(),
            template=_template(programme),
            on_holiday=ON_HOLIDAY.get(slug, DayRule.AIR),
        )


def _template(programme: Programme) -> EpisodeTemplate | None:
    """Without a title of its own: each episode's topic is found later."""
    if programme.slug not in SEGMENTS:
        return None
    template = EpisodeTemplate.objects.create(programme=programme, name="常规", title="话题待定")
    roles = {each.code: each for each in programme.segment_roles.all()}
    TemplateSegment.objects.bulk_create(
        TemplateSegment(template=template, position=at, role=roles.get(code), title=title, planned_seconds=seconds)
        for at, (code, title, seconds) in enumerate(SEGMENTS[programme.slug], start=1)
    )
    TemplateSeat.objects.bulk_create(
        TemplateSeat(template=template, role=role, hint=hint) for role, hint in SEATS.get(programme.slug, ())
    )
    return template


def demo(_airing: Airing, _people: dict[str, User]) -> None:
    """Give the hotline's next occurrence a topic and announce it, unless one is announced already."""
    making.materialise()
    coming = Airing.objects.filter(
        occurrence__slot__programme__slug="cppcc-hotline", state=Airing.State.PLANNED, planned_start__gt=clock.now()
    ).select_related("episode")
    airing = coming.order_by("planned_start").first()
    if airing is None or airing.announced_at is not None:
        return
    plan = episodes.EpisodePlan(
        programme=airing.episode.programme_id,
        number=airing.episode.number,
        title="老旧小区加装电梯，谁来管、怎么养？",
        title_en="Lifts in Old Buildings: Who Runs Them, Who Pays?",
        description="电台直播 30 分钟，听众可以提前留言。",
        start=airing.planned_start,
        end=airing.planned_end,
        feed=airing.feed_id,
        segments=[
            episodes.SegmentPlan("开场", 120, "open"),
            episodes.SegmentPlan("加装之后的三本账", 600, "discuss"),
            episodes.SegmentPlan("听众来电", 600, "call"),
            episodes.SegmentPlan("部门回应", 420, "answer"),
            episodes.SegmentPlan("结语", 60, "close"),
        ],
        guests=[
            episodes.GuestPlan("host", "许老师", title="主持人"),
            episodes.GuestPlan("member", "林委员", title="市政协委员", sector="经济界", is_member=True),
        ],
    )
    episodes.edit(HOUSE, airing.episode_id, plan)
    episodes.announce(HOUSE, airing.pk)
