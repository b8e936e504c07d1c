"""What was never public goes when its programme says so, and never what was, what is held, or what was imported; a kill loses nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from archive.keeping import removing, terms
from archive.keeping.removing import Terms
from archive.models import KeepingTerms, MediaRemoval, Part, Recording
from archive.storage import StorageDown, media
from archive.storage.local import LocalStorage
from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.errors import Conflict, InvalidInput, NotAllowed
from broadcast.models import Airing, AuditEntry, Episode, Hold, Programme, RoleGrant, User
from broadcast.services import holds
from tests.archive.making import make_airing, make_programme, make_staff

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def programme(media_root: Path) -> Programme:
    made = make_programme()
    KeepingTerms.objects.create(programme=made, rehearsal_days=7, unpublished_days=30, changed_at=clock.now())
    return made


def recorded(programme: Programme, days_ago: float, *, kind: str = "premiere", **episode: object) -> Airing:
    """An ended airing with some media on disk."""
    end = clock.now() - DAY * days_ago
    airing = make_airing(programme, state="ended", kind=kind, actual_start=end - DAY / 24, actual_end=end)
    facts: dict[str, object] = {"publication": "draft", "published_at": None, "signed_off_at": None}
    Episode.objects.filter(pk=airing.episode_id).update(**facts | episode)
    Recording.objects.create(airing=airing, state="finished", replay_ready_at=end, received_bytes=1000)
    for name in ("parts/001/000000.ts", "public/abc.ts", "replay.m3u8", "derived/1/master.mp4"):
        file = Path(settings.MEDIA_ROOT) / "airings" / str(airing.pk) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"media")
    return airing


def administrator() -> User:
    user = User.objects.create_user("admin", display_name="系统管理员")
    RoleGrant.objects.create(user=user, role="system_administrator", granted_at=clock.now())
    return user


def there() -> set[str]:
    """Airings of which anything is left on disk."""
    return {each.name for each in (Path(settings.MEDIA_ROOT) / "airings").iterdir()}


def test_only_what_was_never_public_and_is_past_its_time_goes(programme: Programme) -> None:
    past = clock.now() - 300 * DAY
    gone = [recorded(programme, 8, kind="rehearsal"), recorded(programme, 31)]
    stays = [
        recorded(programme, 6, kind="rehearsal"),
        recorded(programme, 29),
        recorded(programme, 300, publication="published", published_at=past),
        recorded(programme, 300, publication="withdrawn", published_at=past),
        recorded(programme, 300, publication="internal", published_at=past),
        recorded(programme, 300, signed_off_at=past),
        recorded(make_programme(), 300),
    ]
    imported = recorded(programme, 300)
    Part.objects.create(
        recording=imported.recording,
        number=1,
        source="file",
        directory="001",
        started_at=past,
        first_pdt=past,
        media_until=past,
    )
    assert removing.run() == 2
    assert there() == {str(each.pk) for each in [*stays, imported]}
    assert {each.recording_id: each.rule for each in MediaRemoval.objects.all()} == {
        gone[0].pk: "rehearsal",
        gone[1].pk: "unpublished",
    }
    assert MediaRemoval.objects.filter(done_at=None).count() == 0
    assert set(
        Recording.objects.filter(pk__in=[each.pk for each in gone]).values_list("replay_ready_at", flat=True)
    ) == {None}
    assert AuditEntry.objects.filter(act="retention.media").count() == 2
    assert removing.run() == 0


@pytest.mark.parametrize("scope", ["airing", "episode", "programme"])
def test_a_legal_hold_keeps_it_until_it_is_lifted(programme: Programme, scope: str) -> None:
    airing = recorded(programme, 90)
    target = {"airing": str(airing.pk), "episode": str(airing.episode_id), "programme": programme.slug}[scope]
    hold = holds.place(HOUSE, scope, target, reason="法院调取")
    assert removing.run() == 0
    assert there() == {str(airing.pk)}
    (looked,) = [each for each in terms.preview(HOUSE, programme, Terms(None, 30)) if each.rule == "unpublished"]
    assert (looked.count, looked.held) == (0, 1)
    holds.lift(HOUSE, hold.pk, "已经结案")
    assert removing.run() == 1
    assert there() == set()


def test_what_a_hold_keeps_is_not_said_to_go(programme: Programme, client: Client) -> None:
    recorded(programme, 90)
    held = recorded(programme, 80)
    holds.place(HOUSE, "airing", str(held.pk), reason="法院调取")
    client.force_login(administrator())
    page = client.get(f"/staff/keeping/terms/{programme.slug}").content.decode()
    assert "现在有 1 场到期" in page
    assert "到期的另有 1 场依法保留" in page


def test_many_that_are_held_do_not_stand_in_the_way_of_others(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removing, "PIECE", 1)
    held = [recorded(programme, 100 - number) for number in range(5)]
    for airing in held:
        holds.place(HOUSE, "airing", str(airing.pk), reason="法院调取")
    recorded(programme, 40)
    assert removing.run() == 1
    assert there() == {str(each.pk) for each in held}


def test_a_hold_on_what_there_is_not_is_refused(programme: Programme) -> None:
    for scope, target in (("programme", "no-such"), ("episode", "999999"), ("episode", "x")):
        with pytest.raises(InvalidInput):
            holds.place(HOUSE, scope, target, reason="法院调取")
    assert not Hold.objects.exists()


def test_what_could_not_be_deleted_is_deleted_by_a_later_look_and_nobody_gets_it_meanwhile(
    programme: Programme, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    airing = recorded(programme, 90)
    delete, left = LocalStorage.delete, [2]

    def failing(self: LocalStorage, key: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise StorageDown("away")
        delete(self, key)

    monkeypatch.setattr(LocalStorage, "delete", failing)
    assert removing.run() == 0
    removal = MediaRemoval.objects.get()
    assert removal.done_at is None
    assert Recording.objects.get().replay_ready_at is None
    monkeypatch.setattr(LocalStorage, "delete", delete)
    assert removing.run() == 1
    assert there() == set()
    removal.refresh_from_db()
    assert removal.done_at is not None
    assert list(media().list(f"airings/{airing.pk}")) == []


def test_what_was_published_between_the_look_and_the_act_stays(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    airing = recorded(programme, 90)
    look = removing.due

    def late(*arguments: object) -> object:
        found = [(rule, list(rows)) for rule, rows in look(*arguments)]  # type: ignore[arg-type]
        Episode.objects.filter(pk=airing.episode_id).update(publication="published", published_at=clock.now())
        return found

    monkeypatch.setattr(removing, "due", late)
    assert removing.run() == 0
    assert there() == {str(airing.pk)}


def test_terms_are_set_by_who_administers_within_bounds_and_on_what_was_seen(programme: Programme) -> None:
    actor = Actor(user_id=administrator().pk)
    with pytest.raises(NotAllowed):
        terms.set_terms(Actor(user_id=make_staff(programme, "producer").pk), programme.pk, Terms(3, None), 1)
    with pytest.raises(InvalidInput):
        terms.set_terms(actor, programme.pk, Terms(None, 29), 1)
    with pytest.raises(Conflict):
        terms.set_terms(actor, programme.pk, Terms(3, None), 0)
    terms.set_terms(actor, programme.pk, Terms(3, None), 1)
    row = KeepingTerms.objects.get()
    assert (row.rehearsal_days, row.unpublished_days, row.version) == (3, None, 2)
    assert AuditEntry.objects.get(act="retention.terms").after == {
        "rehearsal_days": 3,
        "unpublished_days": None,
        "cold_days": None,
    }


def test_the_page_shows_what_would_go_before_it_is_set(programme: Programme, client: Client) -> None:
    recorded(programme, 90)
    client.force_login(administrator())
    page = f"/staff/keeping/terms/{programme.slug}"
    typed = {"rehearsal_days": "", "unpublished_days": "60", "version": "1"}
    looked = client.post(page, {**typed, "act": "look"})
    assert "现在会删去 1 场" in looked.content.decode()
    assert KeepingTerms.objects.get().unpublished_days == 30
    assert "最少" in client.post(page, {**typed, "unpublished_days": "5", "act": "set"}).content.decode()
    assert client.post(page, {**typed, "act": "set"}).status_code == 302
    assert KeepingTerms.objects.get().unpublished_days == 60
    assert client.post(page, {**typed, "act": "set"}).status_code == 409
    assert "保留期限" in client.get("/staff/keeping/").content.decode()
