"""Photos of people by their address: whoever was shown the address may fetch it; no rule and no writing."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from broadcast import shown_people
from scheduling.models import Photo


@require_safe
def photo(request: HttpRequest, name: str) -> HttpResponse:
    """The JPEG, or 404 once it was replaced, dropped or its person taken from the public. The same address is always the same picture."""
    gone = shown_people.standing().filter(kind=shown_people.PHOTO).values("person")
    picture = Photo.objects.filter(name=name).exclude(person__in=gone).values_list("picture", flat=True).first()
    if picture is None:
        raise Http404
    response = HttpResponse(bytes(picture), content_type="image/jpeg")
    # Short: a photo that its owner had dropped should not stay long in browsers.
    response["Cache-Control"] = "public, max-age=600"
    return response
