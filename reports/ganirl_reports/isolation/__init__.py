"""A target in an environment and a process of its own: any version of its library, whatever is installed here.

`environment` builds a virtual environment once and keeps it, `kept` says what there is; `overlay` lays this very ganirl
over it; `running` runs a verification there and brings the report back. ``python -m ganirl_reports.isolation TARGET
ARGUMENTS…`` runs the environment's own Python, to look into it or to run tests there.
"""

from __future__ import annotations

from .environment import Environment, Recipe, cache_folder, prepare
from .kept import Unfinished, environments, remove, size_of, unfinished
from .recipes import recipe_for
from .running import verify_isolated

__all__ = [
    "Environment",
    "Recipe",
    "Unfinished",
    "cache_folder",
    "environments",
    "prepare",
    "recipe_for",
    "remove",
    "size_of",
    "unfinished",
    "verify_isolated",
]
