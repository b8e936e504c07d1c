"""Array literals are read by the database as what was written, whatever stands in them."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadcast import arrays

pytestmark = pytest.mark.django_db
_TEXT = st.text(st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"]), max_size=20)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4),
    st.lists(_TEXT | st.sampled_from(["NULL", "{}", '"', "\\", ",", "\\x00", "' OR 1=1 --"]), max_size=4),
    st.lists(st.binary(max_size=40), max_size=4),
    st.lists(st.uuids(), max_size=4),
)
def test_what_is_written_is_read(numbers: list[int], texts: list[str], blobs: list[bytes], ids: list[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT %s::bigint[], %s::text[], %s::bytea[], %s::uuid[]",
            [arrays.numbers(numbers), arrays.texts(texts), arrays.blobs(blobs), arrays.uuids(ids)],
        )
        row = cursor.fetchone()
    assert row[:2] == (numbers, texts)
    assert [bytes(each) for each in row[2]] == blobs
    assert row[3] == ids
