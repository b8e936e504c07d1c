"""The staff page of rolls: lists of people who may vote, such as a workstation's; made of telephone numbers that are kept nowhere."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from broadcast.access import Ability, Actor, require
from broadcast.errors import BroadcastError, InvalidInput
from broadcast.forms import PlainForm, number
from broadcast.models import Airing
from broadcast.views.staff_page import for_staff, shell
from live.queries import electorate
from live.services import rolls

# About as many numbers as a roll takes, one to a line.
TEXT_MOST = 400_000


class RollForm(PlainForm):
    """A roll to be made."""

    name = forms.CharField(
        label=gettext_lazy("名单叫什么"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    numbers = forms.CharField(
        label=gettext_lazy("手机号码，一行一个"),
        max_length=TEXT_MOST,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "autocomplete": "off"}),
        help_text=gettext_lazy("只留下不能还原的摘要，号码本身不保存。投票的人要用其中的号码验证过。"),
    )


@for_staff
def page(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The rolls that polls of this programme may use. POST makes one, or removes the one that `remove` names."""
    airing = get_object_or_404(Airing.objects.select_related("episode__programme"), pk=airing_id)
    programme = airing.episode.programme
    require(actor, Ability.PRODUCE, programme.pk)
    form, error = RollForm(), None
    if request.method == "POST":
        gone = number(request.POST.get("remove"))
        form = RollForm() if gone else RollForm(request.POST)
        try:
            if gone:
                rolls.remove(actor, gone)
                messages.success(request, _("名单已删除。"))
                return HttpResponseRedirect(request.get_full_path())
            if form.is_valid():
                lines = [line.strip() for line in form.cleaned_data["numbers"].splitlines() if line.strip()]
                made = rolls.make(actor, programme.pk, form.cleaned_data["name"], lines)
                messages.success(request, _("名单“%(name)s”已建好。") % {"name": made.name})
                return HttpResponseRedirect(request.get_full_path())
        except BroadcastError as refused:
            field = str(refused.data.get("field", ""))
            if not gone and field in form.fields:
                form.blame(field, refused.message)
            else:
                error = refused
    status = error.status if error else InvalidInput.status if form.is_bound else 200
    context = {
        "airing": airing,
        "episode": airing.episode,
        "programme": programme,
        "rolls": electorate.rolls(programme.pk),
        "may_remove_all": Ability.PRODUCE in actor.grants.get(None, ()),
        "form": form,
        "show_errors": bool(form.errors),
        "error": error,
    }
    return shell(request, actor, "live/staff/poll_rolls.html", context, status)
