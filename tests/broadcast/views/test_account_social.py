"""WeChat and OpenID Connect, against houses on loopback: what they say is believed only when it answers our own question."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from broadcast import social_houses
from broadcast.models import Consent, LinkedIdentity, LoginSession, Participant, RoleGrant, User
from broadcast.models.catalogue import Assurance
from broadcast.services import codes
from tests.broadcast.other_houses import CLIENT, SECRET, House

pytestmark = pytest.mark.django_db

WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 14_0) MicroMessenger/8.0.2 NetType/WIFI"


@pytest.fixture(scope="module")
def house():
    found = House()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture(autouse=True)
def _open(settings, house):
    house.person, house.wrong = (
        {"sub": "alice", "wxmp": "openid-of-alice", "wxweb": "web-of-alice", "unionid": "u-alice"},
        {},
    )
    settings.DEMO = True
    settings.OIDC = {"issuer": house.address, "client": CLIENT, "secret": SECRET, "name": "统一身份认证"}
    settings.WECHAT = {
        "app": "wxmp",
        "secret": SECRET,
        "site_app": "wxweb",
        "site_secret": SECRET,
        "api": house.address,
        "open": house.address,
    }
    social_houses.forget()


def browser(agent: str = "Mozilla/5.0") -> Client:
    return Client(HTTP_USER_AGENT=agent)


def target_of(answer) -> str:
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.content.decode())
    assert found, answer.content.decode()[:2_000]
    return html.unescape(found[1])


def sent_to(client: Client, way: str, where: str = "", act: str = "start") -> str:
    return target_of(client.post(f"/account/social/{way}/{act}", {"next": where}))


def log_in(client: Client, house: House, way: str = "oidc", where: str = ""):
    back = house.visit(sent_to(client, way, where))
    return client.get(back.replace("http://testserver", ""))


def user_of(client: Client) -> User | None:
    return User.objects.filter(pk=client.session.get("_auth_user_id")).first()


@pytest.mark.parametrize("way", ["oidc", "wechat", "wechat-qr"])
def test_whoever_the_other_house_knows_has_an_account_from_then_on(house, way):
    client = browser(WECHAT if way == "wechat" else "Mozilla/5.0")
    answer = log_in(client, house, way, "/programmes/")
    assert (answer.status_code, answer["Location"]) == (302, "/programmes/")
    user = user_of(client)
    row = Participant.objects.get(user=user)
    assert (row.kind, row.assurance) == ("account", Assurance.PARTNER)
    again = browser(WECHAT if way == "wechat" else "Mozilla/5.0")
    log_in(again, house, way)
    assert user_of(again) == user
    assert "alice" not in str(list(LinkedIdentity.objects.values_list())) + str(User.objects.values_list().get())


def test_wechat_is_one_person_inside_and_outside_by_the_unionid(house):
    inside, outside = browser(WECHAT), browser()
    log_in(inside, house, "wechat")
    log_in(outside, house, "wechat-qr")
    assert user_of(inside) == user_of(outside) is not None
    assert LinkedIdentity.objects.filter(user=user_of(inside)).count() == 3


def test_without_a_unionid_it_is_the_openid_of_this_app_and_a_later_unionid_joins_it(house):
    del house.person["unionid"]
    client = browser(WECHAT)
    log_in(client, house, "wechat")
    house.person["unionid"] = "u-alice"
    again = browser(WECHAT)
    log_in(again, house, "wechat")
    assert user_of(again) == user_of(client)
    outside = browser()
    log_in(outside, house, "wechat-qr")
    assert user_of(outside) == user_of(client)


def test_a_snapshot_of_wechat_is_nobody(house):
    house.person["is_snapshotuser"] = 1
    answer = log_in(browser(WECHAT), house, "wechat")
    assert answer.status_code == 422
    assert "完整服务" in answer.content.decode()
    assert not LinkedIdentity.objects.exists()


def test_wechat_is_asked_as_it_wants_to_be(house):
    inside = urlsplit(sent_to(browser(WECHAT), "wechat"))
    query = {key: values[0] for key, values in parse_qs(inside.query).items()}
    assert (inside.path, inside.fragment) == ("/connect/oauth2/authorize", "wechat_redirect")
    assert (query["appid"], query["scope"], query["response_type"]) == ("wxmp", "snsapi_userinfo", "code")
    assert query["redirect_uri"] == "http://testserver/account/social/wechat/back"
    outside = urlsplit(sent_to(browser(), "wechat-qr"))
    assert (outside.path, parse_qs(outside.query)["scope"]) == ("/connect/qrconnect", ["snsapi_login"])


def test_only_what_is_switched_on_is_offered_and_works(settings, house):
    page = browser().get("/account/phone").content.decode()
    assert "用微信扫码登录" in page
    assert "用统一身份认证登录" in page
    assert "social/wechat/start" not in page
    assert "social/wechat/start" in browser(WECHAT).get("/account/phone").content.decode()
    settings.OIDC = {**settings.OIDC, "issuer": ""}
    settings.WECHAT = {**settings.WECHAT, "app": "", "site_app": ""}
    assert "social/" not in browser().get("/account/phone").content.decode()
    for way in ("oidc", "wechat", "wechat-qr", "none"):
        assert browser().post(f"/account/social/{way}/start").status_code == 404
        assert browser().get(f"/account/social/{way}/back?code=a&state=b").status_code == 404


# What must not work.


def test_an_answer_is_taken_once(house):
    client = browser()
    back = house.visit(sent_to(client, "oidc")).replace("http://testserver", "")
    assert client.get(back).status_code == 302
    client.logout()
    assert client.get(back).status_code == 422
    assert user_of(client) is None


def test_an_answer_to_another_browser_is_nobodys(house):
    """Who is made to open a stranger's answer would act, and verify a phone, in the stranger's account."""
    stranger, victim = browser(), browser()
    back = house.visit(sent_to(stranger, "oidc")).replace("http://testserver", "")
    sent_to(victim, "oidc")
    assert victim.get(back).status_code == 422
    assert user_of(victim) is None


def test_an_answer_to_another_house_is_nobodys(house):
    client = browser()
    back = house.visit(sent_to(client, "wechat-qr")).replace("http://testserver", "")
    assert client.get(back.replace("wechat-qr", "oidc")).status_code == 422
    assert user_of(client) is None


def test_whoever_declines_is_told_and_nothing_is_made(house):
    house.person["declines"] = True
    assert log_in(browser(), house).status_code == 422
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"claims": {"nonce": "of another question"}},
        {"claims": {"aud": "another house"}},
        {"claims": {"aud": [CLIENT, "another house"]}},
        {"claims": {"iss": "https://elsewhere.example"}},
        {"claims": {"exp": 1}},
        {"claims": {"sub": ""}},
        {"claims": {"sub": "a" * 300}},
        {"algorithm": "HS256", "key": SECRET + " made longer, as long as libraries want it"},
        {"algorithm": "none", "key": None},
        {"issuer": "https://elsewhere.example"},
    ],
)
def test_what_is_not_surely_of_the_provider_is_not_believed(house, wrong):
    house.wrong = wrong
    client = browser()
    start = client.post("/account/social/oidc/start")
    if "issuer" not in wrong:
        back = house.visit(target_of(start)).replace("http://testserver", "")
        start = client.get(back)
    assert start.status_code == 422
    assert user_of(client) is None
    assert not User.objects.exists()


def test_a_signature_by_another_key_is_not_believed(house):
    from cryptography.hazmat.primitives.asymmetric import rsa

    house.wrong = {"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
    assert log_in(browser(), house).status_code == 422
    assert not User.objects.exists()


def test_a_house_that_does_not_answer_is_a_refusal_that_says_so(settings, house):
    settings.OIDC = {**settings.OIDC, "issuer": "http://127.0.0.1:9"}
    answer = browser().post("/account/social/oidc/start")
    assert answer.status_code == 503
    assert "没有答复" in answer.content.decode()


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_led_elsewhere_afterwards(house, where):
    answer = log_in(browser(), house, "oidc", where)
    assert answer["Location"] == "/"


def test_the_session_is_another_after_the_log_in(house):
    client = browser()
    target = sent_to(client, "oidc")
    before = client.session.session_key
    client.get(house.visit(target).replace("http://testserver", ""))
    assert before
    assert client.session.session_key != before
    assert LoginSession.objects.get().session_key == client.session.session_key


def test_the_question_needs_our_own_page(house):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/account/social/oidc/start").status_code == 403
    assert strict.get("/account/social/oidc/start").status_code == 405


# Staff.


def worker(name: str = "producer1") -> User:
    user = User.objects.create_user(name, password="a long password 1")
    RoleGrant.objects.create(user=user, role=RoleGrant.Role.PRODUCER, granted_at=user.date_joined)
    return user


def sure_client(user: User, agent: str = "Mozilla/5.0") -> Client:
    client = browser(agent)
    answer = client.post("/account/login", {"username": user.username, "password": "a long password 1"})
    assert answer.status_code == 302
    return client


def test_another_houses_word_alone_opens_no_rights_behind_the_scenes(house):
    user = worker()
    client = sure_client(user)
    back = house.visit(sent_to(client, "oidc", act="link")).replace("http://testserver", "")
    assert client.get(back)["Location"] == "/account/security"
    assert LinkedIdentity.objects.get().user == user
    other = browser()
    answer = log_in(other, house)
    assert answer.status_code == 403
    assert user_of(other) is None
    assert other.get("/staff/").status_code == 302


def test_with_a_second_factor_it_leads_to_the_second_step_and_no_further(house, settings):
    from broadcast import totp
    from broadcast.models import SecondFactor
    from broadcast.sealing import seal

    user = worker()
    client = sure_client(user)
    client.get(house.visit(sent_to(client, "oidc", act="link")).replace("http://testserver", ""))
    secret = totp.new_secret()
    SecondFactor.objects.create(user=user, secret_sealed=seal(secret), confirmed_at=user.date_joined)
    other = browser()
    answer = log_in(other, house)
    assert answer["Location"] == "/account/second"
    assert user_of(other) is None
    assert other.get("/staff/").status_code == 302
    assert other.post("/account/second", {"code": "000000"}).status_code == 422
    assert user_of(other) is None
    code = totp.code_at(secret, int(__import__("time").time()) // 30)
    other.post("/account/second", {"code": code})
    assert user_of(other) == user


# Linking.


def phone_client(phone: str = "13800138000") -> Client:
    client = browser()
    verify(client, phone)
    return client


def verify(client: Client, phone: str, **more: str):
    sent = client.post("/account/phone", {"phone": phone}, HTTP_ACCEPT="application/json").json()
    return client.post("/account/phone/code", {"phone": phone, "code": sent["code"], **more})


def test_a_citizen_links_wechat_and_is_the_same_person_by_either(house):
    client = phone_client()
    client.get(house.visit(sent_to(client, "wechat-qr", act="link")).replace("http://testserver", ""))
    other = browser()
    log_in(other, house, "wechat-qr")
    assert user_of(other) == user_of(client)
    assert Participant.objects.get(user=user_of(client)).assurance == Assurance.PHONE
    client.post("/account/social/wechat/unlink")
    assert user_of(client) is not None
    assert user_of(other) is None, "who came in by it is out"
    third = browser()
    log_in(third, house, "wechat-qr")
    assert user_of(third) not in {None, user_of(client)}


def test_what_belongs_to_another_account_is_not_taken_from_it(house):
    log_in(browser(), house, "wechat-qr")
    owner = LinkedIdentity.objects.first().user
    client = phone_client()
    answer = client.get(house.visit(sent_to(client, "wechat-qr", act="link")).replace("http://testserver", ""))
    assert answer.status_code == 409
    assert {row.user for row in LinkedIdentity.objects.all()} == {owner}


def test_linking_asks_who_it_is_once_more_after_a_while(house):
    client = phone_client()
    session = client.session
    session["sure_at"] = 0
    session.save()
    assert client.post("/account/social/oidc/link")["Location"].startswith("/account/confirm")


def test_a_link_that_another_account_began_is_not_made(house):
    client = phone_client()
    back = house.visit(sent_to(client, "oidc", act="link")).replace("http://testserver", "")
    verify(client, "13900139000")
    client.get(back)
    assert not LinkedIdentity.objects.exists()


def test_the_last_way_into_an_account_stays(house):
    client = browser()
    log_in(client, house)
    client.post("/account/social/oidc/unlink")
    assert LinkedIdentity.objects.filter(user=user_of(client)).exists()


# A number for an account that another house vouches for.


def test_a_new_number_goes_to_the_account_that_just_came_in_if_it_says_so(house):
    client = browser(WECHAT)
    log_in(client, house, "wechat")
    user = user_of(client)
    verify(client, "13800138000", bind="1")
    user.refresh_from_db()
    assert user_of(client) == user
    assert user.phone_digest == codes.phone_digest("+8613800138000")
    assert Participant.objects.get(user=user).assurance == Assurance.PHONE


def test_without_a_word_a_number_is_bound_to_nothing(house):
    client = browser(WECHAT)
    log_in(client, house, "wechat")
    came_in = user_of(client)
    verify(client, "13800138000")
    came_in.refresh_from_db()
    assert (came_in.phone_digest, came_in.is_active) == (None, True)
    assert user_of(client) not in {None, came_in}
    assert LinkedIdentity.objects.filter(user=user_of(client)).count() == 0


def test_pages_ask_whether_to_bind_only_where_it_can_be(house):
    client = browser(WECHAT)
    log_in(client, house, "wechat")
    json = {"HTTP_ACCEPT": "application/json"}
    assert client.post("/account/phone", {"phone": "13800138000"}, **json).json()["binds"] is True
    client.post("/account/phone", {"phone": "13900139000"})
    form = client.get("/account/phone/code").content.decode().split("<form method", 2)[-1]
    assert re.search(r'<input type="checkbox" name="bind" value="1">', form)
    session = client.session
    session["sure_at"] = 0
    session.save()
    assert 'name="bind"' not in client.get("/account/phone/code").content.decode()
    nobody = browser()
    assert nobody.post("/account/phone", {"phone": "13700137000"}, **json).json()["binds"] is False


def test_a_number_with_an_account_takes_the_other_in_with_its_history(house, settings):
    phone = phone_client()
    own = user_of(phone)
    client = browser(WECHAT)
    log_in(client, house, "wechat")
    absorbed = user_of(client)
    client.post("/account/consent", {**settings.CONSENT_VERSIONS, "age": "over"})
    from broadcast import clock

    with clock.shifted(__import__("datetime").timedelta(minutes=2)):
        assert verify(client, "13800138000", bind="1").status_code == 302
    assert user_of(client) == own
    absorbed.refresh_from_db()
    assert not absorbed.is_active
    survivor = Participant.objects.get(user=own)
    assert Consent.objects.filter(participant=survivor).count() == len(settings.CONSENT_VERSIONS)
    assert Participant.objects.filter(merged_into=survivor).count() == 1
    assert survivor.age == "over"
    again = browser(WECHAT)
    log_in(again, house, "wechat")
    assert user_of(again) == own


def test_a_browser_left_logged_in_does_not_come_to_own_the_next_persons_number(house):
    """Somebody logs a stranger's browser in by their own WeChat; the stranger verifies a phone there a day later."""
    client = browser()
    log_in(client, house, "wechat-qr")
    left = user_of(client)
    session = client.session
    session["sure_at"] = 0
    session.save()
    verify(client, "13800138000")
    assert user_of(client) != left
    left.refresh_from_db()
    assert left.phone_digest is None
    assert not LinkedIdentity.objects.filter(user=user_of(client)).exists()


def test_a_number_of_a_worker_takes_nobody_in(house):
    user = worker()
    user.phone_digest = codes.phone_digest("+8613800138000")
    user.save()
    client = browser()
    log_in(client, house)
    linked = user_of(client)
    verify(client, "13800138000")
    linked.refresh_from_db()
    assert linked.is_active
    assert not LinkedIdentity.objects.filter(user=user).exists()
    assert client.get("/staff/").status_code in {302, 403}


def test_what_is_linked_stands_in_the_file_and_goes_with_the_person(house):
    from broadcast import registry
    from broadcast.services import forgetting, personal

    client = browser()
    log_in(client, house)
    row = Participant.objects.get(user=user_of(client))
    whose = personal.whose(row)
    sections = {each.code: each.rows for _name, told in registry.personal_data for each in told(whose)}
    assert "alice" in sections["linked"][0]["subject"]
    from broadcast.personal import Held

    forgetting.identity(whose, Held())
    assert not LinkedIdentity.objects.exists()
    log_in(browser(), house)
    assert LinkedIdentity.objects.get().user_id != whose.user


def test_allauths_own_tables_stay_empty(house):
    from allauth.account.models import EmailAddress
    from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken

    log_in(browser(), house)
    assert not any(model.objects.exists() for model in (EmailAddress, SocialAccount, SocialApp, SocialToken))
