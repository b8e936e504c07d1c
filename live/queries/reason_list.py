"""The reasons that may be given in a programme, for refusing, withdrawing and reporting; it must not write."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from live.models import Reason


def names() -> dict[str, str]:
    """Names of all reasons by code in the reader's language, the retired ones too."""
    return {reason.code: reason.name for reason in Reason.objects.all()}


def offered(programme_id: int) -> list[dict[str, str]]:
    """Those that may be given today in the programme, its own and everybody's, in their order: code and name."""
    return [{"code": reason.code, "name": reason.name} for reason in _standing(programme_id)]


def is_offered(code: str, programme_id: int) -> bool:
    """Whether this one may be given there today."""
    return _standing(programme_id).filter(pk=code).exists()


def listed(programme_id: int | None) -> list[Reason]:
    """For the page where they are worded: those of one programme, or (None) of all programmes, the retired ones last."""
    return list(Reason.objects.filter(programme=programme_id).order_by("-is_active", "position", "code"))


def _standing(programme_id: int) -> QuerySet[Reason]:
    mine = Q(programme__isnull=True) | Q(programme=programme_id)
    return Reason.objects.filter(mine, is_active=True).order_by("position", "code")
