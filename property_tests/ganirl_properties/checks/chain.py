"""A population of longer paths than are drawn: what is lost of later steps shows there."""

from __future__ import annotations

from collections.abc import Iterator

from ganirl_properties.cases import absorb_b
from ganirl_properties.population_cases import chain_case

from .check import View


def long_paths(view: View) -> Iterator[View]:
    """All paths of up to five or six steps; code of transitions has none."""
    conventions = view.observed.conventions
    if conventions.unit == "trajectory":
        case = chain_case(view.case.precision, conventions)
        yield view.at(absorb_b(case) if conventions.log_z == "absent" else case)
