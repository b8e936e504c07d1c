"""The second step of a log-in: authenticator app and recovery codes, tried within limits; passkeys are in services.passkeys."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import unicodedata
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock, totp
from broadcast.access import Ability, Actor, needs_factor, require_house, standing_grants
from broadcast.errors import BroadcastError, IllegalTransition, InvalidInput, NotAllowed, TooMany
from broadcast.models import Passkey, RecoveryCode, SecondFactor, User
from broadcast.sealing import digest, seal, unseal
from broadcast.services import logins

MAX_WRONG_TRIES = 5
WINDOW_SECONDS = 900
CODES = 10
# Without letters and digits that are taken for one another: ten of these are 49 bits.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Passed:
    """That an account's second step was passed; made here and in services.passkeys alone, asked for by `identity.log_in`."""

    user_id: int


@dataclass(frozen=True)
class Factors:
    """What an account has. `needed`: one of its roles asks for it."""

    app: bool
    passkeys: tuple[Passkey, ...]
    codes_left: int
    needed: bool

    @property
    def any(self) -> bool:
        """Whether there is a second factor at all."""
        return self.app or bool(self.passkeys)


@dataclass(frozen=True)
class Enrolment:
    """What the page shows once: the secret to type, and the same as an address for the QR code."""

    secret: str
    address: str


def factors_of(user_id: int) -> Factors:
    """What the account has and must have."""
    row = SecondFactor.objects.filter(user=user_id).first()
    return Factors(
        app=row is not None and row.confirmed_at is not None,
        passkeys=tuple(Passkey.objects.filter(user=user_id).order_by("made_at")),
        codes_left=RecoveryCode.objects.filter(user=user_id, used_at=None).count(),
        needed=any(needs_factor(role, policy) for _programme, role, policy in standing_grants(user_id)),
    )


def check(actor: Actor, user: User, typed: str) -> Passed:
    """The code of the app, or a recovery code. Raises InvalidInput (field: code), TooMany (retry_after_seconds).

    Wrong tries are counted in the account's row, together for both kinds and committed whatever follows; the one that closes the
    step for a while is audited.
    """
    with transaction.atomic():
        row = _locked(user.pk)
        refusal = _closed(row) or _tried(actor, row, _plain(typed))
    if refusal is not None:
        raise refusal
    return Passed(user.pk)


def begin_app(actor: Actor) -> Enrolment:
    """A fresh secret for the actor's app; it counts only once a code of it was typed. The last one not confirmed dies."""
    user = _user(actor)
    with transaction.atomic():
        row = _locked(user.pk)
        if row.confirmed_at is not None:
            raise IllegalTransition(_("验证器已经在用。要换一部手机，请先停用现在的。"))
        secret = totp.new_secret()
        row.secret_sealed, row.begun_at, row.last_step = seal(secret), clock.now(), 0
        row.save()
    return _shown(user, secret)


def begun_app(actor: Actor) -> Enrolment | None:
    """The secret that waits for its first code, so that a page read again shows the same; None without one."""
    user = _user(actor)
    row = SecondFactor.objects.filter(user=user, confirmed_at=None).exclude(secret_sealed=None).first()
    return _shown(user, unseal(row.secret_sealed)) if row is not None and row.secret_sealed else None


def confirm_app(actor: Actor, typed: str, session_key: str) -> list[str]:
    """Take the app into use with its first code; every other session ends. Returns recovery codes if there were none.

    Raises InvalidInput (field: code), TooMany.
    """
    user = _user(actor)
    with transaction.atomic():
        row = _locked(user.pk)
        if row.confirmed_at is not None or not row.secret_sealed:
            raise IllegalTransition(_("请重新开始设置验证器。"))
        refusal: BroadcastError | None = _closed(row)
        if refusal is None and not _fits(row, _plain(typed)):
            refusal = _wrong(actor, row)
        if refusal is None:
            row.confirmed_at = clock.now()
            row.save(update_fields=["confirmed_at"])
            codes = added(actor, user, "app", session_key)
    if refusal is not None:
        raise refusal
    return codes


def remove_app(actor: Actor) -> None:
    """Stop using the app. Raises NotAllowed where a role of the account asks for a second factor and this is the last."""
    user = _user(actor)
    with transaction.atomic():
        row = _locked(user.pk)
        require_another(user.pk, beside_app=True)
        row.secret_sealed, row.confirmed_at, row.last_step = None, None, 0
        row.save()
        _removed(actor, user, "app")


def renew_codes(actor: Actor) -> list[str]:
    """Ten fresh recovery codes; the ones before die. Only with a second factor. Raises NotAllowed."""
    user = _user(actor)
    with transaction.atomic():
        _locked(user.pk)
        if not factors_of(user.pk).any:
            raise NotAllowed(_("先设置验证器或通行密钥，才有恢复码。"))
        audit.record(actor, "factor.codes", f"user:{user.pk}")
        return _fresh_codes(user)


def reset(actor: Actor, user_id: int, reason: str) -> None:
    """Take every second factor from somebody who lost his; all his sessions end. Needs GRANT, never for oneself, with a reason."""
    require_house(actor, Ability.GRANT)
    if actor.user_id == user_id:
        raise NotAllowed(_("不能重置自己的两步验证，请另一位安全管理员来做。"))
    if not reason.strip():
        raise InvalidInput(_("请写明原因，以后要能查到。"), field="reason")
    with transaction.atomic():
        had = factors_of(user_id)
        SecondFactor.objects.filter(user=user_id).delete()
        Passkey.objects.filter(user=user_id).delete()
        RecoveryCode.objects.filter(user=user_id).delete()
        before = {"app": had.app, "passkeys": len(had.passkeys)}
        audit.record(actor, "factor.reset", f"user:{user_id}", reason=reason.strip(), before=before)
        logins.end_all(user_id)


def added(actor: Actor, user: User, kind: str, session_key: str) -> list[str]:
    """Call inside the transaction that gave the account a factor: audit, end other sessions, recovery codes if there are none."""
    audit.record(actor, "factor.add", f"user:{user.pk}", after={"kind": kind})
    logins.end_all(user.pk, but=session_key)
    return [] if RecoveryCode.objects.filter(user=user, used_at=None).exists() else _fresh_codes(user)


def require_another(user_id: int, *, beside_app: bool = False, beside_passkey: int | None = None) -> None:
    """Raise NotAllowed where a second factor is needed and none would be left without this one."""
    has = factors_of(user_id)
    left = [each for each in has.passkeys if each.pk != beside_passkey]
    if has.needed and not left and (beside_app or not has.app):
        raise NotAllowed(_("您的角色必须有两步验证：请先加上另一种，再停用这一种。"))


def _removed(actor: Actor, user: User, kind: str) -> None:
    audit.record(actor, "factor.remove", f"user:{user.pk}", before={"kind": kind})
    if not factors_of(user.pk).any:
        RecoveryCode.objects.filter(user=user).delete()


def passkey_removed(actor: Actor, user: User) -> None:
    """Call inside the transaction that took a passkey away."""
    _removed(actor, user, "passkey")


def _tried(actor: Actor, row: SecondFactor, typed: str) -> BroadcastError | None:
    if row.confirmed_at is not None and _fits(row, typed):
        _forget(row)
        return None
    found = RecoveryCode.objects.filter(user=row.user_id, used_at=None, digest=_code_digest(row.user_id, typed))
    if found.update(used_at=clock.now()):
        _forget(row)
        who = Actor(user_id=row.user_id, name=str(row.user), address=actor.address, port=actor.port)
        left = RecoveryCode.objects.filter(user=row.user_id, used_at=None).count()
        audit.record(who, "factor.recovery", f"user:{row.user_id}", after={"codes_left": left})
        return None
    return _wrong(actor, row)


def _fits(row: SecondFactor, typed: str) -> bool:
    if not row.secret_sealed:
        return False
    step = totp.matching_step(unseal(row.secret_sealed), typed, clock.now().timestamp(), row.last_step)
    if step is None:
        return False
    row.last_step = step
    row.save(update_fields=["last_step"])
    return True


def _closed(row: SecondFactor) -> TooMany | None:
    if row.wrong_since is None or row.wrong_tries < MAX_WRONG_TRIES:
        return None
    left = WINDOW_SECONDS - int((clock.now() - row.wrong_since).total_seconds())
    if left <= 0:
        return None
    minutes = -(-left // 60)
    return TooMany(_("输错太多次了，请 %(minutes)s 分钟后再试。") % {"minutes": minutes}, retry_after_seconds=left)


def _wrong(actor: Actor, row: SecondFactor) -> InvalidInput:
    now = clock.now()
    if row.wrong_since is None or now - row.wrong_since > dt.timedelta(seconds=WINDOW_SECONDS):
        row.wrong_tries, row.wrong_since = 0, now
    row.wrong_tries += 1
    if row.wrong_tries >= MAX_WRONG_TRIES:
        # Closed from now on, not from the first wrong try.
        row.wrong_since = now
        who = Actor(user_id=row.user_id, name=str(row.user), address=actor.address, port=actor.port)
        audit.record(who, "factor.locked", f"user:{row.user_id}")
    row.save(update_fields=["wrong_tries", "wrong_since"])
    left = MAX_WRONG_TRIES - row.wrong_tries
    return InvalidInput(_("动态码不对，还可以再试 %(left)s 次。") % {"left": left}, field="code")


def _forget(row: SecondFactor) -> None:
    row.wrong_tries, row.wrong_since = 0, None
    row.save(update_fields=["wrong_tries", "wrong_since"])


def _locked(user_id: int) -> SecondFactor:
    SecondFactor.objects.get_or_create(user_id=user_id)
    return SecondFactor.objects.select_for_update(of=("self",)).select_related("user").get(user=user_id)


def _user(actor: Actor) -> User:
    user = User.objects.filter(pk=actor.user_id, is_active=True).first() if actor.user_id else None
    if user is None or not user.has_usable_password():
        raise NotAllowed(_("两步验证用于有密码的账号。请先登录。"))
    return user


def _shown(user: User, secret: str) -> Enrolment:
    return Enrolment(secret, totp.address(secret, user.username, settings.COMMITTEE_NAME or _("议事")))


def _fresh_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = ["".join(secrets.choice(_LETTERS) for _each in range(10)) for _code in range(CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_code_digest(user.pk, each)) for each in codes)
    return [f"{each[:5]}-{each[5:]}" for each in codes]


def _code_digest(user_id: int, code: str) -> str:
    return digest("recovery", f"{user_id}:{code}")


def _plain(typed: str) -> str:
    """As meant: full-width digits, blanks and hyphens do not matter."""
    return re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", typed)).casefold()
