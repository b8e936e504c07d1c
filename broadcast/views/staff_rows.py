"""Row buttons of the episode form, so that rows are added, moved and emptied without a script; nothing is saved here."""

from __future__ import annotations

from django.http import QueryDict

from broadcast.forms import number

MORE_ROWS = 3
MOST_ROWS = 40


def rearranged(data: QueryDict, order: str) -> QueryDict:
    """The posted rows after a row button: "segments:2:up", "segments:2:down", "guests:0:drop" or "segments:more".

    Nothing is saved; the page comes again with what was typed. An order that fits nothing changes nothing.
    """
    changed = data.copy()
    prefix, *rest = order.split(":")
    total_name = f"{prefix}-TOTAL_FORMS"
    total = number(changed.get(total_name)) or 0
    if rest == ["more"]:
        changed[total_name] = str(min(total + MORE_ROWS, MOST_ROWS))
    elif len(rest) == 2 and (row := number(rest[0])) is not None and row < total:
        if rest[1] == "drop":
            for name in [each for each in changed if each.startswith(f"{prefix}-{row}-")]:
                changed[name] = ""
        other = {"up": row - 1, "down": row + 1}.get(rest[1], -1)
        if 0 <= other < total:
            _swap(changed, prefix, row, other)
    return changed


def _swap(data: QueryDict, prefix: str, one: int, two: int) -> None:
    names = {each.split("-", 2)[2] for each in data if each.startswith((f"{prefix}-{one}-", f"{prefix}-{two}-"))}
    for name in names:
        first, second = f"{prefix}-{one}-{name}", f"{prefix}-{two}-{name}"
        data[first], data[second] = data.get(second, ""), data.get(first, "")
