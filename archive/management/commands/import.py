"""`import`: takes a folder of old episodes in, or says what would become of it; the rules are in archive.importing."""

# The command is called what it does, although no statement can import a module of that name.
# ruff: noqa: N999

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from archive import machine
from archive.importing import reading, run, services
from archive.importing.reading import Plan
from archive.importing.run import Progress
from archive.importing.words import words_of
from archive.models import ImportBatch, ImportItem
from archive.panel import RECORDER
from broadcast.access import HOUSE
from broadcast.errors import BroadcastError
from broadcast.models import Programme


class Command(BaseCommand):
    """Ends with 0 when all is in, 1 when something was left out, 3 when nothing could be done."""

    help = (
        "导入往期节目：文件夹里的媒体文件和一张 CSV/XLSX 表格 · import old episodes: a folder of media files and a CSV or XLSX sheet "
        "(columns number, date, time, title, guests, programme, file). All stay unpublished. Killed, it goes on when started again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where they lie, and how."""
        parser.add_argument("path", type=Path, help="文件夹或表格 · a folder, or the sheet beside the files")
        parser.add_argument("--programme", help="没有“节目”一列时的节目 · slug where the sheet names no programme")
        parser.add_argument(
            "--dry-run", action="store_true", help="只报告，什么也不写 · say what would be done, write nothing"
        )
        parser.add_argument("--again", action="store_true", help="没导入的文件再试一次 · try refused files again")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, then report or import."""
        try:
            plan = reading.read(reading.find(options["path"]), self._programme(options["programme"]))
            left = self._foretell(plan) if options["dry_run"] else self._import(plan, again=options["again"])
        except BroadcastError as error:
            raise CommandError(error.message, returncode=3) from error
        if left:
            raise CommandError(f"{left} 项没有导入 · {left} not imported", returncode=1)

    def _programme(self, slug: str | None) -> Programme | None:
        found = Programme.objects.filter(slug=slug).first() if slug else None
        if slug and found is None:
            raise CommandError(f"没有节目 {slug} · there is no programme {slug}", returncode=3)
        return found

    def _foretell(self, plan: Plan) -> int:
        left = self._unmatched([vars(each) for each in plan.unmatched])
        for each, problem, detail in reading.foretell(plan):
            mark = f"- {words_of(problem, detail)}" if problem else "+"
            self.stdout.write(
                f"{each.file}: {each.programme.slug} {each.entry.number or '—'} {each.entry.title} {mark}"
            )
            left += bool(problem)
        self.stdout.write(f"{len(plan.items)} 个文件，什么也没写 · {len(plan.items)} files, nothing was written")
        return left

    def _import(self, plan: Plan, *, again: bool) -> int:
        Path(settings.MEDIA_ROOT).mkdir(parents=True, exist_ok=True)
        if (other := machine.elsewhere(RECORDER, Path(settings.MEDIA_ROOT))) is not None:
            raise CommandError(
                f"录制进程在 {other[0]}，请在那里导入 · the recorder works on {other[0]}; import there", returncode=3
            )
        batch = services.adopt(HOUSE, plan)
        if again:
            services.again(HOUSE, batch)
        run.work(HOUSE, batch.pk, self._tell)
        return self._sum_up(batch)

    def _tell(self, progress: Progress) -> None:
        item, seconds = progress.item, round(progress.left_seconds)
        left = f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        said = f"{item.seconds:.1f} s" if item.state == ImportItem.State.DONE else words_of(item.problem, item.detail)
        self.stdout.write(f"[{progress.over}/{progress.total}] {item.file}: {item.state} {said} · left {left}")

    def _sum_up(self, batch: ImportBatch) -> int:
        batch.refresh_from_db()
        left = self._unmatched(batch.unmatched)
        for item in batch.items.order_by("id"):
            if item.state != ImportItem.State.DONE:
                self.stdout.write(f"- {item.file}: {words_of(item.problem, item.detail)}")
                left += 1
            for note in item.notes:
                self.stdout.write(f"? {item.file}: {words_of(note['code'], note['detail'])}")
        done = batch.items.filter(state=ImportItem.State.DONE).count()
        self.stdout.write(f"已导入 {done}，未导入 {left} · {done} in, {left} not")
        return left

    def _unmatched(self, found: list[dict[str, Any]]) -> int:
        for each in found:
            where = f"第 {each['line']} 行" if each["line"] else ""
            place = " ".join(filter(None, (where, each["file"])))
            self.stdout.write(f"- {place}: {words_of(each['problem'], each['detail'])}")
        return len(found)
