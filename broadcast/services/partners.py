"""Partners' users: a signed token, good once, becomes an identity of ours; what a token must say stands in `broadcast.partner_keys`."""

from __future__ import annotations

import secrets

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from broadcast import clock, evidence, partner_keys
from broadcast.access import Actor
from broadcast.errors import NotAllowed
from broadcast.identity import Identity
from broadcast.models import Participant, SpentToken
from broadcast.models.catalogue import Assurance
from broadcast.sealing import digest
from broadcast.services import codes


def enter(actor: Actor, token: str) -> Identity:
    """The identity of a partner's user, made at the first time. The browser's guest is not merged: this one comes from another page.

    Raises NotAllowed for a token that is wrong, too old, or was used. Evidence is kept.
    """
    claims = partner_keys.read(token)
    with transaction.atomic():
        _spend(claims)
        codes.lock(f"partner:{claims.partner}:{claims.subject}")
        row = Participant.objects.filter(partner=claims.partner, partner_subject=claims.subject).first() or _made(
            claims
        )
        who = Actor(
            participant_id=row.pk,
            address=actor.address,
            port=actor.port,
            device=actor.device,
            device_id=actor.device_id,
        )
        evidence.keep([(who, "partner.enter", f"participant:{row.pk}")])
    return Identity(row.pk, row.assurance, None, row.display_name, generation=row.generation)


def _spend(claims: partner_keys.Claims) -> None:
    """Of two that come at the same time one waits for the other's commit, and is refused."""
    spent = SpentToken(partner=claims.partner, digest=digest("partner-token", claims.jti), expires_at=claims.expires_at)
    try:
        with transaction.atomic():
            spent.save(force_insert=True)
    except IntegrityError as error:
        raise NotAllowed(_("合作平台的登录已经用过，请回到原来的应用重新打开。"), cause="partner_token") from error


def _made(claims: partner_keys.Claims) -> Participant:
    name = partner_keys.known()[claims.partner].name
    return Participant.objects.create(
        kind=Participant.Kind.PARTNER,
        partner=claims.partner,
        partner_subject=claims.subject,
        assurance=Assurance.PARTNER,
        # Its own name is not taken over: nobody here has read it.
        display_name=(_("%(house)s用户%(mark)s") % {"house": name[:20], "mark": f"{secrets.randbelow(10_000):04d}"})[
            :40
        ],
        # Its tokens are nobody's before, so that a guest's of the same number could not be taken for it.
        generation=1,
        created_at=clock.now(),
    )
