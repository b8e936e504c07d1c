"""Fills the demo's room with words, questions and a poll, through the services like everybody; it writes no row itself."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings

from broadcast import clock
from broadcast.access import Actor
from broadcast.models import Airing, User
from broadcast.models.catalogue import Assurance
from broadcast.services import identity
from live import protocol
from live.models import Option
from live.services import audience, moderation, poll_plans, polls

ADDRESS = "127.0.0.1"
GUESTS = 24
COMMENTS = (
    "接驳车最好能刷老年卡，班次也密一点。",
    "周末十点以后根本进不去，停车场外面排两公里。",
    "海边的公共淋浴太少，小朋友一身沙子回家。",
    "能不能把接驳线和渔港、古城串起来？这样愿意住一晚。",
    "专家刚才说的承载力，希望能公布每天的数。",
    "厕所比前年多了，但是指路牌还是找不到。",
    "支持分时预约，热门沙滩早就该这样。",
    "建议把绿道接到地铁口，骑车去也方便。",
)
PENDING_COMMENTS = ("夜间班车能不能开到 22:30？", "民宿的价格节假日翻三倍，管不管？", "希望多放几个垃圾桶。")
QUESTIONS = (
    "周末海边最后五公里总是堵，能不能开地铁接驳车？",
    "公共淋浴和更衣室，今年能增加几处？",
    "停车场的预约什么时候和导航打通？",
    "渔港改造以后，渔民的收入有没有提高？",
    "沙滩的救生员够不够，夜里有没有人？",
)
PENDING_QUESTIONS = ("轮椅能不能下到沙滩？",)
POLL = "周末去海边，最想先解决哪件事？"
OPTIONS = ("最后五公里的接驳", "停车和分时预约", "公共淋浴和厕所", "夜里的照明和救生")


def fill(airing: Airing, people: dict[str, User]) -> None:
    """Approved and pending comments and questions, supports, and an open poll with ballots. Repeating it adds nothing."""
    citizens = [_citizen(user) for name, user in people.items() if name.startswith(("viewer", "citizen"))]
    guests = [_guest(airing, number) for number in range(GUESTS)]
    moderator = _staff(people["moderator"])
    _say(airing, citizens, moderator)
    questions = _ask(airing, citizens, moderator)
    _support(airing, guests, questions)
    _vote(airing, [*guests, *citizens], _staff(people["producer"]))


def _say(airing: Airing, citizens: list[Actor], moderator: Actor) -> None:
    for number, text in enumerate(COMMENTS + PENDING_COMMENTS):
        command = protocol.PostComment(id=f"demo-comment-{number}", text=text)
        made = audience.commit_one(citizens[number % len(citizens)], airing.pk, command).result
        if number < len(COMMENTS):
            _approve(moderator, airing, "comment", made["item"])


def _ask(airing: Airing, citizens: list[Actor], moderator: Actor) -> list[int]:
    public = []
    for number, text in enumerate(QUESTIONS + PENDING_QUESTIONS):
        command = protocol.AskQuestion(id=f"demo-question-{number}", text=text)
        made = audience.commit_one(citizens[-1 - number % len(citizens)], airing.pk, command).result
        if number < len(QUESTIONS):
            _approve(moderator, airing, "question", made["item"])
            public.append(made["item"])
    return public


def _approve(moderator: Actor, airing: Airing, kind: protocol.ItemKind, item: int) -> None:
    moderation.decide(
        moderator, airing.pk, protocol.ApproveItem(id=f"demo-{kind}-{item}", kind=kind, item=item, version=1)
    )


def _support(airing: Airing, guests: list[Actor], questions: list[int]) -> None:
    """The first question is the most wanted, the others less and less."""
    audience.commit_batch(
        [
            (guest, airing.pk, protocol.SupportQuestion(id=f"demo-support-{question}", question=question))
            for place, question in enumerate(questions)
            for guest in guests[: GUESTS // (place + 1)]
        ]
    )


def _vote(airing: Airing, voters: list[Actor], producer: Actor) -> None:
    create = protocol.CreatePoll(
        id="demo-poll-create",
        question=POLL,
        options=OPTIONS,
        results="after_vote",
        least_assurance=int(Assurance.GUEST),
    )
    poll = poll_plans.create(producer, airing.pk, create)
    # Opened so long ago that the delayed picture has come to it: only then may anybody vote.
    with clock.shifted(dt.timedelta(seconds=-airing.delay_seconds)):
        polls.open_poll(producer, airing.pk, protocol.OpenPoll(id="demo-poll-open", poll=poll["poll"]))
    options = list(Option.objects.filter(poll=poll["poll"]).order_by("position").values_list("pk", flat=True))
    weights = (0, 1, 0, 2, 0, 1, 3, 0, 2, 1)
    audience.commit_batch(
        [
            (voter, airing.pk, _ballot(poll["poll"], options[weights[number % len(weights)]]))
            for number, voter in enumerate(voters)
            if not voter.name.startswith("陈")  # the account that visitors try has its vote still to cast
        ]
    )


def _ballot(poll: int, option: int) -> protocol.CastVote:
    return protocol.CastVote(id="demo-vote-1", poll=poll, options=(option,))


def _citizen(user: User) -> Actor:
    who = identity.log_in(Actor(address=ADDRESS), user)
    actor = Actor(
        user_id=user.pk,
        participant_id=who.participant_id,
        assurance=who.assurance,
        name=str(user),
        address=ADDRESS,
        generation=who.generation,
    )
    identity.give_consent(actor, dict(settings.CONSENT_VERSIONS), "over")
    return actor


def _guest(airing: Airing, number: int) -> Actor:
    actor = Actor(participant_id=uuid.uuid5(airing.pk, f"demo guest {number}"), address=ADDRESS)
    identity.give_consent(actor, dict(settings.CONSENT_VERSIONS), "over")
    return actor


def _staff(user: User) -> Actor:
    return Actor(user_id=user.pk, name=str(user), address=ADDRESS)
