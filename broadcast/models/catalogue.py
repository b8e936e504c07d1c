"""What is made: programmes, their episodes with run-down and people, and the feeds they come in by."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Assurance(models.IntegerChoices):
    """How sure we are who acts; each action of a programme states the least it needs. Gaps leave room for more levels."""

    GUEST = 0, _("游客")
    PARTNER = 10, _("合作平台用户")
    PHONE = 20, _("手机已验证")
    MEMBER = 30, _("委员")


def least_assurance_default() -> dict[str, int]:
    """Guests watch and like; words and supports need a verified phone; a poll may say otherwise for itself."""
    return {
        "like": Assurance.GUEST,
        "vote": Assurance.GUEST,
        "comment": Assurance.PHONE,
        "ask": Assurance.PHONE,
        "support": Assurance.GUEST,
    }


class Programme(models.Model):
    """A brand such as 委员议事厅: everything that differs between brands is a column here, never code."""

    class Kind(models.TextChoices):
        VIDEO = "video", _("视频")
        RADIO = "radio", _("广播")
        BOTH = "both", _("视频和广播")
        OFF_AIR = "off_air", _("不播出")

    class Audience(models.TextChoices):
        PUBLIC = "public", _("公开")
        MEMBERS = "members", _("仅委员")
        CLOSED = "closed", _("不公开")

    class Moderation(models.TextChoices):
        OFF = "off", _("关闭")
        PRE = "pre", _("先审后发")
        POST = "post", _("先发后审")

    class Release(models.TextChoices):
        AFTER_SIGN_OFF = "after_sign_off", _("签发后公开")
        AT_ONCE = "at_once", _("结束即公开")

    class MembersShown(models.TextChoices):
        BADGE = "badge", _("只标“委员”")
        SECTOR = "sector", _("标“委员”和界别")
        NAME = "name", _("真实姓名、“委员”和界别")

    slug = models.SlugField(unique=True)
    name_zh = models.CharField(max_length=60)
    name_en = models.CharField(max_length=120)
    description_zh = models.TextField(blank=True)
    description_en = models.TextField(blank=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    cadence = models.CharField(max_length=120, blank=True, help_text=_("一句话，例如：每周六 11:00，30 分钟"))
    audience = models.CharField(max_length=8, choices=Audience.choices, default=Audience.PUBLIC)
    comments = models.CharField(max_length=4, choices=Moderation.choices, default=Moderation.PRE)
    questions = models.CharField(max_length=4, choices=Moderation.choices, default=Moderation.PRE)
    likes = models.BooleanField(default=True)
    polls = models.BooleanField(default=True)
    # Whether anybody may fetch the anonymous list of a closed poll's ballots and recount it.
    publishes_ballots = models.BooleanField(default=False)
    least_assurance = models.JSONField(default=least_assurance_default)
    delay_seconds = models.PositiveSmallIntegerField(default=20)
    replay_release = models.CharField(max_length=16, choices=Release.choices, default=Release.AFTER_SIGN_OFF)
    cut_needs_second_person = models.BooleanField(default=False)
    # 初审 alone, or 初审 and 复审 by two persons.
    review_steps = models.PositiveSmallIntegerField(default=1)
    # Whether the public may read how many items came, were approved, and were refused for which reasons.
    publishes_figures = models.BooleanField(default=False)
    appeal_hours = models.PositiveSmallIntegerField(default=24)
    # How a verified member stands beside what it says.
    members_shown = models.CharField(max_length=8, choices=MembersShown.choices, default=MembersShown.SECTOR)
    next_number = models.PositiveIntegerField(default=1)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    # 停办: nothing new is planned; what there is stays public.
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Name in the language of the reader."""
        return self.name_en if (get_language() or "").startswith("en") else self.name_zh

    @property
    def description(self) -> str:
        """Description in the language of the reader, Chinese where there is no English."""
        english = (get_language() or "").startswith("en")
        return (self.description_en if english else "") or self.description_zh

    def needs(self, action: str) -> int:
        """Least Assurance for `action` (like, vote, comment, ask, support); an action nobody set asks for a phone."""
        return int(self.least_assurance.get(action, Assurance.PHONE))


class SegmentRole(models.Model):
    """A part that a segment can play in this programme: 议, 讲, 答, 评 differ by place, so they are rows."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="segment_roles")
    code = models.SlugField(max_length=32)
    mark = models.CharField(max_length=2, help_text=_("一个字，例如：议"))
    name_zh = models.CharField(max_length=20)
    name_en = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["programme", "code"], name="one_segment_role_per_code")]

    @property
    def name(self) -> str:
        """Name in the language of the reader."""
        return self.name_en if (get_language() or "").startswith("en") else self.name_zh


class Person(models.Model):
    """Somebody who appears: a member, an expert, a department's respondent, a host."""

    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=120, blank=True)
    is_member = models.BooleanField(default=False)
    sector = models.CharField(max_length=40, blank=True)
    organisation = models.CharField(max_length=120, blank=True)
    title = models.CharField(max_length=120, blank=True)
    user = models.OneToOneField(
        "broadcast.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="person"
    )

    def __str__(self) -> str:
        return self.name


class Episode(models.Model):
    """The content: one edition of a programme. Whether the public may see it stands here; when it goes out stands on Airing."""

    class Publication(models.TextChoices):
        DRAFT = "draft", _("草稿")
        INTERNAL = "internal", _("内部")
        PUBLISHED = "published", _("已发布")
        WITHDRAWN = "withdrawn", _("已撤下")

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="episodes")
    number = models.PositiveIntegerField(null=True, blank=True)
    slug = models.SlugField(max_length=60, blank=True, help_text=_("没有期号时用作网址"))
    title = models.CharField(max_length=120)
    title_en = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    publication = models.CharField(max_length=10, choices=Publication.choices, default=Publication.DRAFT)
    published_at = models.DateTimeField(null=True, blank=True)
    signed_off_at = models.DateTimeField(null=True, blank=True, help_text=_("签发：回看可以公开"))
    created_at = models.DateTimeField()
    # Raised by every change of the run-down, so that of two producers the second is told.
    rundown_version = models.PositiveIntegerField(default=1)
    people: models.ManyToManyField[Person, Any] = models.ManyToManyField(
        Person, through="broadcast.Appearance", related_name="episodes"
    )

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "number"], name="one_episode_per_number"),
            models.UniqueConstraint(fields=["programme", "slug"], condition=~Q(slug=""), name="one_episode_per_slug"),
            models.CheckConstraint(condition=Q(number__isnull=False) | ~Q(slug=""), name="episode_has_an_address"),
        ]

    def __str__(self) -> str:
        return f"{self.programme.name_zh} {self.key} {self.title}"

    @property
    def key(self) -> str:
        """The last part of the page's address: the number, or the slug of an unnumbered special."""
        return str(self.number) if self.number is not None else self.slug


class Segment(models.Model):
    """One planned part of an episode's run-down; its real times in one airing are a SegmentRun."""

    class Start(models.TextChoices):
        FOLLOW = "follow", _("接着上一节")
        # A time that is aimed at, and one that holds whatever is on.
        SOFT = "soft", _("软起点")
        HARD = "hard", _("硬起点")

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="segments")
    position = models.PositiveSmallIntegerField()
    role = models.ForeignKey(SegmentRole, on_delete=models.PROTECT, null=True, blank=True)
    title = models.CharField(max_length=80)
    planned_seconds = models.PositiveIntegerField(default=600)
    start = models.CharField(max_length=6, choices=Start.choices, default=Start.FOLLOW)
    # Of a soft or hard start: seconds from the airing's planned start.
    offset_seconds = models.PositiveIntegerField(null=True, blank=True)
    # Of a hard start: how many seconds late it may be before the segment ahead of it is cut; none: 0.
    wait_seconds = models.PositiveIntegerField(null=True, blank=True)
    # Gives way to what is before and after it: takes from least (none: 0, so left out) to most (none: its planned length) seconds.
    is_floating = models.BooleanField(default=False)
    least_seconds = models.PositiveIntegerField(null=True, blank=True)
    most_seconds = models.PositiveIntegerField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["episode", "position"], name="one_segment_per_position", deferrable=models.Deferrable.DEFERRED
            ),
        ]


class Appearance(models.Model):
    """One person in one episode, and as what."""

    class Role(models.TextChoices):
        HOST = "host", _("主持人")
        MEMBER = "member", _("委员")
        EXPERT = "expert", _("专家")
        DEPARTMENT = "department", _("部门")
        CITIZEN = "citizen", _("市民")
        LECTURER = "lecturer", _("主讲人")
        LEADER = "leader", _("领导")

    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="appearances")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="appearances")
    role = models.CharField(max_length=12, choices=Role.choices)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["episode", "person", "role"], name="one_appearance_per_role")]


class Feed(models.Model):
    """A way in for picture and sound: one SRT port and one RTMP path, used by one airing at a time."""

    name = models.CharField(max_length=60, unique=True)
    srt_port = models.PositiveIntegerField(unique=True)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name
