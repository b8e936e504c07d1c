"""Holds a poll's rows against its chain, or recounts a published list; it mends nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from live import ballot_chain
from live.models import Poll
from live.queries.verify import Verified, verify


class Command(BaseCommand):
    """`python -m broadcast verify-poll ID_OR_FILE`; exit code 1 when something does not fit."""

    help = "核对一个投票：编号对数据库，文件对公布的选票名单 · verify a poll by its id, or a published list by its file"

    def add_arguments(self, parser: CommandParser) -> None:
        """What is to be verified."""
        parser.add_argument(
            "what", help="投票编号，或公布的选票名单文件 · a poll's id, or the file of a published list"
        )

    def handle(self, *_args: Any, what: str, **_options: Any) -> None:
        """Say what was counted; raise CommandError with what does not fit."""
        wrong = self._rows(int(what)) if what.isascii() and what.isdigit() else self._file(Path(what))
        if wrong:
            raise CommandError("\n  ".join(["不符 · does not hold:", *wrong]))
        self.stdout.write("相符 · it holds")

    def _file(self, path: Path) -> list[str]:
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"读不了这个文件 · this file cannot be read: {error}") from error
        wrong = ballot_chain.check_list(told)
        if not wrong:
            self.stdout.write("\n".join(ballot_chain.summary(told)))
        return wrong

    def _rows(self, poll_id: int) -> list[str]:
        try:
            found = verify(poll_id)
        except Poll.DoesNotExist as error:
            raise CommandError(f"没有这个投票 · no such poll: {poll_id}") from error
        self._tell(found)
        return found.wrong + ([f"… {found.more_wrong} more"] if found.more_wrong else [])

    def _tell(self, found: Verified) -> None:
        self.stdout.write(f"{found.poll.question} ({found.poll.state})")
        for option in found.poll.options.all():
            self.stdout.write(f"  {found.votes.get(option.pk, 0):>9}  {option.text}")
        self.stdout.write(f"  {found.ballots:>9}  选票 · ballots")
        self.stdout.write(f"  {found.casts:>9}  次投票，含修改 · casts, changes included")
        self.stdout.write(f"  {found.links:>9}  个环 · links, head {found.head[:16]}…")
        for many, words in (
            (found.without_place, "个环还没有排进链（投票还开着）· links without a place yet"),
            (found.erased, "次投票已抹去盐，不能再核对内容 · casts whose salt was erased"),
            (found.before_the_chain, "次投票早于这条链 · casts from before there was a chain"),
        ):
            if many:
                self.stdout.write(f"  {many:>9}  {words}")
