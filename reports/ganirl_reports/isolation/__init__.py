"""A target in an environment and a process of its own: any version of its library, whatever is installed here.

`environment` builds a virtual environment once and keeps it; `overlay` lays this very ganirl over it; `running` runs
a verification there and brings the report back. ``python -m ganirl_reports.isolation TARGET ARGUMENTS…`` runs the
environment's own Python, to look into it or to run tests there.
"""

from __future__ import annotations

from .environment import Environment, Recipe, cache_folder, environments, prepare, remove, size_of
from .recipes import recipe_for
from .running import verify_isolated

__all__ = [
    "Environment",
    "Recipe",
    "cache_folder",
    "environments",
    "prepare",
    "recipe_for",
    "remove",
    "size_of",
    "verify_isolated",
]
