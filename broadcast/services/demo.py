"""The demo: accounts, a show that is on air, and what is coming; it refuses to do anything where YISHI_DEMO is off."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction

from broadcast import clock, env, lifecycle, registry
from broadcast.access import HOUSE
from broadcast.errors import NotAllowed
from broadcast.models import Airing, Feed, Person, Programme, RoleGrant, User
from broadcast.services import episodes, rundown, seeding, timing

logger = logging.getLogger(__name__)

DATA = Path(__file__).resolve().parent.parent / "seeds" / "demo.toml"
FEED = "demo"
LOCAL = ZoneInfo("Asia/Shanghai")
# Name → shown name and role; None is a citizen with a verified phone.
ACCOUNTS: dict[str, tuple[str, str | None]] = {
    "viewer": ("陈先生", None),
    "viewer2": ("刘女士", None),
    "moderator": ("审核员甲", RoleGrant.Role.MODERATOR),
    "moderator2": ("审核员乙", RoleGrant.Role.MODERATOR),
    "leader": ("值班长孙", RoleGrant.Role.DUTY_LEADER),
    "producer": ("编导郑", RoleGrant.Role.PRODUCER),
    "host": ("主持人许", RoleGrant.Role.HOST),
    "screener": ("导听林", RoleGrant.Role.CALL_SCREENER),
    "captioner": ("字幕员唐", RoleGrant.Role.CAPTIONER),
    "secretary": ("秘书处赵", RoleGrant.Role.SECRETARIAT),
    "auditor": ("审计员吴", RoleGrant.Role.AUDITOR),
    "sysadmin": ("系统管理员何", RoleGrant.Role.SYSTEM_ADMINISTRATOR),
    "secadmin": ("安全管理员沈", RoleGrant.Role.SECURITY_ADMINISTRATOR),
}
# Citizens who only fill the room; they have no password.
CITIZENS = ("王阿姨", "李先生", "赵女士", "周同学", "黄师傅", "吴女士")


@dataclass(frozen=True)
class Demo:
    """What was made or found. `passwords` by account name."""

    passwords: dict[str, str]
    airing: Airing
    is_new: bool


def ensure() -> Demo:
    """Accounts, the show on air and what is coming, each made only where missing. Safe to repeat; a running show goes on.

    Raises NotAllowed outside the demo and where an account of a real person has a demo name.
    """
    if not settings.DEMO:
        raise NotAllowed("YISHI_DEMO is off: there is no demo here.")
    plan = tomllib.loads(DATA.read_text(encoding="utf-8"))
    passwords, people = _accounts()
    airing, is_new = _show(plan["show"])
    for coming in plan["coming"]:
        _coming(coming)
    if is_new:
        for name, fill in registry.demo:
            try:
                fill(airing, people)
            except Exception:
                logger.exception("the demo is on air, but %s did not fill it", name)
    return Demo(passwords, airing, is_new)


def close_accounts() -> int:
    """Outside the demo no demo account may act: sessions and rights of all of them end. Returns how many were open."""
    if settings.DEMO:
        return 0
    return User.objects.filter(is_demo=True, is_active=True).update(is_active=False)


def _accounts() -> tuple[dict[str, str], dict[str, User]]:
    file = Path(settings.VAR) / "demo-accounts.json"
    passwords: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    people = {}
    for name in ACCOUNTS:
        passwords.setdefault(name, secrets.token_urlsafe(8))
        people[name] = _account(name, passwords[name])
    _keep(file, passwords)
    for number, shown in enumerate(CITIZENS, start=1):
        people[f"citizen{number}"] = _citizen(f"demo-citizen{number}", shown)
    return passwords, people


def _account(name: str, password: str) -> User:
    shown, role = ACCOUNTS[name]
    with transaction.atomic():
        user, _new = User.objects.get_or_create(username=name, defaults={"is_demo": True, "display_name": shown})
        if not user.is_demo:
            raise NotAllowed(
                f"The account {name} is somebody's own; the demo does not touch it. Rename it to run the demo."
            )
        user.is_active = True
        if not user.check_password(password):
            user.set_password(password)
        if role is None:
            user.phone_verified_at = user.phone_verified_at or clock.now()
        user.save()
        if role is not None:
            RoleGrant.objects.get_or_create(user=user, programme=None, role=role, defaults={"granted_at": clock.now()})
    return user


def _citizen(name: str, shown: str) -> User:
    values = {
        "is_demo": True,
        "display_name": shown,
        "phone_verified_at": clock.now(),
        "password": UNUSABLE_PASSWORD_PREFIX,
    }
    user, _new = User.objects.get_or_create(username=name, defaults=values)
    return user


def _keep(file: Path, passwords: dict[str, str]) -> None:
    """Replace the file in one step; only its owner can read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(passwords, stream, indent=1)
    fresh.replace(file)


def _show(show: dict[str, Any]) -> tuple[Airing, bool]:
    """The airing on the demo's feed that is on air: the one of before with more time, or a fresh one."""
    now = clock.now()
    hours = dt.timedelta(hours=show["hours"])
    feed = _feed(env.read("SRT_PORT_FIRST"))
    running = Airing.objects.filter(feed=feed, state=Airing.State.ON_AIR).first()
    if running is not None:
        if running.planned_end < now + hours / 2:
            running = timing.move(HOUSE, running.pk, running.planned_start, now + hours)
        return running, False
    # One that a crash left between made and on air is taken up.
    waiting = Airing.objects.filter(feed=feed, state__in=[Airing.State.PLANNED, Airing.State.WAITING]).first()
    airing = waiting or _make(show, now, now + hours, feed.pk)
    if airing.state == Airing.State.PLANNED:
        lifecycle.open_feed(HOUSE, airing.pk)
    airing = lifecycle.start(HOUSE, airing.pk)
    first = airing.episode.segments.first()
    if first is not None:
        rundown.start_segment(HOUSE, airing.pk, first.pk)
    return airing, True


def _feed(port: int) -> Feed:
    """The demo's own way in, on the first SRT port even when that was set to another since."""
    feed = seeding.ensure_feed(FEED, port)
    if feed is None:
        raise NotAllowed(f"UDP port {port} belongs to another feed; free it for the demo.")
    if feed.srt_port != port and not Feed.objects.filter(srt_port=port).exists():
        feed.srt_port = port
        feed.save(update_fields=["srt_port"])
    return feed


def _coming(row: dict[str, Any]) -> None:
    """An announced episode ahead of its programme, unless it has one."""
    now = clock.now()
    ahead = Airing.objects.filter(
        episode__programme__slug=row["programme"],
        state=Airing.State.PLANNED,
        planned_start__gt=now,
        announced_at__isnull=False,
    )
    if ahead.exists():
        return
    day = now.astimezone(LOCAL).date() + dt.timedelta(days=row["in_days"])
    start = dt.datetime.combine(day, dt.time.fromisoformat(row["at"]), LOCAL)
    _make(row, start, start + dt.timedelta(minutes=row["minutes"]), None)


def _make(row: dict[str, Any], start: dt.datetime, end: dt.datetime, feed: int | None) -> Airing:
    programme = Programme.objects.get(slug=row["programme"])
    plan = episodes.EpisodePlan(
        programme=programme.pk,
        title=row["title"],
        title_en=row["title_en"],
        description=row["description"],
        start=start,
        end=end,
        number=episodes.next_number(programme),
        feed=feed,
        segments=[episodes.SegmentPlan(title, minutes * 60, role) for role, title, minutes in row["segments"]],
        guests=[_guest(*guest) for guest in row["guests"]],
    )
    airing = episodes.create(HOUSE, plan).airings.get()
    return episodes.announce(HOUSE, airing.pk)


def _guest(role: str, name: str, organisation: str, title: str, sector: str, is_member: bool) -> episodes.GuestPlan:
    """Somebody who was here before is the same person."""
    known = Person.objects.filter(name=name, organisation=organisation).values_list("pk", flat=True).first()
    return episodes.GuestPlan(role, name, organisation, title, sector, is_member, known)
