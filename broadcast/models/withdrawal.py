"""Tables of withdrawal by person: one order, and each thing it takes from the public; no rules beyond constraints."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class PersonWithdrawal(models.Model):
    """One order to take somebody from the public. It stands from the commit on; what is left to be done, its items say."""

    person = models.ForeignKey("broadcast.Person", on_delete=models.PROTECT, related_name="withdrawals")
    reason = models.CharField(max_length=500)
    by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]


class PersonWithdrawalItem(models.Model):
    """One thing of the order, by what the app that has it calls it. `waiting` and `done` both stand: what is only hidden is hidden at
    once, what must be done is done by the first process that comes to it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("正在撤下")
        DONE = "done", _("已撤下")
        RETURNING = "returning", _("正在恢复")
        RESTORED = "restored", pgettext_lazy("撤下", "已恢复")

    class Choice(models.TextChoices):
        WHOLE = "whole", _("整期撤下")
        NAME = "name", _("只撤名字")
        TAKE = "take", _("撤下")
        # Of words: what is heard goes too.
        BLEEP = "bleep", _("撤下并消音")
        CUT = "cut", _("撤下并剪去")

    STANDING = (State.WAITING, State.DONE)

    withdrawal = models.ForeignKey(PersonWithdrawal, on_delete=models.CASCADE, related_name="items")
    # Again here, because what hides a name asks for both at each reading.
    person = models.ForeignKey("broadcast.Person", on_delete=models.PROTECT, related_name="+")
    episode = models.ForeignKey("broadcast.Episode", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    source = models.CharField(max_length=24)
    kind = models.CharField(max_length=16)
    key = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    # Of a label: as it stands there.
    called = models.CharField(max_length=60, blank=True, default="")
    choice = models.CharField(max_length=8, choices=Choice.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # What its app needs to bring it back.
    before: models.JSONField[Any, Any] = models.JSONField(default=dict)
    problem = models.CharField(max_length=300, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    restored_at = models.DateTimeField(null=True, blank=True)
    restored_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    restore_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "source", "kind", "key"],
                condition=Q(state__in=["waiting", "done", "returning"]),
                name="taken_from_the_public_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["person", "episode"], condition=Q(state__in=["waiting", "done"]), name="standing_person_items"
            ),
            models.Index(fields=["state"], condition=Q(state__in=["waiting", "returning"]), name="open_person_items"),
        ]
