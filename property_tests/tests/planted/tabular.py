"""Planted tabular code: a wrong library overrides a method of the right one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ganirl import Implementation, ProcessConventions
from ganirl_properties.right_variants.tabular import FOR_EVER
from ganirl_properties.right_variants.tabular_library import Tabular
from ganirl_properties.right_variants.variant import implementation_of

logsumexp = np.logaddexp.reduce


@dataclass(frozen=True)
class PlantedProcess:
    """A wrong tabular library: claims that must be violated, and the formula to be named for the first."""

    make: Callable[[], Implementation]
    roots: tuple[str, ...]
    diagnosis: str | None


__all__ = [
    "FOR_EVER",
    "OF_TRAJECTORIES",
    "ON_STATES",
    "SUMMED_STATES",
    "WRONG",
    "PlantedProcess",
    "Tabular",
    "implementation",
    "log",
    "logsumexp",
    "wrong",
]

WRONG: dict[str, PlantedProcess] = {}


def implementation(author: type[Tabular]) -> Implementation:
    return implementation_of(author, author.__name__, "numpy")


def wrong(*roots: str, diagnosis: str | None) -> Callable[[type[Tabular]], type[Tabular]]:
    def register(author: type[Tabular]) -> type[Tabular]:
        WRONG[author.__name__] = PlantedProcess(lambda: implementation(author), roots, diagnosis)
        return author

    return register


ON_STATES = ProcessConventions(discounts=True, rewards_on="state", occupancy_axes="ts")
SUMMED_STATES = ProcessConventions(rewards_on="state", occupancy_axes="s")
OF_TRAJECTORIES = ProcessConventions(entropy="trajectory", rewards_on="state_action")


def log(values: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(values)
