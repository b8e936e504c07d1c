"""What anybody may subscribe to: calendars and feeds of what is announced, and private calendars by their secret; no rule of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from broadcast.errors import NotFound
from broadcast.models import Airing, Programme, RoleGrant
from scheduling import feeds
from scheduling.models import CalendarToken
from scheduling.outing import Outing
from scheduling.queries import outings
from scheduling.services.calendar_entries import versioned
from scheduling.services.tokens import calendar_of
from scheduling.views.answers import site_of, tagged

ICS = "text/calendar; charset=utf-8"
FORMATS: dict[str, tuple[str, Callable[[feeds.Head, Sequence[Outing]], bytes]]] = {
    "atom": ("application/atom+xml; charset=utf-8", feeds.atom),
    "json": ("application/feed+json; charset=utf-8", feeds.json_feed),
}
# A feed is no archive: so many entries of what comes.
COMING = 60


@require_safe
def calendar(request: HttpRequest, slug: str = "") -> HttpResponseBase:
    """What is announced, of one programme or of all that are for everybody, as a calendar."""
    programme = _public_programme(slug)
    head, found = _head(request, programme), versioned(outings.told(outings.recent(_of(programme))))
    return _for_everybody(tagged(request, (head, found), lambda: feeds.calendar(head, found), ICS))


@require_safe
def feed(request: HttpRequest, form: str, slug: str = "") -> HttpResponseBase:
    """What comes, as Atom or JSON Feed."""
    programme = _public_programme(slug)
    media_type, write = FORMATS[form]
    head, found = _head(request, programme), versioned(outings.told(outings.coming(_of(programme))[:COMING]))
    return _for_everybody(tagged(request, (head, found), lambda: write(head, found), media_type))


@require_safe
def private(request: HttpRequest, secret: str) -> HttpResponseBase:
    """A private calendar; a secret that was revoked leads nowhere, like one that never was."""
    token = calendar_of(secret)
    if token is None:
        raise NotFound(_("没有这个日历。它可能已经收回，请向给您地址的人要新的。"))
    site = site_of(request)
    head = feeds.Head(title_of(token), site, "", site, _language())
    found = versioned(outings.told(outings.recent(outings.of_token(token)), private=True, role=token.role))
    answer = tagged(request, (head, found), lambda: feeds.calendar(head, found, private=True), ICS, private=True)
    answer["Referrer-Policy"], answer["X-Robots-Tag"] = "no-referrer", "noindex"
    return answer


def title_of(token: CalendarToken) -> str:
    """What a private calendar is called."""
    where = token.programme.name if token.programme is not None else _("议事")
    if token.person is not None:
        return f"{where} · {token.person.name}"
    if token.role:
        return f"{where} · {dict(RoleGrant.Role.choices).get(token.role, token.role)}"
    return f"{where} · {token.user}"


def _of(programme: Programme | None) -> QuerySet[Airing]:
    found = outings.public()
    return found.filter(episode__programme=programme) if programme is not None else found


def _public_programme(slug: str) -> Programme | None:
    if not slug:
        return None
    found = Programme.objects.filter(slug=slug, is_active=True, audience=Programme.Audience.PUBLIC).first()
    if found is None:
        raise NotFound(_("没有这个节目，或者它不对外公开。"))
    return found


def _head(request: HttpRequest, programme: Programme | None) -> feeds.Head:
    site = site_of(request)
    page = reverse("programme", args=[programme.slug]) if programme is not None else reverse("home")
    title = programme.name if programme is not None else _("议事：节目预告")
    return feeds.Head(title, site, site + request.path, site + page, _language())


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh-Hans"


def _for_everybody(answer: HttpResponseBase) -> HttpResponseBase:
    """Pages of others may read it too: it is the same for everybody."""
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
