"""``[tool.ganirl]`` of the user's pyproject.toml: defaults for the command line."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

TABLE = "[tool.ganirl]"


class SettingsError(Exception):
    """The configuration cannot be used; one sentence says where and the mend."""


@dataclass(frozen=True)
class Settings:
    """What may be set; None leaves it to the command line's own default.

    Attributes
    ----------
    target : what is verified if no TARGET is given; a file's path counts from the folder of pyproject.toml
    claims, dtype : lists, or text with commas
    profile : ``"smoke"``, ``"default"`` or ``"thorough"``
    seed : an integer
    output : a folder, counted from the folder of pyproject.toml
    """

    target: str | None = None
    claims: tuple[str, ...] | None = None
    profile: str | None = None
    dtype: tuple[str, ...] | None = None
    seed: int | None = None
    output: Path | None = None


def split(text: str) -> tuple[str, ...]:
    """Split ``A4, C*`` at its commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def read_settings(start: Path) -> Settings:
    """Read the nearest pyproject.toml in ``start`` or above; none, or none with the table, sets nothing.

    Raises
    ------
    SettingsError
        If it cannot be read, or a key is unknown or of the wrong kind.
    """
    path = next(
        (each / "pyproject.toml" for each in (start, *start.parents) if (each / "pyproject.toml").is_file()),
        None,
    )
    if path is None:
        return Settings()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"cannot read {path}: {error}") from None
    tool = document.get("tool", {})
    table = tool.get("ganirl", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: tool.ganirl should be a table, {TABLE}")
    known = [field.name for field in fields(Settings)]
    for key in table:
        if key not in known:
            raise SettingsError(f"{path}: {TABLE} has no key {key!r}; there are {', '.join(known)}")
    values: dict[str, Any] = {
        key: _READERS[key](value, f"{path}: {key} in {TABLE}", path.parent) for key, value in table.items()
    }
    return Settings(**values)


def _text(value: Any, where: str, folder: Path) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"{where} should be text, not {value!r}")
    return value


def _texts(value: Any, where: str, folder: Path) -> tuple[str, ...]:
    if isinstance(value, str):
        value = list(split(value))
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise SettingsError(f"{where} should be a list of names, not {value!r}")
    return tuple(value)


def _profile(value: Any, where: str, folder: Path) -> str:
    if value not in PROFILES:
        raise SettingsError(f"{where} should be one of {', '.join(PROFILES)}, not {value!r}")
    return str(value)


def _seed(value: Any, where: str, folder: Path) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise SettingsError(f"{where} should be a whole number from 0, not {value!r}")
    return value


def _output(value: Any, where: str, folder: Path) -> Path:
    return folder / os.path.expanduser(_text(value, where, folder))


def _target(value: Any, where: str, folder: Path) -> str:
    target = _text(value, where, folder)
    path, colon, attribute = target.rpartition(":")
    if not colon or not path.endswith(".py"):
        return target
    return f"{os.path.relpath(folder / os.path.expanduser(path))}:{attribute}"


PROFILES = ("smoke", "default", "thorough")
_READERS = {
    "target": _target,
    "claims": _texts,
    "profile": _profile,
    "dtype": _texts,
    "seed": _seed,
    "output": _output,
}
