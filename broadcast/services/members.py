"""Verified members: the secretariat says whose account a member has; it gives a seat and a badge, no right behind the scenes."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, require_house
from broadcast.errors import Conflict, InvalidInput, NotAllowed, NotFound
from broadcast.models import Person, RoleGrant, User
from broadcast.services import codes, ranks

ROWS = 50


def members(actor: Actor, words: str = "") -> list[Person]:
    """Members by name, at most ROWS, the first that fit `words` (name, sector, organisation), each with `is_verified`:
    whether its account is a member's now. Needs VERIFY_MEMBERS."""
    require_house(actor, Ability.VERIFY_MEMBERS)
    verified = Exists(_standing().filter(user=OuterRef("user")))
    rows = Person.objects.filter(is_member=True).select_related("user").annotate(is_verified=verified)
    for word in words.split()[:5]:
        rows = rows.filter(Q(name__icontains=word) | Q(sector__icontains=word) | Q(organisation__icontains=word))
    return list(rows.order_by("name", "pk")[:ROWS])


def bind(actor: Actor, person_id: int, phone: str, reason: str) -> Person:
    """The account of this verified phone is this member's: it may watch what is for members and speaks as one. Needs VERIFY_MEMBERS.

    Raises InvalidInput (field: phone, reason), NotFound, Conflict where either has another already, NotAllowed for oneself. Audited,
    without the number.
    """
    require_house(actor, Ability.VERIFY_MEMBERS)
    _require_reason(reason)
    number = codes.phone_digest(codes.normalised(phone))
    try:
        with transaction.atomic():
            user = User.objects.select_for_update().filter(phone_digest=number, is_active=True).first()
            if user is None:
                raise InvalidInput(_("这个手机号还没有在本站验证过。请委员先用它验证一次，再来绑定。"), field="phone")
            if user.pk == actor.user_id:
                raise NotAllowed(_("不能把自己的账号认证为委员，请另一位秘书处工作人员来做。"))
            person = _locked(person_id)
            if person.user_id not in {None, user.pk} or Person.objects.filter(user=user).exclude(pk=person.pk).exists():
                raise Conflict(_("这位委员或这个手机号已经绑定过，请先解除原来的绑定。"), field="phone")
            if person.user_id == user.pk and _standing().filter(user=user).exists():
                return person
            person.user = user
            person.save(update_fields=["user"])
            values = {"granted_at": clock.now(), "granted_by_id": actor.user_id, "expires_at": None}
            RoleGrant.objects.update_or_create(user=user, programme=None, role=RoleGrant.Role.MEMBER, defaults=values)
            ranks.settle(user)
            after = {"person": person.pk, "user": user.pk}
            audit.record(actor, "member.bind", f"person:{person.pk}", reason=reason.strip(), after=after)
    except IntegrityError as error:
        raise Conflict(_("这个账号有别的角色，不能认证为委员。请联系安全管理员。"), field="phone") from error
    return person


def unbind(actor: Actor, person_id: int, reason: str) -> Person:
    """The account is this member's no more; it stays a citizen's with a verified phone, from its next act. Needs VERIFY_MEMBERS.

    What was said as a member stays said as one. Raises NotFound, InvalidInput (field: reason). Audited.
    """
    require_house(actor, Ability.VERIFY_MEMBERS)
    _require_reason(reason)
    with transaction.atomic():
        person = _locked(person_id)
        user = person.user
        if user is None:
            raise NotFound(_("这位委员没有绑定账号。"))
        if user.pk == actor.user_id:
            raise NotAllowed(_("不能改自己账号的委员认证，请另一位秘书处工作人员来做。"))
        person.user = None
        person.save(update_fields=["user"])
        RoleGrant.objects.filter(user=user, role=RoleGrant.Role.MEMBER).delete()
        ranks.settle(user)
        before = {"person": person.pk, "user": user.pk}
        audit.record(actor, "member.unbind", f"person:{person.pk}", reason=reason.strip(), before=before)
    return person


def _standing() -> QuerySet[RoleGrant]:
    """The grants by which somebody is a member now: a person's account alone gives no right."""
    return RoleGrant.objects.standing().filter(role=RoleGrant.Role.MEMBER, programme=None)


def _locked(person_id: int) -> Person:
    person = Person.objects.select_for_update(of=("self",)).filter(pk=person_id, is_member=True).first()
    if person is None:
        raise NotFound(_("没有这位委员，或者其资料里没有标明是委员。"))
    return person


def _require_reason(reason: str) -> None:
    if len(reason.strip()) < 4:
        raise InvalidInput(_("请写明依据，例如名册的编号，至少 4 个字。"), field="reason")
