"""The staff pages of the rules: list, one rule, trial, lists of words in and out; services decide, nothing is decided here."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from broadcast.access import Actor
from broadcast.errors import BroadcastError, NotAllowed
from broadcast.models import Airing
from broadcast.views.staff_page import for_staff, shell
from live.queries import rule_pages
from live.queries import rules as rule_queries
from live.rules import lists
from live.services import rule_lists, rules
from live.views.rule_forms import RuleForm, initial

CSV_NAME = "yishi-rules.csv"


@for_staff
def listed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All rules that one may see, with their figures."""
    _require_desk(actor)
    found = list(rule_pages.seen_by(actor))
    figures = rule_pages.figures(rule.pk for rule in found)
    counts = rule_queries.word_counts(found)
    rows = [
        {
            "rule": rule,
            "figures": figures.get(rule.pk, rule_pages.Figures()),
            "words": counts.get(rule.pk, 0),
            "may_edit": rules.may_edit(actor, rule.programme_id),
        }
        for rule in found
    ]
    context = {
        "rows": rows,
        "may_create": rules.may_edit(actor, None),
        "days": rule_pages.DAYS,
        "rescans": rule_queries.rescans_under_way(found),
    }
    return shell(request, actor, "live/staff/rules.html", context)


@for_staff
def new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A new rule; tried before it is saved, saved switched off."""
    _require_edit(actor, None)
    return _edited(request, actor, None)


@for_staff
def one(request: HttpRequest, actor: Actor, number: int) -> HttpResponse:
    """One rule: its words, its figures, its last hits; changed by whoever may, tried by everybody at a desk."""
    _require_desk(actor)
    return _edited(request, actor, rule_pages.one(actor, number))


def _edited(request: HttpRequest, actor: Actor, rule: Any) -> HttpResponse:
    shows = rule_pages.shows(actor)
    error: BroadcastError | None = None
    trial = None
    may_edit = rules.may_edit(actor, rule.programme_id if rule else None)
    if request.method != "POST":
        form = RuleForm(initial=initial(rules.draft_of(rule), rule.version) if rule else {}, actor=actor, shows=shows)
        return _rule_page(request, actor, rule, form, may_edit=may_edit)
    form = RuleForm(request.POST, actor=actor, shows=shows)
    if form.is_valid():
        try:
            if request.POST.get("do") == "try":
                trial = _tried(form, rule, shows)
            else:
                return _saved(request, actor, rule, form)
        except BroadcastError as refused:
            error = refused
            name = error.data.get("field", "")
            name = "words" if name == "except_words" else name
            form.add_error(name if name in form.fields else None, error.message)
    return _rule_page(request, actor, rule, form, may_edit=may_edit, trial=trial, status=_status(form, error))


def _status(form: RuleForm, error: BroadcastError | None) -> int:
    if error is not None:
        return error.status
    return 200 if form.is_valid() else 422


def _saved(request: HttpRequest, actor: Actor, rule: Any, form: RuleForm) -> HttpResponse:
    if rule is None:
        saved = rules.create(actor, form.draft())
        messages.success(request, _("已保存 %(code)s，还没有启用。试过之后再启用。") % {"code": saved.code})
    else:
        saved = rules.change(actor, rule.number, form.cleaned_data["version"] or 0, form.draft())
        words = _("已保存，马上生效。") if saved.is_active else _("已保存，还没有启用。")
        messages.success(request, words)
    return HttpResponseRedirect(reverse("staff:rule", args=[saved.number]))


def _tried(form: RuleForm, rule: Any, shows: list[Airing]) -> rule_pages.Trial:
    draft = rules.checked_draft(form.draft())
    book = rule_queries.as_if(rule, rules.fill, draft)
    airing = next((each for each in shows if str(each.pk) == form.cleaned_data["show"]), None)
    texts: list[Any] = list(form.lines())
    if airing is not None:
        texts += rule_pages.words_of(airing)
    return rule_pages.tried(book, texts, draft.programme)


def _rule_page(
    request: HttpRequest,
    actor: Actor,
    rule: Any,
    form: RuleForm,
    *,
    may_edit: bool,
    trial: rule_pages.Trial | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "rule": rule,
        "form": form,
        "show_errors": form.is_bound and bool(form.errors),
        "trial": trial,
        "may_edit": may_edit,
        "figures": rule_pages.figures([rule.pk]).get(rule.pk, rule_pages.Figures()) if rule else None,
        "hits": rule_pages.last_hits(actor, rule) if rule else [],
        "rescan": rule.rescans.order_by("-pk").first() if rule else None,
        "categories": rule_queries.categories(),
        "days": rule_pages.DAYS,
    }
    return shell(request, actor, "live/staff/rule.html", context, status)


@require_POST
@for_staff
def switch(request: HttpRequest, actor: Actor, number: int) -> HttpResponse:
    """on=1: let it hold from now on and look back; on=0: no longer."""
    if request.POST.get("on") not in {"0", "1"}:
        raise BadRequest("on")
    on = request.POST["on"] == "1"
    try:
        rule = rules.switch(actor, number, on)
        words = _("%(code)s 已启用，马上生效；正在回看已公开的内容。") if on else _("%(code)s 已停用，不再拦新内容。")
        messages.success(request, words % {"code": rule.code})
    except BroadcastError as refused:
        messages.error(request, refused.message)
    back = request.POST.get("back") == "one"
    return HttpResponseRedirect(reverse("staff:rule", args=[number]) if back else reverse("staff:rules"))


@for_staff
def attempt(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All rules that hold now, tried on texts."""
    _require_desk(actor)
    sample = request.POST.get("sample", "")[:200_000]
    texts = [line.strip() for line in sample.splitlines() if line.strip()]
    trial = rule_pages.tried(rule_queries.book(), texts) if request.method == "POST" else None
    return shell(request, actor, "live/staff/rules_try.html", {"sample": sample, "trial": trial})


@require_POST
@for_staff
def given_out(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The words of all rules of words, as a file; by POST, for it is audited."""
    _require_edit(actor, None)
    found = rule_pages.seen_by(actor).filter(kind="terms")
    response = HttpResponse("\ufeff" + rule_lists.given_out(actor, found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{CSV_NAME}"'
    return response


@for_staff
def taken_in(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A file of words: first what it would change, then, confirmed, that."""
    _require_edit(actor, None)
    context: dict[str, Any] = {"shares": None, "content": "", "error": None}
    status = 200
    if request.method == "POST":
        try:
            file = request.FILES.get("file")
            content = file.read(rule_lists.BYTES_MOST + 1) if file else request.POST.get("content", "").encode()
            rows = rule_lists.read(content)
            if request.POST.get("do") == "save":
                shares = rule_lists.take_in(actor, rows)
                added = sum(len(share.words) + len(share.except_words) for share in shares)
                messages.success(request, _("已导入 %(many)s 个词。新规则还没有启用。") % {"many": added})
                return HttpResponseRedirect(reverse("staff:rules"))
            context |= {"shares": rule_lists.plan(actor, rows), "content": lists.written(rows)}
        except BroadcastError as refused:
            context["error"], status = refused, refused.status
    return shell(request, actor, "live/staff/rules_import.html", context, status)


def _require_desk(actor: Actor) -> None:
    if not rule_pages.may_see(actor):
        raise NotAllowed(_("规则给审核台的人看。需要时请联系管理员。"))


def _require_edit(actor: Actor, programme: int | None) -> None:
    if not rules.may_edit(actor, programme):
        raise NotAllowed(_("规则由值班长修改。您可以试用，不能修改。"))


urlpatterns = [
    path("", listed, name="rules"),
    path("new", new, name="rule-new"),
    path("try", attempt, name="rules-try"),
    path("import", taken_in, name="rules-import"),
    path("export.csv", given_out, name="rules-export"),
    path("<int:number>/", one, name="rule"),
    path("<int:number>/switch", switch, name="rule-switch"),
]
