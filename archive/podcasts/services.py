"""Writes what a programme's podcast says and whether there is one; who may is checked here, each change is audited with its words."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from archive.models import PodcastCover, PodcastFeed
from archive.podcasts import covers
from broadcast import audit, clock
from broadcast.access import Ability, Actor, require
from broadcast.errors import InvalidInput, NotFound
from broadcast.models import Programme

# Of the podcast namespace: a feed's name is made of its address.
_NAMES = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
FIELDS = ("title", "description", "owner_name", "owner_email", "category", "language", "is_explicit", "is_published")


def set_feed(actor: Actor, programme_id: int, **facts: Any) -> PodcastFeed:
    """Say what the podcast is; `is_published` opens or closes it. Needs PRODUCE, and SIGN_OFF to open or close.

    Takes the programme's row. Raises InvalidInput (field), also when a programme that is not for everybody would publish.
    """
    with transaction.atomic():
        programme = Programme.objects.select_for_update().filter(pk=programme_id).first()
        if programme is None:
            raise NotFound(_("没有这个节目。"))
        require(actor, Ability.PRODUCE, programme_id)
        feed = PodcastFeed.objects.filter(pk=programme_id).first()
        is_new = feed is None
        if feed is None:
            feed = PodcastFeed(programme=programme, guid=_named(programme))
        before = {} if is_new else {name: getattr(feed, name) for name in FIELDS}
        for name in FIELDS:
            if name in facts:
                setattr(feed, name, facts[name])
        opened = feed.is_published != bool(before.get("is_published", False))
        if opened:
            require(actor, Ability.SIGN_OFF, programme_id)
        if feed.is_published and programme.audience != Programme.Audience.PUBLIC:
            raise InvalidInput(_("这个节目不对外公开，不能发布播客。"), field="is_published")
        feed.changed_at, feed.changed_by = clock.now(), actor.user_id
        _check(feed)
        after = {name: getattr(feed, name) for name in FIELDS}
        if after == before:
            return feed
        feed.save()
        act = ("podcast.publish" if feed.is_published else "podcast.close") if opened else "podcast.change"
        audit.record(actor, act, f"programme:{programme_id}", before=before or None, after=after)
    return feed


def set_cover(actor: Actor, programme_id: int, data: bytes | None) -> PodcastCover | None:
    """Keep a cover of JPEG or PNG bytes in place of the one before; None: forget it, so that one is drawn of the name.

    Needs PRODUCE. Raises InvalidInput (field: cover) saying what to do, NotFound where there is no podcast. Audited without it.
    """
    try:
        picture = covers.checked(data) if data is not None else None
    except covers.NotSquare as error:
        raise InvalidInput(_refusal(error.code), field="cover", cause=error.code) from error
    with transaction.atomic():
        require(actor, Ability.PRODUCE, programme_id)
        feed = PodcastFeed.objects.select_for_update().filter(pk=programme_id).first()
        if feed is None:
            raise NotFound(_("请先保存播客，再换封面。"))
        made = None
        if picture is None:
            PodcastCover.objects.filter(feed=feed).delete()
        else:
            made, _new = PodcastCover.objects.update_or_create(
                feed=feed, defaults={"picture": picture, "at": clock.now()}
            )
        feed.changed_at = clock.now()
        feed.save(update_fields=["changed_at"])
        act = "podcast.cover" if picture is not None else "podcast.cover_drop"
        audit.record(actor, act, f"programme:{programme_id}", after={"bytes": len(picture) if picture else 0})
        return made


def _refusal(code: str) -> str:
    return {
        "type": _("这不是 JPEG 或 PNG 图片。请换一张。"),
        "size": _("图片太大：最多 10 MB。请缩小后再传。"),
        "square": _("封面要正方形：长和宽一样。请裁好再传。"),
        "pixels": _("封面每边要 1400 到 3000 像素。请换一张。"),
        "broken": _("图片已损坏，打不开。请换一张，或者另存一次再传。"),
    }[code]


def _named(programme: Programme) -> uuid.UUID:
    where = settings.PUBLIC_URL.partition("://")[2]
    return uuid.uuid5(_NAMES, f"{where}/podcasts/{programme.slug}.xml")


def _check(feed: PodcastFeed) -> None:
    try:
        feed.clean_fields(exclude=["programme"])
    except ValidationError as error:
        field, said = next(iter(error.message_dict.items()))
        raise InvalidInput(said[0], field=field) from error
