"""Files are planned first and written at the end, all of them or none, and never over what is there."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
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


class NotWrittenError(Exception):
    """A file cannot be written, and so none was; the message says which, and why."""


def write(files: Sequence[Planned]) -> None:
    """Write all files, or none: each is written beside its place first, and put there when all of them are.

    Raises
    ------
    NotWrittenError
        If one cannot be written, or was changed meanwhile.
    """
    made: list[Path] = []
    beside: dict[Path, Path] = {}
    try:
        for each in files:
            try:
                if each.instead_of is not None and read(each.path) != each.instead_of:
                    raise NotWrittenError(f"{each.path}: it was changed meanwhile")
                made += _folders(each.path.parent)
                # A link of the user's stays one, and what it leads to is written.
                place = each.path if each.instead_of is None else each.path.resolve()
                beside[place] = _beside(place, each.text)
            except OSError as error:
                raise NotWrittenError(
                    f"{each.path}: {_why_not(each.path) or error.strerror or error}"
                ) from None
        for place, written in beside.items():
            written.replace(place)
    except BaseException:
        for written in beside.values():
            written.unlink(missing_ok=True)
        for folder in reversed(made):
            with suppress(OSError):  # something is in it
                folder.rmdir()
        raise


def _folders(folder: Path) -> list[Path]:
    """Make a folder; return those that were not there, outermost first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()][::-1]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _beside(place: Path, text: str) -> Path:
    """Write a text to a file beside its place, with the permissions that it is to have."""
    if place.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(place))
    mode = os.stat(place).st_mode if place.exists() else 0o644
    handle, beside = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(beside, mode & 0o777)
    except BaseException:
        os.unlink(beside)
        raise
    return Path(beside)


def _why_not(path: Path) -> str:
    """Say what stands where a folder is to be; nothing if that is not the reason."""
    standing = next((each for each in path.parents if os.path.lexists(each)), None)
    return "" if standing is None or standing.is_dir() else f"{standing} is there, and is no folder"


def read(path: Path) -> str:
    """Return a file's text with its own ends of lines."""
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()
