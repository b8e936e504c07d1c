"""The house is told what went out in the words of the record: each stretch, and by name what took the place of the feed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from archive.models import AsRunEntry, Filler
from archive.ran import ran
from broadcast import clock, registry

from .making import make_airing

pytestmark = pytest.mark.django_db


def test_stretches_come_in_order_and_name_what_went_out_instead(django_assert_num_queries: Any):
    earlier, show, silent = make_airing(), make_airing(), make_airing()
    filler = Filler.objects.create(title="海报", state="ready", uploaded_at=clock.now())
    at = clock.now()
    subjects = [
        ("main", ""),
        ("filler", str(filler.pk)),
        ("rerun", str(earlier.pk)),
        ("nothing", ""),
        ("filler", "999"),
    ]
    for number, (kind, subject) in reversed(list(enumerate(subjects))):
        times = {"started_at": at + dt.timedelta(seconds=number), "ended_at": at + dt.timedelta(seconds=number + 1)}
        AsRunEntry.objects.create(
            airing=show, first_sequence=number, kind=kind, subject=subject, reason="rule", **times
        )
    with django_assert_num_queries(3):
        found = ran([show.pk, silent.pk])
    assert set(found) == {show.pk}
    assert [(each.kind, each.subject) for each in found[show.pk]] == [
        ("main", ""),
        ("filler", "海报"),
        ("rerun", str(earlier.episode)),
        ("nothing", ""),
        ("filler", ""),
    ]
    assert found[show.pk][0].label == "主路"


def test_the_house_asks_for_it_by_the_registry():
    assert registry.as_run.get("archive") is ran
