"""Passkeys (WebAuthn) as the second step of a log-in: made, tried and removed; challenges are kept by whoever calls."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from broadcast import clock
from broadcast.access import Actor
from broadcast.errors import InvalidInput, NotAllowed, NotFound
from broadcast.models import Passkey, User
from broadcast.sealing import digest
from broadcast.services import second_factor
from broadcast.services.second_factor import Passed

MOST = 10


@dataclass(frozen=True)
class Site:
    """Where the browser is: passkeys of one host work at no other. `host` without a port."""

    host: str
    origin: str
    name: str


def registration(actor: Actor, site: Site) -> tuple[dict[str, Any], bytes]:
    """What navigator.credentials.create() takes (as JSON) and the challenge in it, to be kept until `register`."""
    user = _user(actor)
    known = Passkey.objects.filter(user=user)
    if len(known) >= MOST:
        raise NotAllowed(_("最多 %(most)s 个通行密钥，请先删去不用的。") % {"most": MOST})
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=bytes.fromhex(digest("passkey-user", str(user.pk))),
        user_name=user.username,
        user_display_name=str(user),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=[_named(each) for each in known],
    )
    return json.loads(options_to_json(options)), options.challenge


def register(
    actor: Actor, site: Site, challenge: bytes, answer: dict[str, Any], name: str, session_key: str
) -> list[str]:
    """Keep the public key that the device made; other sessions end. Returns recovery codes if there were none. Raises InvalidInput."""
    user = _user(actor)
    try:
        made = verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=site.host, expected_origin=site.origin
        )
    except (WebAuthnException, KeyError, TypeError, ValueError) as error:
        raise InvalidInput(_("这个设备的通行密钥没有通过检查，请再试一次。")) from error
    with transaction.atomic():
        if Passkey.objects.filter(credential_id=made.credential_id).exists():
            raise InvalidInput(_("这个通行密钥已经登记过了。"))
        Passkey.objects.create(
            user=user,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=name.strip()[:40] or _("通行密钥"),
            made_at=clock.now(),
        )
        return second_factor.added(actor, user, "passkey", session_key)


def question(user: User, site: Site) -> tuple[dict[str, Any], bytes]:
    """What navigator.credentials.get() takes for this account, and the challenge in it, to be kept until `check`."""
    options = generate_authentication_options(
        rp_id=site.host, allow_credentials=[_named(each) for each in Passkey.objects.filter(user=user)]
    )
    return json.loads(options_to_json(options)), options.challenge


def check(user: User, site: Site, challenge: bytes, answer: dict[str, Any]) -> Passed:
    """The device's signature. Raises InvalidInput for any but a fresh one of a passkey of this account."""
    refusal = InvalidInput(_("通行密钥没有通过检查，请再试一次，或改用动态码。"), field="passkey")
    with transaction.atomic():
        try:
            found = base64url_to_bytes(str(answer.get("id", "")))
            key = Passkey.objects.select_for_update().filter(user=user, credential_id=found).first()
            if key is None:
                raise refusal
            verified = verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=bytes(key.public_key),
                credential_current_sign_count=key.sign_count,
            )
        except (WebAuthnException, KeyError, TypeError, ValueError) as error:
            raise refusal from error
        key.sign_count, key.used_at = verified.new_sign_count, clock.now()
        key.save(update_fields=["sign_count", "used_at"])
    return Passed(user.pk)


def remove(actor: Actor, passkey_id: int) -> None:
    """Forget one of one's own passkeys. Raises NotFound, NotAllowed where it is the last factor and one is needed."""
    user = _user(actor)
    with transaction.atomic():
        # The account's row serialises what is taken away: two removals at once must not leave nothing.
        User.objects.select_for_update().get(pk=user.pk)
        key = Passkey.objects.filter(pk=passkey_id, user=user).first()
        if key is None:
            raise NotFound(_("没有这个通行密钥，它可能已经删去了。"))
        second_factor.require_another(user.pk, beside_passkey=key.pk)
        key.delete()
        second_factor.passkey_removed(actor, user)


def _named(key: Passkey) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(id=bytes(key.credential_id))


def _user(actor: Actor) -> User:
    user = User.objects.filter(pk=actor.user_id, is_active=True).first() if actor.user_id else None
    if user is None or not user.has_usable_password():
        raise NotAllowed(_("两步验证用于有密码的账号。请先登录。"))
    return user
