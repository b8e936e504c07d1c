"""Whether a label may mean somebody whose name it does not hold: by sound, by pinyin, by surname or given name; pure, it only proposes."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache

from broadcast.han import is_han, simplified

# Taken off a label before what is left is compared; the longest first.
_TITLES = """
主持人 发言人 负责人 提案人 政协委员 特邀委员 界别委员 委员长 秘书长 副秘书长 副主席 副主任 副局长 副处长 副科长 副区长 副市长
副院长 副校长 副会长 副教授 研究员 调研员 工程师 常委 委员 主席 主任 局长 处长 科长 股长 区长 市长 镇长 院长 校长 会长 站长 所长
队长 部长 社长 行长 书记 理事 董事长 总经理 经理 教授 专家 博士 医生 大夫 律师 法官 代表 记者 嘉宾 老师 先生 女士 小姐 同志 同学
师傅 老 小 总 工 局 处
"""
_TITLES_FIRST = sorted(set(_TITLES.split()), key=len, reverse=True)
_ENGLISH_TITLES = {
    "mr",
    "mrs",
    "ms",
    "miss",
    "dr",
    "prof",
    "professor",
    "member",
    "director",
    "madam",
    "sir",
    "comrade",
}
_TWO_CHARACTERS = """
欧阳 司马 上官 诸葛 司徒 东方 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 夏侯 端木 轩辕 鲜于 闻人 澹台 申屠 太叔 钟离 东郭 南宫 西门 百里
呼延 独孤
"""
_COMPOUND = set(_TWO_CHARACTERS.split())


class Near(StrEnum):
    """Why it may be them."""

    SOUND = "sound"
    GIVEN = "given"
    # So little that it says something only where they appear.
    SURNAME = "surname"


def near(label: str, name: str, english: str = "") -> Near | None:
    """Why the label may mean the person called so; None where nothing speaks for it, and where it holds the name as it is.

    Other characters that sound the same (曾 and 解 in all their readings), traditional ones, pinyin in either order, the given name, and
    the surname alone or with a title.
    """
    if name in label or (english and english in label):
        return None
    return _of_characters(_han(label), _han(name)) or _of_letters(_words(label), name, _words(english))


def surname(name: str) -> str:
    """The surname of a Chinese name, one character or two; "" of a name that is none."""
    plain = _han(name)
    if len(plain) < 2:
        return ""
    return plain[:2] if plain[:2] in _COMPOUND and len(plain) > 2 else plain[0]


def _of_characters(label: str, name: str) -> Near | None:
    if len(name) < 2 or not label:
        return None
    if any(_sounds_alike(label[at : at + len(name)], name) for at in range(len(label) - len(name) + 1)):
        return Near.SOUND
    left = _without_titles(label)
    family = surname(name)
    if len(name) - len(family) > 1 and left == name[len(family) :]:
        return Near.GIVEN
    return Near.SURNAME if left == family else None


def _of_letters(words: list[str], name: str, english: list[str]) -> Near | None:
    told = "".join(words)
    family, given = _spelled(name)
    if told and family and given:
        if told in {family + given, given + family}:
            return Near.SOUND
        if told in {family, given}:
            return Near.SURNAME if told == family else Near.GIVEN
    if len(english) > 1 and words:
        if sorted(words) == sorted(english):
            return Near.SOUND
        # Which of the words is the surname nobody wrote.
        return Near.SURNAME if words in ([english[0]], [english[-1]]) else None
    return None


def _spelled(name: str) -> tuple[str, str]:
    """Surname and given name in pinyin."""
    plain, family = _han(name), surname(name)
    parts = (family, plain[len(family) :])
    return ("".join(_readings(each)[0] for each in parts[0]), "".join(_readings(each)[0] for each in parts[1]))


def _words(text: str) -> list[str]:
    spelled = unicodedata.normalize("NFKD", text).lower()
    plain = "".join(each for each in spelled if not unicodedata.combining(each) and each not in "'’-")
    return [each for each in re.findall(r"[a-z]+", plain) if each not in _ENGLISH_TITLES]


def _han(text: str) -> str:
    known = simplified()
    return "".join(known.get(each, each) for each in unicodedata.normalize("NFKC", text) if is_han(each))


def _without_titles(label: str) -> str:
    for title in _TITLES_FIRST:
        if label.endswith(title) and label != title:
            return label.removesuffix(title).removeprefix("老").removeprefix("小") or label
    return label[1:] if label[0] in "老小" and len(label) > 1 else label


def _sounds_alike(one: str, other: str) -> bool:
    return all(set(_readings(a)) & set(_readings(b)) for a, b in zip(one, other, strict=True))


@lru_cache(maxsize=8_000)
def _readings(character: str) -> tuple[str, ...]:
    """Its syllables without tones, the usual one first."""
    # A fifth of a second for its tables: not in processes that never ask.
    from pypinyin import Style, pinyin

    found = pinyin(character, style=Style.NORMAL, heteronym=True)[0]
    return tuple(dict.fromkeys(each.lower().replace("ü", "v") for each in found)) or (character,)
