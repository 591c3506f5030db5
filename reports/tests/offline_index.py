"""Wheels made by hand, and a pip that looks nowhere else: environments are built in tests without a network."""

from __future__ import annotations

import importlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest


def write_wheel(folder: Path, name: str, version: str, files: Mapping[str, str] | None = None) -> Path:
    """Write a wheel of a distribution with these files, ``name.py`` with its version by default."""
    metadata = f"{name}-{version}.dist-info"
    content = {
        **({f"{name}.py": f'VERSION = "{version}"\n'} if files is None else files),
        f"{metadata}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{metadata}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{each},,\n" for each in (*content, f"{metadata}/RECORD"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in {**content, f"{metadata}/RECORD": record}.items():
            archive.writestr(each, text)
    return path


def neighbours() -> str:
    """Return lines of a ``.pth`` file that show what ganirl itself needs, so that no test has to install it."""
    needed = ("numpy", "scipy", "sympy", "mpmath", "hypothesis", "pydantic", "packaging", "filelock")
    places = {Path(str(importlib.import_module(each).__file__)).parents[1] for each in needed}
    return "".join(f"{place}\n" for place in sorted(places))


def look_nowhere_else(monkeypatch: pytest.MonkeyPatch, wheels: Path) -> None:
    """Have pip find the wheels of a folder and nothing beside, whatever the machine is set to."""
    for name in list(os.environ):
        if name.upper().startswith(("PIP_", "UV_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("GANIRL_INSTALLER", "pip")
