"""Makes a staff account on the machine itself and gives it roles: the first administrators, and the way back in; audited as the house's."""

from __future__ import annotations

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import translation

from broadcast import env
from broadcast.access import HOUSE
from broadcast.errors import BroadcastError
from broadcast.models import Programme, RoleGrant, User
from broadcast.services import accounts, roles, second_factor


class Command(BaseCommand):
    """`python -m broadcast account NAME --role ROLE`; whoever may run it owns the machine, so no right is asked."""

    help = "工作人员账号：新建、授予角色、给出设密码的链接 · staff accounts: make one, grant roles, print the link for its password"

    def add_arguments(self, parser: Any) -> None:
        """The account, its roles, and what to do where its owner is locked out."""
        parser.add_argument("username", help="账号 · the account, made when missing")
        parser.add_argument("--name", default="", help="姓名 · the name that is shown; needed for a new account")
        parser.add_argument(
            "--role",
            action="append",
            default=[],
            choices=RoleGrant.Role.values,
            metavar="ROLE",
            help="角色，可多次 · a role, more than once if needed: " + ", ".join(RoleGrant.Role.values),
        )
        parser.add_argument(
            "--programme", default="", help="只在这个节目（网址名） · only in this programme (its slug)"
        )
        parser.add_argument("--link", action="store_true", help="再给一个设密码的链接 · another link for the password")
        parser.add_argument(
            "--reset-factor",
            action="store_true",
            help="删去两步验证（手机丢了） · remove the second factor (phone lost)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do what was asked and say how the account stands."""
        with translation.override("zh-hans"):
            try:
                self._handle(options)
            except BroadcastError as refusal:
                raise CommandError(str(refusal)) from refusal

    def _handle(self, options: dict[str, Any]) -> None:
        reason = f"命令行，系统用户 {getpass.getuser()}"
        user = User.objects.filter(username=options["username"]).first()
        is_new = user is None
        if user is None:
            user = accounts.create(HOUSE, options["username"], options["name"] or options["username"])
        programme = self._programme(options["programme"])
        for role in options["role"]:
            roles.grant(HOUSE, user.pk, role, programme.pk if programme else None, None, reason)
        if options["reset_factor"]:
            second_factor.reset(HOUSE, user.pk, reason)
        self._tell(user)
        if is_new or options["link"] or not user.has_usable_password():
            path = reverse("account:invitation", args=[user.pk, accounts.invitation(HOUSE, user.pk)])
            hours = accounts.INVITATION_HOURS
            self.stdout.write(f"设密码的链接，{hours} 小时内用一次 · link for the password, once within {hours} hours:")
            self.stdout.write(f"  {_site()}{path}")

    def _programme(self, slug: str) -> Programme | None:
        if not slug:
            return None
        found = Programme.objects.filter(slug=slug).first()
        if found is None:
            raise CommandError(f"没有这个节目：{slug} · no programme of that slug; see /programmes/ for what there is")
        return found

    def _tell(self, user: User) -> None:
        self.stdout.write(f"账号 · account: {user.username}（{user}）{'' if user.is_active else ' 已停用 · closed'}")
        for grant in RoleGrant.objects.standing().filter(user=user).select_related("programme"):
            where = grant.programme.slug if grant.programme else "全部节目 · all programmes"
            self.stdout.write(f"  {grant.role:<24} {where}")
        factors = second_factor.factors_of(user.pk)
        if factors.needed and not factors.any:
            self.stdout.write(
                "  登录后先设两步验证，角色才生效 · roles count once a second factor is set up after the log-in"
            )


def _site() -> str:
    """Where people reach us, as far as the settings say."""
    origins = env.read("ORIGINS")
    return str(origins[0]).rstrip("/") if origins else ""
