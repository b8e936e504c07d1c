"""What an episode is, in words that other archives read: Dublin Core, EBUCore, and a README for people; pure, it asks nobody."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

DC = "http://purl.org/dc/elements/1.1/"
_OAI = "http://www.openarchives.org/OAI/2.0/oai_dc/"
README = """\
{title}

这是“议事”一期节目的长期保存包（BagIt，RFC 8493）。不需要我们的软件就能读。
This is a preservation bag (BagIt, RFC 8493) of one episode. It can be read without the software that made it.

核对 · to check it:   bagit.py --validate <this folder>   or   (cd <this folder> && sha512sum -c manifest-sha512.txt)

data/episode/episode.json        节目、期号、标题、嘉宾、场次 · programme, number, title, people, airings
data/episode/dublin-core.xml     Dublin Core（另有 .json · also as .json）
data/episode/ebucore.json        EBUCore 的字段，写成 JSON · the terms of EBUCore, as JSON
data/airings/<id>/airing.json    这一场的时间、母版和衍生文件名 · times of one airing, names of masters and derivatives
data/airings/<id>/manifest.json  每个对象的大小和 SHA-256，写入时算的 · size and SHA-256 of each object, taken when it was written
data/airings/<id>/parts/         收到什么样就什么样的母版：每次连接一个文件夹，里面是 MPEG-TS 片段，按号码先后；
                                 part.json 和 i.m3u8 说明来源和每段时间。接起来（cat）就能播放。
                                 Masters as received: one folder a connection, of MPEG-TS segments in the order of their
                                 numbers; part.json and i.m3u8 tell source and times. Joined (cat) they play.
                                 480p/ … and sound/ in it are smaller pictures and the sound of the same segments.
data/airings/<id>/derived/       做出来的文件：master-*.mp4 母版、sound 音频、图、波形
                                 What was made of them: MP4 masters, sound, pictures, the waveform
data/airings/<id>/gaps.json      没有收到信号的时段，和切断的时段 · when nothing was received, and when the output was cut
data/airings/<id>/spans.json     节目时间对应回看的第几秒（有回看时）· programme time against seconds of the replay
data/airings/<id>/timeline.json  回看上的标记 · the marks on the replay
data/airings/<id>/moments.json   标记的时刻 · moments
data/airings/<id>/documents/     提问、投票结果、签发的文字稿等 · questions, results of polls, signed transcripts
data/airings/<id>/audit.json     审计链：与这一场有关的最后一条 · the audit chain: its last entry about this airing
data/sealed/                     只有注明才有：不公开的内容 · only where it was asked for: what is not public

母版里可能有直播时切断、从未公开的内容，请按内部资料保管。
Masters may hold what was cut on air and never was public: keep this bag as you keep internal papers.
{sealed}
"""


def encode(found: Any) -> bytes:
    """JSON for people and machines, one way only."""
    return (json.dumps(found, ensure_ascii=False, sort_keys=True, indent=1, default=str) + "\n").encode()


def readme(title: str, *, sealed: bool) -> bytes:
    """The README; `sealed` says that what is not public is in the bag."""
    words = (
        "本包含有不公开的部分（data/sealed）。This bag has a part that is not public (data/sealed)." if sealed else ""
    )
    return README.format(title=title, sealed=words).rstrip("\n").encode() + b"\n"


def dublin_core(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """The fifteen elements as far as we know them, in order; several of one name stand one after another."""
    programme = facts["programme"]
    found = [
        ("title", facts["title"]),
        ("title", facts["title_en"]),
        *(("creator", each["name"]) for each in facts["people"] if each["role"] == "host"),
        *(("contributor", each["name"]) for each in facts["people"] if each["role"] != "host"),
        ("description", facts["description"]),
        ("publisher", programme["name_zh"]),
        *(("date", each["actual_start"][:10]) for each in facts["airings"] if each["actual_start"]),
        ("type", "Sound" if programme["kind"] == "radio" else "MovingImage"),
        ("format", "video/mp2t"),
        ("identifier", f"yishi:{programme['slug']}/{facts['key']}"),
        *(("identifier", f"urn:uuid:{each['id']}") for each in facts["airings"]),
        ("language", "zh"),
        ("relation", programme["name_zh"]),
    ]
    return [(name, words) for name, words in found if words]


def dublin_core_json(facts: dict[str, Any]) -> bytes:
    """The same as JSON: each element a list."""
    found: dict[str, list[str]] = {}
    for name, words in dublin_core(facts):
        found.setdefault(f"dc:{name}", []).append(words)
    return encode({"@context": {"dc": DC}, **found})


def dublin_core_xml(facts: dict[str, Any]) -> bytes:
    """The same as XML, in the envelope of OAI."""
    ET.register_namespace("dc", DC)
    ET.register_namespace("oai_dc", _OAI)
    root = ET.Element(f"{{{_OAI}}}dc")
    for name, words in dublin_core(facts):
        ET.SubElement(root, f"{{{DC}}}{name}").text = "".join(
            each for each in words if each.isprintable() or each in "\n\t"
        )
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def ebucore(facts: dict[str, Any]) -> bytes:
    """The terms of EBUCore's core metadata, as JSON."""
    programme = facts["programme"]
    titles = [("zh", facts["title"]), ("en", facts["title_en"])]
    core = {
        "title": [{"dc:title": {"@xml:lang": language, "#text": words}} for language, words in titles if words],
        "description": [{"dc:description": facts["description"]}] if facts["description"] else [],
        "publisher": [{"organisationDetails": {"organisationName": programme["name_zh"]}}],
        "contributor": [
            {
                "contactDetails": {"name": each["name"], "occupation": each["title"]},
                "organisationDetails": {"organisationName": each["organisation"]},
                "role": {"@typeLabel": each["role"]},
            }
            for each in facts["people"]
        ],
        "date": [
            {"created": {"@startDate": each["actual_start"][:10], "@startTime": each["actual_start"][11:]}}
            for each in facts["airings"]
            if each["actual_start"]
        ],
        "type": [{"objectType": {"@typeLabel": "audio" if programme["kind"] == "radio" else "video"}}],
        "identifier": [
            {"@typeLabel": "yishi", "dc:identifier": f"{programme['slug']}/{facts['key']}"},
            *({"@typeLabel": "UUID", "dc:identifier": each["id"]} for each in facts["airings"]),
        ],
        "isEpisodeOf": {"@typeLabel": "programme", "dc:title": programme["name_zh"], "episodeNo": facts["key"]},
        "language": [{"dc:language": "zh"}],
        "format": [
            {"@formatId": each["id"], "duration": {"normalPlayTime": each["seconds"]}, "locator": each["masters"][:1]}
            for each in facts["airings"]
        ],
        "part": [
            {"@partNumber": number, "@partName": each["title"], "partRole": each["role"]}
            for number, each in enumerate(facts["segments"], start=1)
        ],
    }
    return encode(
        {"ebucore:ebuCoreMain": {"@version": "1.10", "@xmlns": "urn:ebu:metadata-schema:ebucore", "coreMetadata": core}}
    )
