"""The ganirl that is running now, laid over another environment for one run.

It is not installed there. A folder of five links (copies, where links cannot be made) and a description with the
entry points stands first on the path of the process. So it is the same code down to the last edit, whether it was
installed as a wheel, editable, or runs from a bare checkout; nothing is built and no index is asked for it; the
environment stays valid when ganirl changes; two runs at once cannot disturb one another; and, since the folder holds
these packages alone, nothing that is installed here is seen there.
"""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from ganirl_properties import UsageError

PACKAGES = ("ganirl", "ganirl_symbolic", "ganirl_properties", "ganirl_gpu", "ganirl_reports")
# A run may be asked to certify, so that the library for it is always there: 10 MB.
EXTRA = "certify"


@dataclass(frozen=True)
class Description:
    """What an installed distribution says of itself: version, requirements, and the text of its entry points."""

    version: str
    requirements: tuple[str, ...]
    entry_points: str


@cache
def description() -> Description:
    """Return what this ganirl needs, from the pyproject.toml that it lies beside or else from what was installed.

    The file goes first: an editable install remembers the entry points of the day it was made.

    Raises
    ------
    UsageError
        If there is neither.
    """
    checkout = Path(__file__).resolve().parents[3] / "pyproject.toml"
    if checkout.is_file():
        project = tomllib.loads(checkout.read_text(encoding="utf-8")).get("project", {})
        if project.get("name") == "ganirl":
            return _of_project(project)
    try:
        installed = distribution("ganirl")
    except PackageNotFoundError:
        raise UsageError(
            "ganirl is neither installed nor beside its pyproject.toml, so that nobody knows what it needs; "
            "install it with: pip install ganirl"
        ) from None
    return Description(
        installed.version,
        tuple(_without_extras(installed.requires or [])),
        installed.read_text("entry_points.txt") or "",
    )


def _of_project(project: Mapping[str, Any]) -> Description:
    sections = [
        "\n".join([f"[{group}]", *(f"{name} = {value}" for name, value in points.items())])
        for group, points in project.get("entry-points", {}).items()
    ]
    needed = (*project["dependencies"], *project["optional-dependencies"][EXTRA])
    return Description(project["version"], needed, "\n\n".join(sections) + "\n")


def _without_extras(texts: list[str]) -> Iterator[str]:
    for text in texts:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": EXTRA}):
            requirement.marker = None
            yield str(requirement)


@contextmanager
def laid_over() -> Iterator[Path]:
    """Yield a folder for PYTHONPATH that holds ganirl and nothing else, for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="ganirl-") as name:
        folder = Path(name)
        for package in PACKAGES:
            _link(_place(package), folder / package)
        told = description()
        metadata = folder / f"ganirl-{told.version}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: ganirl\nVersion: {told.version}\n", encoding="utf-8"
        )
        (metadata / "entry_points.txt").write_text(told.entry_points, encoding="utf-8")
        yield folder


def _place(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(f"the package {package} of ganirl is not here; install ganirl again")
    return Path(next(iter(spec.submodule_search_locations))).resolve()


def _link(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source, target_is_directory=True)
    except OSError:  # Windows wants a privilege for it
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
