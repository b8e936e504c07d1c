"""Addresses of podcasts, Atom, the site's map and what robots are asked; carry what items and writers say, no rule of their own."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from archive.models import PodcastFeed
from archive.podcasts import files, items, maps, rss
from archive.podcasts.answers import asked_page, picture, site_of, tagged
from archive.podcasts.items import PAGE
from broadcast import clock
from broadcast.access import is_public
from broadcast.errors import NotFound
from broadcast.models import Airing, Programme

app_name = "podcasts"
_XML = "application/xml; charset=utf-8"
_RSS = "application/rss+xml; charset=utf-8"
_ATOM = "application/atom+xml; charset=utf-8"
# Of the sitemaps' own bound of 50,000.
_MOST_IN_MAP = 40_000
_ROBOTS = "User-agent: *\nDisallow: /staff/\nDisallow: /account/\nDisallow: /invitations/\nDisallow: /q/\n"


@require_safe
def podcast(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A programme's podcast, while it publishes one; `?page=` goes back in time."""
    feed = (
        PodcastFeed.objects.select_related("programme")
        .filter(
            programme__slug=slug,
            is_published=True,
            programme__is_active=True,
            programme__audience=Programme.Audience.PUBLIC,
        )
        .first()
    )
    if feed is None:
        raise NotFound(_("这个节目没有播客。"))
    rows = items.with_sound(feed.programme)
    number, count = asked_page(request, rows.count())
    found = [each for each in items.playable(rows[(number - 1) * PAGE : number * PAGE]) if each.sound is not None]
    site = site_of(request)
    page = rss.Page(site, site + reverse("podcasts:podcast", args=[slug]), number, count)
    content = rss.podcast(feed, page, found, _live(feed.programme), site + files.cover_address(feed))
    return tagged(request, content, _RSS, max([feed.changed_at, *(each.changed_at for each in found)]))


def _live(programme: Programme) -> list[Airing]:
    """What is on air, and what is announced for the next days."""
    state, now = Airing.State, clock.now()
    rows = Airing.objects.filter(
        episode__programme=programme,
        announced_at__isnull=False,
        state__in=[state.ON_AIR, state.WAITING, state.PLANNED],
        planned_end__gt=now - dt.timedelta(hours=6),
        planned_start__lt=now + dt.timedelta(days=14),
    ).select_related("episode__programme")
    return [each for each in rows.order_by("planned_start", "pk")[:5] if is_public(each)]


@require_safe
def chapters(request: HttpRequest, airing_id: UUID) -> HttpResponseBase:
    """The parts of a released replay, as podcast players read them."""
    airing = items.released().filter(pk=airing_id).first()
    found = items.playable([airing]) if airing is not None else []
    if not found:
        raise NotFound()
    rows = [{"startTime": at, "title": title} for at, title in items.chapters(found[0].airing)]
    answer = JsonResponse({"version": "1.2.0", "chapters": rows}, json_dumps_params={"ensure_ascii": False})
    return tagged(request, answer.content, "application/json+chapters")


@require_safe
def atom(request: HttpRequest) -> HttpResponseBase:
    """All episodes that anybody may play, as Atom."""
    rows = items.released()
    number, count = asked_page(request, rows.count())
    found = items.playable(rows[(number - 1) * PAGE : number * PAGE])
    site = site_of(request)
    page = rss.Page(site, site + reverse("podcasts:atom"), number, count)
    changed = max((each.changed_at for each in found), default=None)
    return tagged(request, maps.atom(_("议事：回看"), page, found), _ATOM, changed)


@require_safe
def sitemap(request: HttpRequest) -> HttpResponseBase:
    """The list of maps: one of the pages, one of each year's episodes."""
    site = site_of(request)
    years = items.released().order_by().datetimes("actual_start", "year")
    addresses = [
        reverse("podcasts:sitemap-pages"),
        *(reverse("podcasts:sitemap-year", args=[each.year]) for each in years),
    ]
    return tagged(request, maps.index([site + each for each in addresses]), _XML)


@require_safe
def sitemap_pages(request: HttpRequest) -> HttpResponseBase:
    """The pages that are no episodes'."""
    site = site_of(request)
    public = Programme.objects.filter(is_active=True, audience=Programme.Audience.PUBLIC)
    addresses = [reverse("home"), reverse("programmes")]
    addresses += [reverse("programme", args=[each.slug]) for each in public]
    return tagged(request, maps.pages([site + each for each in addresses]), _XML)


@require_safe
def sitemap_year(request: HttpRequest, year: int) -> HttpResponseBase:
    """A year's episodes."""
    found = items.playable(items.released().filter(actual_start__year=year)[:_MOST_IN_MAP]) if year < 9999 else []
    if not found:
        raise NotFound()
    changed = max(each.changed_at for each in found)
    return tagged(request, maps.episodes(site_of(request), found, picture(request)), _XML, changed)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What crawlers are asked to leave alone, and where the map is."""
    text = f"{_ROBOTS}Sitemap: {site_of(request)}{reverse('podcasts:sitemap')}\n"
    return HttpResponse(
        text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "public, max-age=300"}
    )


urlpatterns = [
    path("podcasts/<slug:slug>.xml", podcast, name="podcast"),
    path("podcasts/chapters/<uuid:airing_id>.json", chapters, name="chapters"),
    *files.urlpatterns,
    path("feeds/episodes.atom", atom, name="atom"),
    path("sitemap.xml", sitemap, name="sitemap"),
    path("sitemap-pages.xml", sitemap_pages, name="sitemap-pages"),
    path("sitemap-<int:year>.xml", sitemap_year, name="sitemap-year"),
    path("robots.txt", robots, name="robots"),
]
