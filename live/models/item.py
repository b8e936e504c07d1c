"""What people say and ask: comments and questions with their way through moderation, and supports of questions."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from live.models.room import Room


class Item(models.Model):
    """A citizen's words. `version` is for compare-and-set: every change of state raises it by one.

    The words are never rewritten: `mask` holds the spans (first and last+1 code point of `text`) that the public sees as ■.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("待审")
        HELD = "held", _("暂扣")
        SECOND = "second", _("待复审")
        ESCALATED = "escalated", _("已上报")
        APPROVED = "approved", _("已通过")
        REJECTED = "rejected", _("未通过")
        WITHDRAWN = "withdrawn", _("已撤下")
        RETRACTED = "retracted", _("作者撤回")

    # Not decided yet: what somebody still has to look at before it can be public.
    WAITING = ("pending", "held", "second", "escalated")

    class AppealState(models.TextChoices):
        NONE = "", _("没有申诉")
        OPEN = "open", _("申诉待处理")
        GRANTED = "granted", _("申诉成立")
        REFUSED = "refused", _("申诉不成立")

    author = models.ForeignKey("broadcast.Participant", on_delete=models.PROTECT, related_name="+")
    author_name = models.CharField(max_length=40)
    assurance = models.PositiveSmallIntegerField()
    # As what its author spoke: "member", or a role of live.services.speaking; "": as a citizen. And for whom: 界别 or organisation.
    speaks_as = models.CharField(max_length=12, blank=True)
    affiliation = models.CharField(max_length=120, blank=True)
    text = models.TextField()
    version = models.PositiveIntegerField(default=1)
    reason = models.CharField(max_length=32, blank=True)
    note = models.CharField(max_length=200, blank=True)
    decided_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_command = models.CharField(max_length=64, blank=True)
    # When it became public; orders what viewers see, since an approval may come late.
    public_at = models.DateTimeField(null=True)
    command_id = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    staff_seq = models.BigIntegerField(default=0)
    # Since when it waits in the queue it stands in now; the alarm of the desk counts from here. Null: since it came.
    waiting_since = models.DateTimeField(null=True)
    # What it was before the last decision, so that its maker can undo it; `before` holds all that undoing puts back, and the version.
    state_before = models.CharField(max_length=10, blank=True)
    before = models.JSONField(default=dict)
    # Who has it on the desk, and until when: a lease, so that nobody's closed browser holds anything back.
    claimed_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    claimed_until = models.DateTimeField(null=True)
    # 初审: who passed it on for the second look. Never the one who decides in the end.
    first_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    first_at = models.DateTimeField(null=True)
    mask = models.JSONField(default=list)
    # What rules found: [{"rule", "code", "name", "action", "spans": [[first, end]], "false": bool}], spans as in `mask`.
    hits = models.JSONField(default=list)
    open_reports = models.PositiveIntegerField(default=0)
    appeal = models.CharField(max_length=8, choices=AppealState.choices, blank=True)
    # The first item of those that look alike, by machine and for the eye alone; null: alone, or not looked at yet.
    similar_to = models.BigIntegerField(null=True)

    class Meta:
        abstract = True


class Comment(Item):
    """Something said in a room."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="comments")
    state = models.CharField(max_length=10, choices=Item.State.choices)
    # The public comment that a guest or a department answers with this one.
    reply_to = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replies")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["author", "command_id"], name="one_comment_per_command")]
        indexes = [
            models.Index(fields=["room", "public_at", "id"], condition=Q(state="approved"), name="public_comments"),
            # Withdrawn ones too: the lot is drawn among all that became public.
            models.Index(
                fields=["room", "public_at", "id"], condition=Q(public_at__isnull=False), name="published_comments"
            ),
            models.Index(fields=["room", "staff_seq"], name="comments_by_staff_seq"),
            # What ceased to be public last.
            models.Index(
                fields=["room", "staff_seq"],
                condition=Q(public_at__isnull=False) & ~Q(state="approved"),
                name="cleared_comments",
            ),
            models.Index(fields=["room", "id"], condition=Q(state__in=Item.WAITING), name="waiting_comments"),
            models.Index(fields=["room", "id"], condition=Q(open_reports__gt=0), name="reported_comments"),
            models.Index(fields=["author", "id"], name="comments_by_author"),
        ]


class Question(Item):
    """Something asked in a room, perhaps of one person; the best go on air and are answered."""

    class State(models.TextChoices):
        PENDING = "pending", _("待审")
        HELD = "held", _("暂扣")
        SECOND = "second", _("待复审")
        ESCALATED = "escalated", _("已上报")
        APPROVED = "approved", _("已通过")
        QUEUED = "queued", _("待播")
        ON_AIR = "on_air", _("正在回答")
        ANSWERED = "answered", _("已回答")
        PROMISED = "promised", _("待书面答复")
        CLOSED = "closed", _("已了结")
        REJECTED = "rejected", _("未通过")
        WITHDRAWN = "withdrawn", _("已撤下")
        RETRACTED = "retracted", _("作者撤回")
        MERGED = "merged", _("已合并")

    class Closing(models.TextChoices):
        COVERED = "covered", _("节目里已经谈到")
        ELSEWHERE = "elsewhere", _("转其他渠道办理")
        CARRIED = "carried", _("转到下一场")
        OFF_TOPIC = "off_topic", _("不属于本场议题")
        OTHER = "other", _("其他原因")

    PUBLIC = ("approved", "queued", "on_air", "answered", "promised", "closed")
    # Public, and nobody has said yet what becomes of it.
    OPEN = ("approved", "queued", "on_air")

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="questions")
    state = models.CharField(max_length=10, choices=State.choices)
    person = models.ForeignKey("broadcast.Person", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    on_air_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    # Asked of a department of the episode instead of one person, by its name.
    department = models.CharField(max_length=120, blank=True)
    # That a department answers in writing, and until which day.
    promised_at = models.DateTimeField(null=True)
    promised_to = models.CharField(max_length=120, blank=True)
    due_on = models.DateField(null=True)
    # That it ended without an answer, and why; the note is public.
    closed_at = models.DateTimeField(null=True)
    closing = models.CharField(max_length=12, choices=Closing.choices, blank=True)
    closing_note = models.CharField(max_length=200, blank=True)
    # The question of an earlier show that goes on here.
    carried_from = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="carried")
    # How many answers in writing are out, private ones too: most questions have none, and cost no look.
    replies_out = models.PositiveSmallIntegerField(default=0)
    # The question that stands for this one: a person found that both ask the same.
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["author", "command_id"], name="one_question_per_command"),
            models.UniqueConstraint(fields=["room"], condition=Q(state="on_air"), name="one_question_on_air"),
        ]
        indexes = [
            models.Index(fields=["room", "state"]),
            models.Index(fields=["room", "staff_seq"], name="questions_by_staff_seq"),
            models.Index(fields=["author", "id"], name="questions_by_author"),
            models.Index(fields=["promised_to", "due_on"], condition=Q(state="promised"), name="promised_questions"),
        ]

    def came_back_as(self) -> str:
        """Where it stands when it is public again after it had been taken down."""
        ends = ((self.answered_at, "answered"), (self.closed_at, "closed"), (self.promised_at, "promised"))
        return next((state for at, state in ends if at is not None), "approved")


class Support(models.Model):
    """That a participant supports a question; at most once."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="supports")
    participant = models.ForeignKey("broadcast.Participant", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    # The merged question that it was given to at first; so a merge can be undone.
    carried_from = models.ForeignKey(Question, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "participant"], name="one_support_each")]
