"""The staff page of a programme's podcast: carries what was typed to the service; no rule of its own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from archive.models import PodcastCover, PodcastFeed
from archive.podcasts import covers, files, items
from archive.podcasts.services import FIELDS, set_cover, set_feed
from broadcast.access import Ability, Actor, require
from broadcast.errors import BroadcastError, InvalidInput
from broadcast.forms import PlainForm
from broadcast.models import Programme
from broadcast.views.staff_page import for_staff, shell


class PodcastForm(PlainForm):
    """What directories of podcasts ask for."""

    title = forms.CharField(label=gettext_lazy("播客名称"), max_length=120)
    description = forms.CharField(
        label=gettext_lazy("播客简介"), max_length=3000, widget=forms.Textarea(attrs={"rows": 4})
    )
    owner_name = forms.CharField(label=gettext_lazy("主办单位"), max_length=80)
    owner_email = forms.EmailField(
        label=gettext_lazy("联系邮箱"),
        required=False,
        help_text=gettext_lazy("播客平台用它核实归属，任何人都看得到，请填单位的邮箱。"),
    )
    category = forms.ChoiceField(label=gettext_lazy("分类"), choices=PodcastFeed.Category.choices)
    language = forms.ChoiceField(label=gettext_lazy("语言"), choices=PodcastFeed.Language.choices)
    is_explicit = forms.BooleanField(label=gettext_lazy("含有不适合未成年人的内容"), required=False)
    is_published = forms.BooleanField(
        label=gettext_lazy("发布播客"),
        required=False,
        help_text=gettext_lazy("只收已发布、已签发回看、有声音的各期；撤下的立刻从播客里消失。"),
    )


@for_staff
def podcast(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """What the podcast says, and whether there is one."""
    programme = get_object_or_404(Programme, slug=slug)
    require(actor, Ability.PRODUCE, programme.pk)
    feed = PodcastFeed.objects.filter(pk=programme.pk).first()
    form = PodcastForm(request.POST if request.method == "POST" else None, initial=_initial(programme, feed))
    status = 200
    if request.method == "POST":
        if form.is_valid() and _saved(actor, programme, form):
            messages.success(request, _("已保存。"))
            return redirect("staff:podcast", slug=slug)
        status = 422
    context = {
        "programme": programme,
        "feed": feed,
        "form": form,
        "show_errors": status == 422,
        "address": request.build_absolute_uri(reverse("podcasts:podcast", args=[slug])),
        "own_cover": PodcastCover.objects.filter(feed=feed).exists() if feed else False,
        "count": items.with_sound(programme).count(),
    }
    return shell(request, actor, "archive/staff/podcast.html", context, status=status)


@require_POST
@for_staff
def cover(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """POST a square picture (cover), or act=drop."""
    programme = get_object_or_404(Programme, slug=slug)
    require(actor, Ability.PRODUCE, programme.pk)
    given = request.FILES.get("cover")
    try:
        if request.POST.get("act") == "drop":
            set_cover(actor, programme.pk, None)
        elif isinstance(given, UploadedFile):
            # Not read whole when it is too large: one byte more than may be is enough to be refused.
            set_cover(actor, programme.pk, given.read(covers.MOST_BYTES + 1))
        else:
            raise InvalidInput(_("请选择一张图片。"), field="cover")
    except BroadcastError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("封面已换。"))
    return redirect("staff:podcast", slug=slug)


@for_staff
@require_safe
def cover_shown(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """The cover as it is, published or not."""
    feed = get_object_or_404(PodcastFeed.objects.select_related("programme"), programme__slug=slug)
    require(actor, Ability.PRODUCE, feed.pk)
    return HttpResponse(files.picture(feed), content_type="image/jpeg")


def _initial(programme: Programme, feed: PodcastFeed | None) -> dict[str, Any]:
    if feed is not None:
        return {name: getattr(feed, name) for name in FIELDS}
    return {"title": programme.name_zh, "description": programme.description_zh}


def _saved(actor: Actor, programme: Programme, form: PodcastForm) -> bool:
    try:
        set_feed(actor, programme.pk, **form.cleaned_data)
    except BroadcastError as error:
        form.blame(str(error.data.get("field", "")), error.message)
        return False
    return True


urlpatterns = [
    path("<slug:slug>/podcast/", podcast, name="podcast"),
    path("<slug:slug>/podcast/cover", cover, name="podcast-cover"),
    path("<slug:slug>/podcast/cover.jpg", cover_shown, name="podcast-cover-shown"),
]
