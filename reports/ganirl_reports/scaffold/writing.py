"""Files are planned first and written at the end, each whole or not at all, and never over what is there."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Planned:
    """A file to be written.

    Attributes
    ----------
    path : where
    text : the whole of it
    instead_of : what is there now and belongs to the user, whose lines the text keeps; None for a file of our own
    """

    path: Path
    text: str
    instead_of: str | None = None


def standing(files: tuple[Planned, ...]) -> tuple[Planned, ...]:
    """Return the files in whose place something is that is not to be written over."""
    return tuple(each for each in files if each.instead_of is None and os.path.lexists(each.path))


def write(each: Planned) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    OSError
        If it cannot be written, or was changed meanwhile.
    """
    each.path.parent.mkdir(parents=True, exist_ok=True)
    if each.instead_of is not None and read(each.path) != each.instead_of:
        raise OSError(None, "it was changed meanwhile")
    # A link of the user's stays one, and what it leads to is written.
    place = each.path if each.instead_of is None else each.path.resolve()
    mode = os.stat(place).st_mode if place.exists() else None
    handle, beside = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(each.text)
        os.chmod(beside, 0o644 if mode is None else mode & 0o777)
        os.replace(beside, place)
    except BaseException:
        os.unlink(beside)
        raise


def read(path: Path) -> str:
    """Return a file's text with its own ends of lines."""
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()
