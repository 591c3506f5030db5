"""Conventions of tabular code that may have been declared wrongly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ganirl import Conventions

from .mend import Mend

_VISITS, _GRADIENT = frozenset({"D1"}), frozenset({"D3"})
_VALUES = frozenset({"H2", "H12"})

# (fields, claims that see them, what they mean in words)
_CHOICES: tuple[tuple[Mapping[str, Any], frozenset[str], str], ...] = (
    ({"visits": "states"}, _VISITS, "the state after the last step, which it counts"),
    ({"visits": "steps"}, _VISITS, "the state after the last step, which it does not count"),
    ({"occupancy_scale": "counts"}, _VISITS, "the scale of its visits, which are expected numbers of them"),
    ({"occupancy_scale": "discounted"}, _VISITS, "the scale of its visits, which are discounted"),
    ({"occupancy_scale": "normalised"}, _VISITS, "the scale of its visits, which sum to one"),
    (
        {"occupancy_scale": "discounted_normalised"},
        _VISITS,
        "the scale of its visits, which are discounted and sum to one",
    ),
    ({"demonstrations": "mean"}, _GRADIENT, "the number of demonstrations: it averages over them"),
    ({"demonstrations": "sum"}, _GRADIENT, "the number of demonstrations: it adds all of them"),
    (
        {"demonstrations": "steps"},
        _GRADIENT,
        "the length of demonstrations: it averages over all of their steps",
    ),
    ({"objective": "likelihood"}, _GRADIENT, "its objective, which is −E_p[Σ log π]"),
    ({"objective": "dual"}, _GRADIENT, "its objective, which is E_p[c] + V"),
    (
        {"last_state": True},
        _VALUES | _VISITS | _GRADIENT,
        "the reward of the state after the last step, which counts",
    ),
    (
        {"last_state": True, "visits": "states"},
        _VALUES | _VISITS | _GRADIENT,
        "the state after the last step, whose reward counts",
    ),
    (
        {"start": "given"},
        _VALUES | _VISITS | _GRADIENT,
        "the first state, which is given and not part of the model",
    ),
    ({"start": "modelled"}, _VALUES | _VISITS | _GRADIENT, "the first state, which is part of the model"),
    ({"entropy": "causal"}, _VALUES | _VISITS | _GRADIENT, "the entropy, which is causal"),
    ({"entropy": "trajectory"}, _VALUES | _VISITS | _GRADIENT, "the entropy, which is that of trajectories"),
    (
        {"entropy": "trajectory", "start": "given"},
        _VALUES | _VISITS | _GRADIENT,
        "the entropy, which is that of trajectories whose first state is given",
    ),
)


def process_candidates(declared: Conventions) -> Iterator[Mend]:
    """Yield each other choice that is possible beside what was declared."""
    for fields, touches, words in _CHOICES:
        if all(getattr(declared.of_process, name) == value for name, value in fields.items()):
            continue
        try:
            other = replace(declared.of_process, **fields)
        except ValueError:  # it contradicts another choice
            continue
        choice = ", ".join(
            f'{name}="{value}"' if isinstance(value, str) else f"{name}={value}"
            for name, value in fields.items()
        )
        yield Mend(
            replace(declared, process=other),
            touches,
            f"correct up to {words}; declare ProcessConventions({choice})",
        )
