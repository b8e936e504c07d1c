"""What the public may not have reaches no platform, stands in for no feed and is not offered to: rehearsals, closed shows, withdrawals."""

from __future__ import annotations

import datetime as dt

import pytest

from archive import fallback, outgoing, playout, simulcast
from archive.models import PlayoutRule, Recording
from archive.output_forms import RuleForm
from broadcast import access, clock
from broadcast.access import HOUSE
from broadcast.errors import InvalidInput
from broadcast.models import Airing
from broadcast.services import episodes

from .making import make_airing, make_programme

pytestmark = pytest.mark.django_db
ADDRESS = "rtmp://example.org/live/key123"


def on_air(programme, **facts) -> Airing:
    return make_airing(programme, state="on_air", actual_start=clock.now(), **facts)


def ended(programme, *, publication: str = "published", **facts) -> Airing:
    """Played an hour ago, signed off, its replay ready."""
    now = clock.now()
    times = {"actual_start": now - dt.timedelta(hours=1), "actual_end": now - dt.timedelta(minutes=30)}
    airing = make_airing(programme, state="ended", **times, **facts)
    airing.episode.signed_off_at, airing.episode.publication = now, publication
    airing.episode.save()
    Recording.objects.create(airing=airing, state="finished", replay_ready_at=now)
    return airing


# -- platforms -------------------------------------------------------------------------------------------------------


def is_sent(airing: Airing) -> bool:
    [(target, _)] = simulcast.wanted([airing.pk])[airing.pk].values()
    assert target.enabled == target.public
    [shown] = outgoing.pushes_view(Airing.objects.select_related("episode__programme").get(pk=airing.pk))
    assert (shown["state"] == "off", shown["problem"] == "not_public") == (not target.public, not target.public)
    return target.enabled


@pytest.mark.parametrize(
    ("programme", "airing", "publication", "sent"),
    [
        ({}, {}, "published", True),
        ({"audience": "members"}, {}, "published", False),
        ({"audience": "closed"}, {}, "published", False),
        ({}, {"kind": "rehearsal"}, "published", False),
        ({}, {"announced_at": None}, "published", False),
        ({}, {}, "internal", False),
        ({}, {}, "draft", False),
    ],
)
def test_only_what_everybody_may_watch_goes_to_platforms(programme, airing, publication: str, sent: bool) -> None:
    made = make_programme(**programme)
    simulcast.add_target(HOUSE, made.pk, "x", ADDRESS)
    one = on_air(made, **airing)
    one.episode.publication = publication
    one.episode.save()
    assert is_sent(one) is sent


def test_an_episode_withdrawn_on_air_is_taken_from_the_platforms_too() -> None:
    programme = make_programme()
    simulcast.add_target(HOUSE, programme.pk, "x", ADDRESS)
    airing = on_air(programme)
    assert is_sent(airing)
    episodes.withdraw(HOUSE, airing.episode_id, "发错了")
    assert not is_sent(airing)


# -- reruns ----------------------------------------------------------------------------------------------------------

NOT_FOR_THE_PUBLIC = [
    {"kind": "rehearsal"},
    {"kind": "rehearsal", "publication": "internal"},
    {"publication": "internal"},
    {"publication": "draft"},
    {"publication": "withdrawn"},
    {"announced_at": None},
]


@pytest.mark.parametrize("facts", NOT_FOR_THE_PUBLIC)
def test_what_the_public_may_not_have_stands_in_for_nothing(facts) -> None:
    programme = make_programme()
    earlier, airing = ended(programme, **facts), on_air(programme)
    assert not access.may_be_rerun(earlier)
    assert fallback.rerun(airing, earlier) is None
    rule = PlayoutRule(programme=programme, fallback="rerun")
    assert [each.source for each in fallback.references(airing, rule)] == ["filler:house"]
    assert not RuleForm(programme, rule).fields["rerun_of"].queryset.exists()
    with pytest.raises(InvalidInput) as refused:
        playout.set_rule(HOUSE, programme.pk, rerun_of=earlier)
    assert refused.value.data["field"] == "rerun_of"


@pytest.mark.parametrize("audience", ["public", "members", "closed"])
def test_a_released_replay_may_go_out_again_in_its_own_programme(audience: str) -> None:
    programme = make_programme(audience=audience)
    earlier, airing = ended(programme), on_air(programme)
    rule = playout.set_rule(HOUSE, programme.pk, fallback="rerun", rerun_of=earlier)
    assert fallback.references(airing, rule)[0].source == f"rerun:{earlier.pk}"
    assert list(RuleForm(programme, rule).fields["rerun_of"].queryset) == [earlier]
