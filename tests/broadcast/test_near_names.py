"""Who may be meant by a label that does not hold the name: proposed, never taken; whoever bears another name is not proposed."""

from __future__ import annotations

import pytest

from broadcast.near_names import Near, near, surname

NAME, ENGLISH = "欧阳明德", "Ouyang Mingde"


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ("欧杨明德", Near.SOUND),
        ("歐陽明德委員", Near.SOUND),
        ("市政协委员 欧阳铭德（提案人）", Near.SOUND),
        ("Mingde Ouyang", Near.SOUND),
        ("OUYANG Ming-de", Near.SOUND),
        ("明德委员", Near.GIVEN),
        ("明德", Near.GIVEN),
        ("Mingde", Near.GIVEN),
        ("欧阳委员", Near.SURNAME),
        ("歐陽主任", Near.SURNAME),
        ("欧阳", Near.SURNAME),
        ("老欧阳", Near.SURNAME),
        ("Mr. Ouyang", Near.SURNAME),
        ("欧阳明德委员", None),  # holds the name: taken anyway
        ("Ouyang Mingde", None),
        ("欧阳文德", None),
        ("主持人", None),
        ("司马委员", None),
        ("委员", None),
        ("", None),
        ("1 号发言人", None),
        ("Host", None),
    ],
)
def test_what_a_label_may_mean(label: str, why: Near | None) -> None:
    assert near(label, NAME, ENGLISH) == why


@pytest.mark.parametrize(
    ("name", "label", "why"),
    [
        ("解晓东", "谢晓东", Near.SOUND),  # 解 as a surname is read xie
        ("吕薇", "Lv Wei", Near.SOUND),
        ("林夏", "林局", Near.SURNAME),
        ("林夏", "林委员", Near.SURNAME),
        ("林夏", "小林", Near.SURNAME),
        ("林夏", "夏委员", None),  # one character of a given name is everybody's surname
        ("林夏", "Xia Lin", Near.SOUND),
        ("林夏", "Lin", Near.SURNAME),
        ("林夏", "森林局", None),
        ("王", "王委员", None),
        ("Anna Weber", "Weber", Near.SURNAME),
    ],
)
def test_names_of_every_length(name: str, label: str, why: Near | None) -> None:
    assert near(label, name, name if name.isascii() else "") == why


def test_surnames() -> None:
    assert [surname(each) for each in ("欧阳明德", "林夏", "歐陽靖", "欧阳", "Anna")] == [
        "欧阳",
        "林",
        "欧阳",
        "欧",
        "",
    ]
