"""Paths as a person writes them: ``~`` is home, also where no shell has seen it (``--output=~/report``)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click


class Folder(click.Path):
    """An option that names a folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, with ``~`` replaced by the home that it names."""
        return super().convert(os.path.expanduser(value), param, ctx)
