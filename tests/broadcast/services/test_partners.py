"""A partner's signed token: whose it is, for whom, how long, once; and what a page elsewhere may do with it."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
import uuid

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings as configured
from django.db import connection
from django.test import Client

from broadcast import bearer, clock, identity, partner_keys
from broadcast.access import Actor
from broadcast.errors import NotAllowed
from broadcast.models import Participant, SpentToken, User
from broadcast.models.catalogue import Assurance
from broadcast.services import partners, retention

pytestmark = pytest.mark.django_db

KEY = ed25519.Ed25519PrivateKey.generate()
OTHER = ed25519.Ed25519PrivateKey.generate()
ORIGIN = "https://app.example"


def pem(key) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def file_of(**keys) -> str:
    return "\n".join(
        f'[{code.replace("_", "-")}]\nname = "城市客户端"\n[[{code.replace("_", "-")}.keys]]\nid = "k1"\nkey = """{pem(key)}"""'
        for code, key in keys.items()
    )


@pytest.fixture(autouse=True)
def _partners(settings, tmp_path):
    path = tmp_path / "partners.toml"
    path.write_text(file_of(city_app=KEY, other_app=OTHER), encoding="utf-8")
    settings.PARTNERS, settings.ALLOWED_ORIGINS = str(path), (ORIGIN,)


def token(key=KEY, algorithm: str = "EdDSA", kid: str = "k1", **claims) -> str:
    now = int(clock.now().timestamp())
    told = {
        "iss": "city-app",
        "aud": configured.PUBLIC_URL,
        "sub": "user-1",
        "iat": now,
        "exp": now + 300,
        "jti": uuid.uuid4().hex,
    } | claims
    return jwt.encode({k: v for k, v in told.items() if v is not None}, key, algorithm=algorithm, headers={"kid": kid})


def enter(text: str):
    return partners.enter(Actor(address="192.0.2.1"), text)


def test_a_partners_user_is_the_same_participant_each_time():
    first, second = enter(token()), enter(token())
    assert first == second
    row = Participant.objects.get()
    assert (row.kind, row.partner, row.partner_subject, row.assurance) == (
        "partner",
        "city-app",
        "user-1",
        Assurance.PARTNER,
    )
    assert enter(token(sub="user-2")).participant_id != row.pk
    assert enter(token(OTHER, iss="other-app")).participant_id != row.pk


def test_a_token_is_good_once():
    text = token()
    enter(text)
    with pytest.raises(NotAllowed):
        enter(text)
    # The same number of another partner is another token.
    jti = uuid.uuid4().hex
    enter(token(jti=jti))
    enter(token(OTHER, iss="other-app", jti=jti))


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_is_refused():
    text, outcomes, gate = token(), [], threading.Barrier(2)

    def try_it() -> None:
        gate.wait(10)
        try:
            outcomes.append(enter(text).participant_id)
        except NotAllowed:
            outcomes.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=try_it) for _each in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert len(outcomes) == 2
    assert outcomes.count(None) == 1


@pytest.mark.parametrize(
    "made",
    [
        lambda: token(OTHER),
        lambda: token(kid="k2"),
        lambda: token(iss="nobody"),
        lambda: token(iss="other-app"),
        lambda: token(aud="https://elsewhere.example"),
        lambda: token(aud=None),
        lambda: token(sub=None),
        lambda: token(sub="有空格 的"),
        lambda: token(sub="a" * 200),
        lambda: token(jti=None),
        lambda: token(jti="1"),
        lambda: token(exp=None),
        lambda: token(iat=None),
        lambda: token(exp=int(clock.now().timestamp()) + 86_400),
        lambda: token(exp=int(clock.now().timestamp()) - 60),
        lambda: token(iat=int(clock.now().timestamp()) + 300, exp=int(clock.now().timestamp()) + 600),
        lambda: token("a secret that is as long as libraries want", "HS256"),
        lambda: token(pem(KEY).encode().replace(b"-", b"x"), "HS256"),
        lambda: token(None, "none"),
        lambda: token(rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256"),
        lambda: "",
        lambda: "a.b.c",
        lambda: "x" * 10_000,
    ],
)
def test_any_other_token_is_refused_and_leaves_nothing(made):
    with pytest.raises(NotAllowed):
        enter(made())
    assert not Participant.objects.exists()
    assert not SpentToken.objects.exists()


def test_a_key_taken_out_of_the_file_opens_nothing_from_then_on(settings, tmp_path):
    enter(token())
    path = tmp_path / "partners.toml"
    path.write_text(file_of(other_app=OTHER), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    with pytest.raises(NotAllowed):
        enter(token())
    path.write_text("no toml [", encoding="utf-8")
    with pytest.raises(NotAllowed):
        enter(token(OTHER, iss="other-app"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[telephone]\n[[telephone.keys]]\nid='a'\nkey='b'", "reserved"),
        ("[city-app]\nname='x'", "keys"),
        ("[city-app]\n[[city-app.keys]]\nid='a'\nkey='b'", "PEM"),
        (file_of(city_app=rsa.generate_private_key(public_exponent=65537, key_size=1024)), "2048"),
        (file_of(city_app=ec.generate_private_key(ec.SECP521R1())), "P-256"),
        ("[Big_Name]\nkeys=[]", "small"),
    ],
)
def test_a_file_with_anything_else_is_refused_as_a_whole(text, why):
    with pytest.raises(partner_keys.BadPartners, match=why):
        partner_keys.parsed(text)


def test_used_tokens_are_forgotten_when_their_age_alone_refuses_them():
    text = token()
    enter(text)
    rule = next(each for each in retention.RULES if each.kind == "partner_tokens")
    assert not rule.due(clock.now()).exists()
    with clock.shifted(dt.timedelta(hours=2)):
        assert rule.remove(rule.due(clock.now())) == 1
        with pytest.raises(NotAllowed):
            enter(text)


# By HTTP.


def post(client: Client, path: str, text: str, body: dict | None = None, **headers: str):
    return client.post(
        path, body or {}, content_type="application/json", headers={"Authorization": f"Bearer {text}", **headers}
    )


def test_the_header_is_enough_and_no_cookie_is_set():
    client = Client(enforce_csrf_checks=True)
    answer = post(client, "/account/partner", token(), Origin=ORIGIN)
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer
    ours = answer.json()["token"]
    given = post(client, "/account/consent", ours, {**configured.CONSENT_VERSIONS, "age": "over"}, Origin=ORIGIN)
    assert given.status_code == 200
    row = Participant.objects.get()
    assert (row.consents.count(), row.age, row.kind) == (len(configured.CONSENT_VERSIONS), "over", "partner")
    assert not client.cookies


def test_beside_a_header_neither_cookie_nor_session_counts():
    """Else a page elsewhere could act for whoever is logged in here, without our CSRF token."""
    user = User.objects.create_user("citizen", password="x")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    client.cookies[identity.COOKIE] = identity.sign(identity.fresh())
    ours = post(client, "/account/partner", token()).json()["token"]
    post(client, "/account/consent", ours, {**configured.CONSENT_VERSIONS, "age": "over"})
    assert {row.kind for row in Participant.objects.all()} == {"partner"}
    assert post(client, "/account/consent", "forged", dict(configured.CONSENT_VERSIONS)).status_code == 403
    assert client.post("/account/consent", dict(configured.CONSENT_VERSIONS)).status_code == 403


def test_the_header_means_nothing_elsewhere():
    client = Client(enforce_csrf_checks=True)
    ours = post(client, "/account/partner", token()).json()["token"]
    assert post(client, "/account/data/erase", ours).status_code == 403
    assert post(client, "/account/phone", ours, {"phone": "13800138000"}).status_code == 403


def test_a_cookies_token_is_no_bearer_and_a_bearer_no_cookie():
    who = enter(token())
    assert bearer.read(identity.sign(who)) is None
    assert identity.read(bearer.sign(who)) is None
    assert bearer.read(bearer.sign(who)) == who


def test_our_token_ends_the_same_day(monkeypatch):
    who = enter(token())
    text, now = bearer.sign(who), time.time()
    monkeypatch.setattr("time.time", lambda: now + bearer.SECONDS - 5)
    assert bearer.read(text) == who
    monkeypatch.setattr("time.time", lambda: now + bearer.SECONDS + 5)
    assert bearer.read(text) is None


def test_only_named_origins_may_read_the_answers(settings):
    client = Client()
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    good = client.options("/account/partner", headers={"Origin": ORIGIN, **asked})
    assert (good.status_code, good["Access-Control-Allow-Origin"]) == (204, ORIGIN)
    assert "authorization" in good["Access-Control-Allow-Headers"]
    bad = client.options("/account/partner", headers={"Origin": "https://evil.example", **asked})
    assert "Access-Control-Allow-Origin" not in bad
    other = client.options("/account/data", headers={"Origin": ORIGIN, **asked})
    assert "Access-Control-Allow-Origin" not in other
    settings.PARTNERS = ""
    assert "Access-Control-Allow-Origin" not in client.options("/account/partner", headers={"Origin": ORIGIN, **asked})
