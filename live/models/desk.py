"""Tables of the moderation desk: rules and their terms, reports, appeals, sanctions, withdrawals of many, who sits at the desk."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from broadcast import clock
from live.models.room import Room

ITEM_KINDS = [("comment", _("评论")), ("question", _("提问"))]


class Rule(models.Model):
    """What the house looks for in citizens' words before anybody reads them, and what then happens. A person decides in the end:
    `hold` waits for one, `mask` proposes spans, `reject` refuses with the reason, which the author may appeal."""

    class Kind(models.TextChoices):
        TERMS = "terms", _("词表")
        LINKS = "links", _("网址")
        PHONE = "phone", _("电话号码")
        ID_NUMBER = "id_number", _("证件和银行卡号")
        CONTACT = "contact", _("其他联系方式")
        FLOOD = "flood", _("刷屏")
        REPEAT = "repeat", _("近似重复")

    class Action(models.TextChoices):
        HOLD = "hold", _("暂扣")
        REJECT = "reject", _("退回")
        MASK = "mask", _("蒙字")

    number = models.PositiveIntegerField(unique=True)
    name = models.CharField(max_length=60)
    category = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    action = models.CharField(max_length=8, choices=Action.choices, default=Action.HOLD)
    reason = models.ForeignKey("live.Reason", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    programme = models.ForeignKey(
        "broadcast.Programme", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    # Also found when written as it sounds: in pinyin letters, or with other characters of the same sound.
    by_pinyin = models.BooleanField(default=False)
    by_sound = models.BooleanField(default=False)
    # Of floods: so many of one person within so many minutes; of repeats: so many nearly the same by anybody.
    many = models.PositiveSmallIntegerField(default=3)
    minutes = models.PositiveSmallIntegerField(default=10)
    is_active = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]

    @property
    def code(self) -> str:
        """What people call it, such as R-014."""
        return f"R-{self.number:03d}"


class Term(models.Model):
    """A word or phrase that a rule of kind `terms` looks for; or, as an exception, a harmless one in which it finds nothing
    (of links: a host that may be named)."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="terms")
    text = models.CharField(max_length=60)
    is_exception = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["rule", "text"], name="one_term_per_rule")]


class RuleHit(models.Model):
    """That a rule found something in an item, for the rule's own figures; `false_by` says that a moderator found it wrong."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="hits")
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=ITEM_KINDS)
    item = models.BigIntegerField()
    at = models.DateTimeField()
    false_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    false_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "kind", "item"], name="one_hit_per_rule_and_item")]
        indexes = [
            models.Index(fields=["kind", "item"], name="hits_by_item"),
            models.Index(fields=["rule", "at"], name="hits_by_rule"),
        ]


class Rescan(models.Model):
    """That a rule which was switched on or changed is to look at what is public already, and how far it is. Done bit by bit by the tick."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="rescans")
    asked_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    # Nothing is looked at before: until then a process may still post by the rules as they were.
    due_at = models.DateTimeField()
    # What was posted before is left alone.
    since = models.DateTimeField()
    next_comment = models.BigIntegerField(default=0)
    next_question = models.BigIntegerField(default=0)
    looked_at = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["due_at"], condition=Q(done_at__isnull=True), name="open_rescans")]


class Report(models.Model):
    """举报: that somebody finds a public item should not be public. One each."""

    class State(models.TextChoices):
        OPEN = "open", _("待处理")
        UPHELD = "upheld", _("举报成立")
        DISMISSED = "dismissed", _("举报不成立")

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="reports")
    kind = models.CharField(max_length=8, choices=ITEM_KINDS)
    item = models.BigIntegerField()
    by = models.ForeignKey("broadcast.Participant", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=32)
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    closed_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "item", "by"], name="one_report_each")]
        indexes = [models.Index(fields=["room", "state"]), models.Index(fields=["by", "id"])]


class Appeal(models.Model):
    """申诉: the author of a refused or withdrawn item asks for another look; once for each item, answered by `due_at` by somebody else."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="appeals")
    kind = models.CharField(max_length=8, choices=ITEM_KINDS)
    item = models.BigIntegerField()
    by = models.ForeignKey("broadcast.Participant", on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=300)
    at = models.DateTimeField()
    due_at = models.DateTimeField()
    # The decision that is appealed against, for those who look again.
    against = models.JSONField(default=dict)
    state = models.CharField(max_length=8, default="open")
    decided_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "item"], name="one_appeal_per_item")]
        indexes = [models.Index(fields=["room", "state"], name="appeals_by_room")]


class Sanction(models.Model):
    """禁言 (mute: may watch, support and vote, not speak) or 封禁 (ban: may watch only) of a participant, a device or a network. Whoever it
    concerns is told; it ends by itself or is lifted. Never a silent one."""

    class Kind(models.TextChoices):
        MUTE = "mute", _("禁言")
        BAN = "ban", _("封禁")

    class Scope(models.TextChoices):
        PARTICIPANT = "participant", _("参与者")
        DEVICE = "device", _("设备")
        NETWORK = "network", _("网段")

    kind = models.CharField(max_length=4, choices=Kind.choices)
    scope = models.CharField(max_length=12, choices=Scope.choices)
    participant = models.ForeignKey("broadcast.Participant", on_delete=models.PROTECT, null=True, related_name="+")
    device = models.CharField(max_length=64, blank=True)
    network = models.CharField(max_length=50, blank=True)
    # In this show, else in this programme, else in all of them.
    room = models.ForeignKey(Room, on_delete=models.CASCADE, null=True, blank=True, related_name="sanctions")
    programme = models.ForeignKey(
        "broadcast.Programme", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=32)
    note = models.CharField(max_length=200, blank=True)
    item_kind = models.CharField(max_length=8, choices=ITEM_KINDS, blank=True)
    item = models.BigIntegerField(null=True)
    by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lift_note = models.CharField(max_length=200, blank=True)
    command_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["participant"], condition=Q(lifted_at__isnull=True), name="standing_sanctions_person"),
            models.Index(fields=["scope", "until"], condition=Q(lifted_at__isnull=True), name="standing_sanctions"),
        ]

    @property
    def where(self) -> str:
        """room, programme or house."""
        return "room" if self.room_id else "programme" if self.programme_id else "house"

    @property
    def stands(self) -> bool:
        """Whether it is in force now."""
        return self.lifted_at is None and (self.until is None or self.until > clock.now())


class Withdrawal(models.Model):
    """紧急撤下: everything of one author, or everything that the public wrote, is hidden from every surface at once, and may come back.

    Without `room`: in all shows. Items keep their state; whoever asks what is public asks for standing withdrawals too.
    """

    class Scope(models.TextChoices):
        AUTHOR = "author", _("一位作者")
        EVERYTHING = "everything", _("公众的全部内容")

    scope = models.CharField(max_length=10, choices=Scope.choices)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, null=True, blank=True, related_name="withdrawals")
    participant = models.ForeignKey("broadcast.Participant", on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=32)
    note = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    restored_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    restored_at = models.DateTimeField(null=True)
    restore_note = models.CharField(max_length=200, blank=True)
    command_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["room"], condition=Q(restored_at__isnull=True), name="standing_withdrawals")]


class Presence(models.Model):
    """Who sits at a desk now, and what they look at; renewed by their page, forgotten when it stops."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="presences")
    user = models.ForeignKey("broadcast.User", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=ITEM_KINDS, blank=True)
    item = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_presence_each")]
