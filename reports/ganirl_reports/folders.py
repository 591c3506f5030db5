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
        """Return the path, with ``~`` replaced by the home that it names; an empty name is refused."""
        # Path("") is the current folder, which nobody named: a script's variable was empty.
        if not str(value).strip():
            self.fail("the name is empty; name a folder, or . for this one", param, ctx)
        return super().convert(os.path.expanduser(value), param, ctx)
