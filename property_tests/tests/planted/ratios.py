"""How far an implementation is from what a check asks, where the check makes its own cases."""

from __future__ import annotations

from contextlib import suppress

from ganirl import PRECISIONS, Implementation
from ganirl.framework import load_framework
from ganirl_properties.checks import Check
from ganirl_properties.observed import NotObservedError
from ganirl_properties.search import Search, judged


def worst(target: Implementation, dtype: str, checks: list[Check]) -> dict[str, float]:
    """Check → largest error over what is allowed."""
    search = Search(target, load_framework(target.framework), PRECISIONS[dtype], "cpu", 1, 0)
    found = {}
    for check in checks:
        if all(search.implementation_has(name) for name in check.observables):
            for _, view in search.suited(check):
                with suppress(NotObservedError):
                    ratios = [each.ratio for each in judged(check, view) if each is not None]
                    found[check.name] = max([found.get(check.name, 0.0), *ratios])
    return found
