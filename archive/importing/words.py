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
