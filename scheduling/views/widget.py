"""The schedule as a small page that other sites may frame: what anybody may know, without cookies, scripts or forms."""

from __future__ import annotations

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from broadcast import queries
from broadcast.access import Actor
from broadcast.errors import NotFound
from broadcast.models import Programme
from scheduling.views.answers import whole

# Everything that other pages may do is off here; in return any site may frame it.
_POLICY = {
    "default-src": [NONE],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": ["*"],
}
ROWS, MOST_ROWS = 5, 20


@xframe_options_exempt
@csp(_POLICY)
@require_safe
def widget(request: HttpRequest, slug: str = "") -> HttpResponse:
    """What is on air and coming, of one programme or of all; `?rows=` so many at most."""
    programme = None
    if slug:
        programme = Programme.objects.filter(slug=slug, is_active=True, audience=Programme.Audience.PUBLIC).first()
        if programme is None:
            raise NotFound(_("没有这个节目，或者它不对外公开。"))
    anybody, rows = Actor(), whole(request, "rows", ROWS, MOST_ROWS)
    on_air = queries.on_air(anybody, programme)[:rows]
    context = {"programme": programme, "on_air": on_air, "coming": queries.coming(anybody, rows, programme)}
    answer = render(request, "scheduling/widget.html", context)
    answer["Cache-Control"] = "no-cache"
    return answer
