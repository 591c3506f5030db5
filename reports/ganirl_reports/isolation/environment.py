"""Virtual environments that are built once and kept: where they are, when one is whole, who builds it.

An environment lies in the user's cache folder under a name with a digest of all that went into it, so that another
version, another Python or another requirement is another environment. It is built in place under a lock, and is whole
when its marker is written: what an interrupted build left has none, and is built anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from platformdirs import user_cache_path

from ganirl_properties import UsageError

from .installing import Say, chosen_installer, python_of, run_step
from .locking import locked

CACHE = "GANIRL_CACHE"
MARKER = "ganirl-environment.json"


@dataclass(frozen=True)
class Recipe:
    """What goes into an environment.

    Attributes
    ----------
    name : what people call it, ``"imitation 1.0.1"``
    resolved : requirements, and absolute paths of wheels, that are installed with all that they depend on
    unresolved : requirements that are installed alone
    """

    name: str
    resolved: tuple[str, ...]
    unresolved: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Name of its folder: the same for the same requirements, files and Python."""
        digest = hashlib.sha256()
        tag = f"{sys.implementation.cache_tag}-{sysconfig.get_platform()}"
        for part in (tag, *self.resolved, "alone", *self.unresolved):
            digest.update(part.encode() + b"\0")
            if os.path.isabs(part):
                digest.update(Path(part).read_bytes())
        plain = re.sub(r"[^A-Za-z0-9.]+", "-", self.name).strip("-.")
        return f"{plain}-{sys.implementation.cache_tag}-{digest.hexdigest()[:8]}"


@dataclass(frozen=True)
class Environment:
    """A whole environment.

    Attributes
    ----------
    folder : where it is
    name : what it was built for
    built : when, ISO 8601 in UTC
    packages : version by name of all that is installed in it
    """

    folder: Path
    name: str
    built: str
    packages: Mapping[str, str]

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return python_of(self.folder)


def cache_folder() -> Path:
    """Return where environments are kept: GANIRL_CACHE, or the place that the system has for what can be made again."""
    chosen = os.environ.get(CACHE)
    if chosen:
        return Path(chosen).expanduser().absolute() / "environments"
    return user_cache_path("ganirl", appauthor=False) / "environments"


def prepare(recipe: Recipe, say: Say | None = None) -> Environment:
    """Return the environment of a recipe, which is built if it is not there.

    Parameters
    ----------
    say : called with a few words whenever something moves on

    Raises
    ------
    UsageError
        If the folder cannot be written, or a requirement cannot be installed: the reason, and where the log is.
    """
    say = say or _say_nothing
    folder = cache_folder() / recipe.key
    if (found := whole(folder)) is not None:
        return found
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(folder, lambda: say("waiting for the process that builds it")):
            # Whoever held the lock may have built it.
            return whole(folder) or _build(recipe, folder, say)
    except OSError as error:
        raise UsageError(
            f"the environment for {recipe.name} cannot be written to {folder}: {error.strerror or error}; "
            f"{CACHE} names another place"
        ) from None


def _say_nothing(words: str) -> None:
    pass


def log_of(folder: Path) -> Path:
    """Return the file that keeps what was said while an environment was built."""
    return folder.with_name(f"{folder.name}.log")


def whole(folder: Path) -> Environment | None:
    """Return the environment in a folder if it is whole, and the Python that it was made from still there."""
    try:
        marker: dict[str, Any] = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        found = Environment(
            folder, str(marker["name"]), str(marker["built"]), dict(marker["packages"].items())
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return found if found.python.exists() else None


def _build(recipe: Recipe, folder: Path, say: Say) -> Environment:
    shutil.rmtree(folder, ignore_errors=True)
    tool = chosen_installer()
    with log_of(folder).open("w", encoding="utf-8") as log:

        def step(command: Sequence[str]) -> None:
            run_step(command, what=recipe.name, tool=tool.name, log=log, say=say)

        try:
            say("making a virtual environment")
            step([*tool.create, str(folder)])
            # These first: a release that does not exist shows before gigabytes have come.
            if recipe.unresolved:
                step(tool.install(folder, recipe.unresolved, alone=True))
            step(tool.install(folder, recipe.resolved, alone=False))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        _mark(recipe, folder, tool.name, log)
    return whole(folder) or _broken(recipe, folder)


def _mark(recipe: Recipe, folder: Path, tool: str, log: TextIO) -> None:
    packages = _packages_in(folder)
    document = {
        "name": recipe.name,
        "built": datetime.now(UTC).isoformat(timespec="seconds"),
        "by": tool,
        "resolved": recipe.resolved,
        "unresolved": recipe.unresolved,
        "packages": packages,
    }
    temporary = folder / f"{MARKER}.new"
    temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    temporary.replace(folder / MARKER)
    print(f"whole: {len(packages)} packages", file=log)


def _broken(recipe: Recipe, folder: Path) -> Environment:
    raise UsageError(f"{recipe.name} was installed, but {python_of(folder)} is not there")


def _packages_in(folder: Path) -> dict[str, str]:
    from importlib.metadata import distributions  # noqa: PLC0415

    places = [*folder.glob("lib/python*/site-packages"), *folder.glob("Lib/site-packages")]
    found = {each.name: each.version for each in distributions(path=[str(place) for place in places])}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))
