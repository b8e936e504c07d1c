"""What became of files and rows, in words for people; pure wording."""

from __future__ import annotations

from django.utils.translation import gettext as _

from archive import untrusted


def words_of(problem: str, detail: str = "") -> str:
    """Why something was not imported, or what wants a look, with what belongs to it."""
    said = untrusted.words_of(problem) if problem.startswith("media_") else _words().get(problem, problem)
    return f"{said} [{detail}]" if detail else said


def _words() -> dict[str, str]:
    return {
        "no_file": _("没有找到这一行的文件。"),
        "no_row": _("表格里没有这个文件。"),
        "several_files": _("有几个文件都叫这个名字，请写明文件夹。"),
        "file_taken": _("这个文件已经属于另一行。"),
        "no_date_in_name": _("没有表格，文件名里也没有日期。"),
        "no_programme": _("没有写明节目：请加“节目”一列，或用 --programme。"),
        "unknown_programme": _("没有这个节目。"),
        "bad_number": _("期号不是数字。"),
        "bad_date": _("日期读不懂。"),
        "bad_time": _("时间读不懂。"),
        "no_date": _("没有日期。"),
        "no_title": _("没有标题。"),
        "long_title": _("标题超过 120 个字。"),
        "date_ahead": _("日期在将来。"),
        "number_taken": _("这个期号已经有了。"),
        "number_twice": _("表格里另一行也是这个期号。"),
        "no_length": _("文件没有长度。"),
        "same_content": _("内容和另一个文件完全相同。"),
        "worker_lost": _("处理这个文件时程序多次中断，没有再试。"),
        "picture_left_out": _("画面很早就结束，只导入了声音。"),
        "namesake": _("有同名的人，没有登记这位嘉宾，请手工选择。"),
    }


def advice_of(problem: str) -> str:
    """What a person does about it; "" where there is nothing to do."""
    if problem.startswith("media_"):
        return _advice_on_media().get(problem, _("换一份完好的文件，再导入一次。"))
    return _advice().get(problem, "")


def _advice_on_media() -> dict[str, str]:
    return {
        "media_format": _("这种文件不能导入。请转成 MP4、MP3 等常见格式再导入。"),
        "media_codec": _("这种编码不能导入。请转成 MP4、MP3 等常见格式再导入。"),
        "media_too_large": _("请分成几段，或转成较小的文件再导入。"),
        "media_duration": _("请分成几段再导入。"),
        "media_truncated": _("文件没有复制完整。请从原来的光盘、磁带或硬盘重新复制，再导入一次。"),
        "media_empty": _("文件是空的。请重新复制，再导入一次。"),
        "media_no_streams": _("文件里没有声音。电台节目要有声音。"),
    }


def _advice() -> dict[str, str]:
    mend_row = _("改正表格这一行，再导入一次。")
    return {
        "no_file": _("把文件放进来，或改正“文件”一列，再导入一次。"),
        "no_row": _("在表格里加一行，写上期号、日期、标题和这个文件名；不要的文件可以不管。"),
        "several_files": _("在“文件”一列写明文件夹和文件名。"),
        "file_taken": _("两行写了同一个文件，改正其中一行。"),
        "no_date_in_name": _("在文件名里写上日期，或加一张表格。"),
        "no_programme": _("在表格里加“节目”一列。"),
        "unknown_programme": _("“节目”一列要写系统里的节目名称。"),
        "bad_number": mend_row,
        "bad_date": _("日期写成 2019-03-05 或 2019年3月5日，再导入一次。"),
        "bad_time": _("时间写成 19:30，再导入一次。"),
        "no_date": mend_row,
        "no_title": mend_row,
        "long_title": mend_row,
        "date_ahead": mend_row,
        "number_taken": _("这一期已经在系统里。要换，先处理那一期；期号写错了，改正表格。"),
        "number_twice": mend_row,
        "same_content": _("同一份内容只导入一次，不用处理。"),
        "worker_lost": _("按“再试没导入的”。仍然不行，请联系系统管理员。"),
        "picture_left_out": _("请看一下；有更好的文件时可以换。"),
        "namesake": _("打开这一期，手工选择嘉宾。"),
    }
