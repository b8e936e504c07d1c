"""Two years of 政协热线 on the simulated clock, from due time to due time: two schedulers, one of them killed at every write in turn."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from archive import playout
from archive.asrun import AsRun
from archive.output import Item, Show
from archive.queries import milliseconds
from archive.ran import ran
from broadcast import clock, lifecycle
from broadcast.access import HOUSE
from broadcast.models import Airing, AuditEntry, Episode
from broadcast.services import episodes
from scheduling import plans
from scheduling.models import AiringPlan, Firing, Occurrence, Slot
from scheduling.queries import alarms, due
from scheduling.services import exceptions, ledger, preemption

from . import hotline
from .making import feed, programme
from .schedulers import Scheduler

FIRST_NUMBER = 1001
SECOND = dt.timedelta(seconds=1)
# One that died holds its claim so long; the other is asked again a moment later.
LATE_BY_A_CRASH = dt.timedelta(seconds=16)
S = Airing.State


class TwoYears:
    """The simulation: leaps from one thing that is due to the next, lets people do what the story says, and kills."""

    def __init__(self, weeks: int) -> None:
        self.story = hotline.told(weeks)
        self.slot = Slot.objects.create(
            programme=programme("cppcc-hotline", next_number=FIRST_NUMBER),
            first_date=hotline.FIRST,
            local_time=dt.time(11),
            rule=f"FREQ=WEEKLY;BYDAY=SA;COUNT={weeks}",
            minutes=30,
            feed=feed(),
            auto_announce=True,
            auto_start=True,
            auto_end=True,
            auto_publish=True,
            on_holiday="skip",
            on_workday="move",
        )
        self.one, self.two = Scheduler(), Scheduler()
        # By kind of act, the write at which the next process dies, and how often each write was gone through to its end.
        self.next_crash: Counter[str] = Counter()
        self.rounds: Counter[str] = Counter()
        self.crashes = 0
        self.leaps = 0
        self.missed: set[dt.datetime] = set()
        self.recorded: set[object] = set()

    def run(self) -> None:
        """All of it."""
        now = hotline.eleven(hotline.FIRST) - 10 * hotline.DAY
        end = hotline.eleven(hotline.FIRST + self.story.weeks * 7 * hotline.DAY) + 3 * hotline.DAY
        people = sorted(self._people(now, end), key=lambda each: each[0])
        while now < end:
            while people and people[0][0] <= now:
                _at, act = people.pop(0)
                with clock.frozen(now):
                    act()
            self._leap(now)
            now = self._next(now, [people[0][0]] if people else [end])

    def _people(self, now: dt.datetime, end: dt.datetime) -> Iterator[tuple[dt.datetime, Callable[[], object]]]:
        """What people do and when: every Monday the next weeks are made, and what the story says."""
        while now < end:
            yield now, self._make
            now += 7 * hotline.DAY
        for original, word in self.story.words.items():
            yield word.at, lambda original=original, word=word: self._say(original, word)

    def _say(self, original: dt.datetime, word: hotline.Word) -> None:
        if word.kind == "skip":
            exceptions.skip(HOUSE, self.slot.pk, original, "台风")
        elif word.kind == "move":
            exceptions.move(HOUSE, self.slot.pk, original, word.to, "嘉宾路上堵车")
        else:
            special = _special(original)
            preemption.preempt(HOUSE, self.slot.pk, original, special, "转播大会", to=word.to)

    def _make(self) -> None:
        """The week's drafts, by a process that dies on the way and two that do not."""
        self._kill("make", make=True)
        for each in [self.one.beat(make=True), self.two.beat(make=True)]:
            each.result()

    def _leap(self, now: dt.datetime) -> None:
        """What is due now: one dies doing it, then both try at once."""
        self.leaps += 1
        with clock.frozen(now):
            acts = {each.action for each, _plan in due.undone(now)}
            if len(acts) == 1:
                self._kill(acts.pop())
            for each in [self.one.beat(), self.two.beat()]:
                each.result()
            self._people_begin(now)
            self._record()
        if self.leaps % 50 == 0:
            self._clock_set_back(now)

    def _kill(self, kind: str, *, make: bool = False) -> None:
        self.next_crash[kind] += 1
        if self.one.die(self.next_crash[kind], make=make):
            self.crashes += 1
        else:
            # It came through: all its writes have been died at once more.
            self.rounds[kind] += 1
            self.next_crash[kind] = 0

    def _clock_set_back(self, now: dt.datetime) -> None:
        """An hour back and forth again: nothing happens twice."""
        if Firing.objects.filter(outcome="claimed").exists():
            return
        before = AuditEntry.objects.count()
        with clock.frozen(now - dt.timedelta(hours=1)):
            assert self.two.beat().result() == 0
        assert AuditEntry.objects.count() == before

    def _people_begin(self, now: dt.datetime) -> None:
        """A start that came too late is told loudly; somebody sees it and begins the show by hand."""
        for row in Firing.objects.filter(action="start", outcome="too_late", seen_at=None).select_related("airing"):
            assert [each.firing_id for each in alarms.of_airing(row.airing)] == [row.pk]
            lifecycle.start(HOUSE, row.airing_id)
            ledger.seen(HOUSE, row.pk)
            self.missed.add(row.due_at)

    def _record(self) -> None:
        """The recorder: what came in from start to end goes out, two seconds at a time."""
        for airing in Airing.objects.filter(state=S.ENDED).exclude(pk__in=self.recorded):
            start, end = milliseconds(airing.actual_start), milliseconds(airing.actual_end)
            count = (end - start) // 2000
            items = [Item(number, 1, number, start + 2000 * number, 2.0, False, lane="main") for number in range(count)]
            log = AsRun()
            log.follow(items, Show(start, end, 6000), closed=True)
            playout.note_as_run(airing.pk, log.news())
            self.recorded.add(airing.pk)

    def _next(self, now: dt.datetime, others: list[dt.datetime]) -> dt.datetime:
        """The next moment at which something is to be done, and somebody there to do it."""
        rows = list(due.living(now))
        known = due.keys_of(plan.airing_id for plan in rows)
        left = [each for plan in rows for each in plans.wanted(plan) if each.key not in known]
        # A tick runs every second: what became due meanwhile is done by the next.
        wanted = [max(each.at, now + SECOND) for each in left]
        leases = [
            each + SECOND for each in Firing.objects.filter(outcome="claimed").values_list("lease_until", flat=True)
        ]
        soon = min(each for each in [*wanted, *leases, *others] if each > now)
        for begins, lasts in self.story.outages.items():
            if begins <= soon < begins + lasts:
                return begins + lasts
        return soon


def _special(original: dt.datetime) -> object:
    """The meeting that takes the hotline's place, on another feed."""
    plan = episodes.EpisodePlan(
        programme=programme("special").pk,
        title="全会开幕",
        slug=f"opening-{original:%Y%m%d}",
        start=original - dt.timedelta(minutes=30),
        end=original + dt.timedelta(hours=1),
        feed=feed(9100).pk,
    )
    return episodes.create(HOUSE, plan).airings.get().pk


@pytest.fixture
def lived(transactional_db, request: pytest.FixtureRequest) -> Iterator[TwoYears]:
    """So many weeks, gone through."""
    world = TwoYears(request.param)
    try:
        world.run()
        yield world
    finally:
        world.one.stop()
        world.two.stop()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("lived", [20, pytest.param(hotline.TWO_YEARS, marks=pytest.mark.long)], indirect=True)
def test_every_airing_happens_exactly_once(lived: TwoYears) -> None:
    expected = lived.story.expected()
    rows = {row.original_start: row.airing for row in Occurrence.objects.select_related("airing__episode")}
    aired = {original: airing for original, airing in rows.items() if airing.state == S.ENDED}
    assert set(aired) == set(expected)
    assert {airing.state for original, airing in rows.items() if original not in expected} <= {S.CANCELLED}
    _at_their_times(lived, expected, aired)
    _once_each(aired)
    _numbered(aired)
    _on_record(aired)
    _ledger_is_whole(lived)
    _killed_everywhere(lived)
    kept = len(expected) / len(lived.story.originals)
    print(
        f"{len(aired)} airings ({kept:.0%} of {len(lived.story.originals)} Saturdays), {lived.leaps} leaps, {lived.crashes} crashes,"
        f" rounds over all writes {dict(lived.rounds)}"
    )


def _at_their_times(
    lived: TwoYears, expected: dict[dt.datetime, dt.datetime], aired: dict[dt.datetime, Airing]
) -> None:
    exact = 0
    for original, start in expected.items():
        late = aired[original].actual_start - start
        away = lived.story.outages.get(start - 5 * SECOND, dt.timedelta())
        assert dt.timedelta() <= late <= away + LATE_BY_A_CRASH, (original, late)
        assert aired[original].actual_end - (start + hotline.LENGTH) <= LATE_BY_A_CRASH
        exact += late == dt.timedelta()
    print(
        f"{exact} of {len(expected)} on air to the second; the others within {LATE_BY_A_CRASH} of a kill, or after an outage"
    )
    assert len(lived.missed) == sum(away > dt.timedelta(minutes=5) for away in lived.story.outages.values())


def _once_each(aired: dict[dt.datetime, Airing]) -> None:
    acts: defaultdict[str, Counter[object]] = defaultdict(Counter)
    keys = {airing.pk for airing in aired.values()}
    for act, airing_id in AuditEntry.objects.filter(airing_id__in=keys).values_list("act", "airing_id"):
        acts[act][airing_id] += 1
    for act in ("airing.announce", "airing.open", "airing.start", "airing.end"):
        assert acts[act] == Counter(keys), act
    signed = Counter(AuditEntry.objects.filter(act="episode.sign_off").values_list("target", flat=True))
    assert signed == Counter(f"episode:{airing.episode_id}" for airing in aired.values())


def _numbered(aired: dict[dt.datetime, Airing]) -> None:
    in_time = sorted(aired.values(), key=lambda each: each.actual_start)
    numbers = [each.episode.number for each in in_time]
    assert numbers == list(range(FIRST_NUMBER, FIRST_NUMBER + len(numbers))), "no gap, no repeat, in order of time"
    assert not Episode.objects.filter(programme__slug="cppcc-hotline", number__gt=numbers[-1]).exists()


def _on_record(aired: dict[dt.datetime, Airing]) -> None:
    record = ran([each.pk for each in aired.values()])
    for airing in aired.values():
        stretches = record[airing.pk]
        assert stretches[0].start == airing.actual_start
        assert airing.actual_end - stretches[-1].end <= 2 * SECOND
        assert all(one.end == other.start for one, other in pairwise(stretches))


def _ledger_is_whole(lived: TwoYears) -> None:
    assert not Firing.objects.filter(outcome__in=["claimed", "failed"]).exists()
    assert set(Firing.objects.filter(outcome="too_late").values_list("action", flat=True)) <= {"start", "open_feed"}
    for plan in AiringPlan.objects.select_related("airing").filter(airing__state__in=plans.OVER):
        known = due.keys_of([plan.airing_id])
        left = [each for each in plans.wanted(plan) if each.key not in known]
        assert not left, "of what was wanted nothing is missing in the ledger"


def _killed_everywhere(lived: TwoYears) -> None:
    """For each kind of act a process died at its first write, its second, and so on, until one came through alive."""
    assert lived.crashes > 2 * lived.story.weeks
    if lived.story.weeks == hotline.TWO_YEARS:
        assert set(lived.rounds) == {"make", "announce", "open_feed", "start", "end", "publish"}
