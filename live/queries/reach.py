"""How many took part in shows, by the way they took: for reports. Each way counts for itself; nobody's name leaves here."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Count, Model, QuerySet, Sum
from django.utils.translation import gettext as _

from broadcast.reach import Counted
from live.models import Ballot, Call, Comment, HeadCount, PaperCount, Question, Support


def counted(airings: Sequence[UUID]) -> list[Counted]:
    """By source, over all these shows: a participant counts once in each, however often and in how many shows. Empty ones are left out."""
    shows = list(airings)
    by_author = _("人数按参与者，同一人只算一次")
    found = [
        Counted(
            _("公开的评论"), by_author, *_of(Comment.objects.filter(room__in=shows, public_at__isnull=False), "author")
        ),
        Counted(
            _("公开的提问"), by_author, *_of(Question.objects.filter(room__in=shows, public_at__isnull=False), "author")
        ),
        Counted(
            _("对提问的支持"),
            _("每人每问一次；人数按参与者"),
            *_of(Support.objects.filter(question__room__in=shows), "participant"),
        ),
        Counted(
            _("网上投票"),
            _("每人每个投票一张；人数按参与者"),
            *_of(Ballot.objects.filter(poll__room__in=shows), "participant"),
        ),
        _calls(shows),
        Counted(_("纸质票"), _("两人核对过的张数"), _papers(shows)),
        Counted(_("会场"), _("各场各会场最后一次清点的人数相加"), _heads(shows)),
    ]
    return [each for each in found if each.times]


def _of(rows: QuerySet[Model], who: str) -> tuple[int, int]:
    """(how often, how many different)."""
    sums = rows.order_by().aggregate(times=Count("pk"), people=Count(who, distinct=True))
    return sums["times"], sums["people"]


def _calls(shows: list[UUID]) -> Counted:
    """People by the digest of their number; who asked through the page has none, and counts as often as he asked."""
    rows = Call.objects.filter(room__in=shows).order_by()
    times, people = rows.count(), rows.exclude(number_digest="").values("number_digest").distinct().count()
    people += rows.filter(number_digest="").count()
    return Counted(_("来电"), _("打进来和请求回拨的；人数按号码"), times, people)


def _papers(shows: list[UUID]) -> int:
    rows = PaperCount.objects.filter(poll__room__in=shows, state=PaperCount.State.CONFIRMED)
    return rows.aggregate(total=Sum("total"))["total"] or 0


def _heads(shows: list[UUID]) -> int:
    last = (
        HeadCount.objects.filter(room__in=shows).order_by("room_id", "venue_id", "-pk").distinct("room_id", "venue_id")
    )
    return sum(last.values_list("people", flat=True))
