"""What the signs of one counterexample mean, in a line beside it: components of arrays, the end, moves of an MDP."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ganirl_properties.report import Counterexample

_AXES = {"t": "step", "s": "state", "a": "action"}
# Axes of an observable of tabular code by how many it has: without a limit, time is none of them.
_SHAPES = {
    "π(a|s)": {2: "sa", 3: "tsa"},
    "V(s)": {1: "s", 2: "ts"},
    "generator_gradient": {2: "sa"},
    "the policy gradient": {2: "sa"},
}
# What is sampled row by row.
_OF_ROWS = ("D", "e^log_q", "reward", "ℓ")
_OF_THETA = ("∂", "its ")


def notation(found: Counterexample, conventions: Mapping[str, Any]) -> str:
    """Explain what is not plain words in a counterexample; empty if all is.

    Parameters
    ----------
    conventions : of the run, which say what the axes of visits are
    """
    return "; ".join(_explained(found, conventions))


def _explained(found: Counterexample, conventions: Mapping[str, Any]) -> Iterator[str]:
    index = re.search(rf"{re.escape(found.observable)}\[(\d+(?:, \d+)*)\]", found.then)
    if index is not None:
        places = index[1].split(", ")
        if words := _in_words(found.observable, places, conventions):
            yield f"{index[0]}: {words}, counted from 0"
    if found.case.get("unit") != "process":
        return
    # Written for the first state and action; the sign of the end may stand there or elsewhere.
    yield "(0,1) → 0.25 2 + 0.75 3: action 1 in state 0 leads to state 2 with probability 0.25, to 3 with 0.75"
    yield "0 –1→ 2: a step of a demonstration"
    if "∎" in found.let:
        yield "∎: the absorbing end"


def _in_words(observable: str, places: list[str], conventions: Mapping[str, Any]) -> str:
    """Return what each part of an index counts: ``step 0, state 1, action 1``."""
    if observable == "visits":
        axes = str(conventions.get("occupancy_axes", ""))
    else:
        axes = _SHAPES.get(observable, {}).get(len(places), "")
    if len(axes) == len(places):
        return ", ".join(f"{_AXES[axis]} {place}" for axis, place in zip(axes, places, strict=True))
    if len(places) == 1 and observable.startswith(_OF_THETA):
        return f"component {places[0]} of θ"
    if len(places) == 1 and observable in _OF_ROWS:
        return f"row {places[0]} of the generator's"
    return ""
