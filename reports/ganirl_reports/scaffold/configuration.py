"""``[tool.ganirl]``, added to a pyproject.toml that stays what it was."""

from __future__ import annotations

import tomllib
from typing import Any

TABLE = 'target = "{target}"\noutput = "ganirl-report"\n'


class NotAddedError(Exception):
    """The table cannot be added by appending it; the message says why."""


class BrokenError(NotAddedError):
    """It is no TOML: nothing that reads it works, ganirl included, until it is mended."""


def with_table(text: str, target: str) -> str:
    """Return the text with the table at its end, every line of it kept as it was.

    Raises
    ------
    BrokenError
        If it is no TOML.
    NotAddedError
        If it has a table of that name, or cannot take one at its end.
    """
    try:
        before = tomllib.loads(text)
    except ValueError as broken:
        raise BrokenError(f"it is no TOML that can be read ({broken})") from None
    if "ganirl" in _tool(before):
        raise NotAddedError("it has a [tool.ganirl] already")
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else newline if text.endswith("\n") else 2 * newline
    after = text + gap + f"[tool.ganirl]\n{TABLE.format(target=target)}".replace("\n", newline)
    # Read back: the old document with one table more, or it is not written.
    expected = before | {"tool": _tool(before) | {"ganirl": tomllib.loads(TABLE.format(target=target))}}
    try:
        as_read = tomllib.loads(after)
    except ValueError:
        as_read = {}
    if as_read != expected:
        raise NotAddedError("a table cannot be appended to the way it writes its tables")
    return after


def _tool(document: dict[str, Any]) -> dict[str, Any]:
    tool = document.get("tool", {})
    return tool if isinstance(tool, dict) else {}
