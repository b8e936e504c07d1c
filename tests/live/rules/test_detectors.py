"""Numbers, addresses and floods are found as people write them; dates, hotlines and public offices are not taken for them."""

from __future__ import annotations

import pytest

from live.rules import addresses, flood, numbers, views
from live.rules.flood import Recent, Said, print_of

# Invented; the check digits are right.
IDENTITY = "11010519491231002X"
CARD = "6222020000000000000"


def marked(source: str, spans: list[tuple[int, int]]) -> list[str]:
    return [source[first:end] for first, end in spans]


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("打13800138000找我", "13800138000"),
        ("138 0013 8000", "138 0013 8000"),
        ("１３８－００１３－８０００", "１３８－００１３－８０００"),
        ("1*3*8*0*0*1*3*8*0*0*0", "1*3*8*0*0*1*3*8*0*0*0"),
        ("一三八零零一三八零零零", "一三八零零一三八零零零"),
        ("①③⑧00138000", "①③⑧00138000"),
        ("l38oo138ooo", "l38oo138ooo"),
        ("+86 13800138000", "86 13800138000"),
        ("0532-85912345转8", "0532-85912345"),
        ("(0532)85912345", "0532)85912345"),
        ("400-820-8820", "400-820-8820"),
    ],
)
def test_telephone_numbers(source: str, number: str) -> None:
    assert marked(source, numbers.phones(views.words(source))) == [number]


@pytest.mark.parametrize(
    "source",
    [
        "12345热线",
        "2026-11-28 14:30 到 16:00",
        "编号20261128143013",
        "1380013800",
        "138001380001",
        "一二三四五六七八九十",
    ],
)
def test_other_numbers_are_no_telephone(source: str) -> None:
    assert not numbers.phones(views.words(source))


def test_two_numbers_side_by_side_are_two() -> None:
    source = "13800138000 13900139000"
    assert marked(source, numbers.phones(views.words(source))) == ["13800138000", "13900139000"]


@pytest.mark.parametrize(
    "source", [IDENTITY, IDENTITY.lower(), "110105 19491231 002X", "１１０１０５１９４９１２３１００２Ｘ"]
)
def test_identity_numbers(source: str) -> None:
    assert marked(source, numbers.identities(views.words(source))) == [source]


@pytest.mark.parametrize("source", ["110105194912310021", "110105194913310023", "99010519491231002X"])
def test_a_wrong_check_digit_month_or_region_is_no_identity(source: str) -> None:
    assert not numbers.identities(views.words(source))


def test_each_single_wrong_digit_is_noticed() -> None:
    for at in range(17):
        for digit in "0123456789":
            changed = IDENTITY[:at] + digit + IDENTITY[at + 1 :]
            assert numbers.is_identity(changed.lower()) is (changed == IDENTITY)


def test_bank_cards_by_their_check_digit() -> None:
    assert marked(f"卡号{CARD}", numbers.identities(views.words(f"卡号{CARD}"))) == [CARD]
    assert not numbers.identities(views.words(CARD[:-1] + str((int(CARD[-1]) + 1) % 10)))


@pytest.mark.parametrize(
    ("source", "link"),
    [
        ("看http://example.com/a?b=1吧", "http://example.com/a?b=1"),
        ("www.example.com", "www.example.com"),
        ("example点com", "example点com"),
        ("example。com", "example。com"),
        ("ｅｘａｍｐｌｅ．ｃｏｍ", "ｅｘａｍｐｌｅ．ｃｏｍ"),
        ("example . com", "example . com"),
        ("192.0.2.1:8080/x", "192.0.2.1:8080/x"),
        ("hxxp是假的，短链t.example.cn/abc", "t.example.cn/abc"),
    ],
)
def test_addresses_of_the_web(source: str, link: str) -> None:
    assert marked(source, addresses.links(source)) == [link]


@pytest.mark.parametrize("source", ["3.5公里", "第1.2.3条", "支持no.1", "一点到三点", "a.b先生", "完成了。com口坏了"])
def test_other_dots_are_no_address(source: str) -> None:
    assert not addresses.links(source)


def test_hosts_that_may_be_named() -> None:
    assert not addresses.links("见 www.example.gov.cn/x 和 gov.cn", ["gov.cn"])
    assert addresses.links("见 gov.cn.example.com", ["gov.cn"])


@pytest.mark.parametrize(
    ("source", "contact"),
    [
        ("加我微信abc12345", "加我微信abc12345"),
        ("微❤信：abc_12345", "微❤信：abc_12345"),
        ("V信 abc12345", "V信 abc12345"),
        ("Q Q 12345678", "Q Q 12345678"),
        ("QQ群号是123456789", "QQ群号是123456789"),
        ("➕vx：abc_12345", "➕vx：abc_12345"),
        ("进微信群聊", "进微信群"),
        ("someone@example.com", "someone@example.com"),
        ("薇信号 abc12345", "薇信号 abc12345"),
    ],
)
def test_contacts(source: str, contact: str) -> None:
    assert marked(source, addresses.contacts(source)) == [contact]


@pytest.mark.parametrize(
    "source",
    [
        "微信支付很方便",
        "增加V型路口",
        "建议公众号多发通知",
        "增加微波炉",
        "加强微信公众号建设",
        "进入微信小程序",
        "扫码支付",
        "坐飞机",
    ],
)
def test_other_mentions_are_no_contact(source: str) -> None:
    assert not addresses.contacts(source)


@pytest.mark.parametrize(
    ("source", "is_flood"), [("哈哈哈哈哈", False), ("哈" * 12, True), ("支持 " * 6, True), ("顶!" * 5, False)]
)
def test_one_sign_over_and_over(source: str, is_flood: bool) -> None:
    assert bool(flood.repeated(views.words(source))) is is_flood


def said(key: int, author: str, text: str, at: float = 0.0) -> Said:
    return Said(key, author, at, print_of(text))


def test_texts_nearly_alike_are_found_among_many() -> None:
    recent = Recent()
    for key in range(300):
        recent.add(said(key, f"a{key}", f"第{key}位网友谈{key * 7919}号地块的绿化和停车"))
    recent.add(said(999, "b", "请把夜间公交的末班车延长到二十三点"))
    alike = recent.like(print_of("请把夜间公交的末班车延长到二十三点！谢谢"), 0, 75)
    assert [each.key for each in alike] == [999]
    assert not recent.like(print_of("请把早班公交提前到五点半"), 0, 75)


def test_only_so_many_are_remembered() -> None:
    recent = Recent(most=10)
    for key in range(100):
        recent.add(said(key, "a", "同一句话说了很多遍"))
    assert recent.many_of("a", 0) == 10
    assert len(recent.like(print_of("同一句话说了很多遍"), 0, 75)) == 10
    assert 5 not in recent
    assert 95 in recent


def test_what_is_old_does_not_count() -> None:
    recent = Recent()
    recent.add(said(1, "a", "请延长夜间公交", at=100))
    assert recent.many_of("a", 100) == 1
    assert recent.many_of("a", 101) == 0
    assert not recent.like(print_of("请延长夜间公交"), 101, 75)
