"""From the words of a command line to what goes into an environment, and to the words that find the target there."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from ganirl_properties import TargetError, UsageError
from ganirl_properties.targets.libraries import LIBRARIES, Library, library_of, split_version

from .environment import Recipe
from .overlay import description

_ARCHIVES = (".whl", ".tar.gz", ".zip")


@dataclass(frozen=True)
class Plan:
    """A target that is to be run in an environment of its own.

    Attributes
    ----------
    target : what names it there, with the version of its library: ``"imitation-airl@1.0.1"``
    requirements : what was asked for beside it
    recipe : of its environment
    """

    target: str
    requirements: tuple[str, ...]
    recipe: Recipe


def recipe_for(target: str, requirements: Sequence[str] = ()) -> Plan:
    """Return what to build for a target, and how to call it there.

    Parameters
    ----------
    target : a built-in target, with ``@version`` or without; or ``module:attribute`` or ``path/to/file.py:attribute``,
        which lie outside of the environment and see it
    requirements : what else is installed: requirements as pip reads them, or paths of wheels

    Raises
    ------
    UsageError
        If there is nothing to install for it, a requirement cannot be read, or its library does not run on this
        Python.
    """
    wanted = tuple(map(requirement, requirements))
    if target.startswith("exec:"):
        raise TargetError("a command (exec:…) runs in a process of its own already; leave out --isolated")
    if ":" in target:
        if not wanted:
            raise TargetError(
                f"--isolated does not know what {target} needs; say it: --isolated --with 'my-library==1.0'"
            )
        return Plan(target, wanted, Recipe(_own_name(target), (*description().requirements, *wanted)))
    name, version = split_version(target)
    library = library_of(name)
    if library is None:
        if not wanted or version is not None:
            known = ", ".join(sorted(each for library in LIBRARIES for each in library.targets))
            raise TargetError(
                f"--isolated does not know the library of {name!r}, but those of {known}; "
                "name the package that brings the target: --isolated --with 'my-library==1.0'"
            )
        return Plan(name, wanted, Recipe(name, (*description().requirements, *wanted)))
    library = library.at(version)
    _check_python(library)
    recipe = Recipe(
        f"{library.distribution} {library.version}",
        (*library.resolved, *description().requirements, *wanted),
        library.unresolved,
    )
    return Plan(f"{name}@{library.version}", wanted, recipe)


def _own_name(target: str) -> str:
    place = target.rpartition(":")[0]
    return Path(place).stem if place.endswith(".py") else place


def requirement(text: str) -> str:
    """Return a requirement as it was written, or the absolute path of an archive.

    Raises
    ------
    UsageError
        If it is neither a requirement nor an archive that is there.
    """
    path = Path(os.path.expanduser(text))
    if path.name.endswith(_ARCHIVES) and "://" not in text:
        if not path.is_file():
            raise UsageError(f"--with: there is no file {text!r}")
        return str(path.absolute())
    if path.is_dir() and (os.sep in text or text in (".", "..")):
        raise UsageError(
            f"--with {text} is a folder, whose contents may change after they are installed; give the wheel that "
            f"python -m pip wheel --no-deps {text} makes"
        )
    try:
        Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            f"--with {text!r} is no requirement, such as my-library==1.0, and no wheel: {reason}"
        ) from None
    return text


def _check_python(library: Library) -> None:
    here = platform.python_version()
    if not SpecifierSet(library.python).contains(here, prereleases=True):
        raise UsageError(
            f"{library.requirement} runs on Python {library.python}, and this is {here}; "
            "install ganirl under such a Python and run it there"
        )
