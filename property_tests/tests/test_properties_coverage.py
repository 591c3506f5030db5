"""What the drawn cases hold, whatever the seed: each claim is shown what it could miss; and draws that lack it fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
import pytest

from ganirl import FLOAT64, Case, Conventions, Rows, Steps
from ganirl.logspace import log_normalise
from ganirl_properties import batch_cases, cases
from ganirl_properties.cases import SETTINGS, Setting, case_from_bytes, generic_bytes
from ganirl_properties.search import PROFILES

TRAJECTORIES = Conventions(log_q="computed")
SEEDS = range(5)


def drawn(setting: Setting, seed: int, count: int, conventions: Conventions = TRAJECTORIES) -> Iterator[Case]:
    """Draw as a search does."""
    rng = np.random.default_rng([seed, SETTINGS.index(setting)])
    for data in islice(generic_bytes(rng, setting, FLOAT64, conventions), count):
        yield case_from_bytes(data, setting, FLOAT64, conventions)


def logits(case: Case) -> np.ndarray[Any, Any]:
    return np.concatenate(
        [-(rows.features @ case.theta) - case.b - rows.log_q for rows in (case.expert, case.generator)]
    )


def paths(rows: Rows) -> list[tuple[int, ...]]:
    """State, action and end of every step, row by row."""
    steps = rows.steps
    parts = np.concatenate(
        [np.where(steps.mask, part, -1) for part in (steps.state, steps.action, steps.done)], axis=1
    )
    return [tuple(row) for row in parts.tolist()]


def rarest(case: Case) -> float:
    """Return the least π of an action that is taken."""
    table = log_normalise(case.policy_logits)
    return min(
        float(np.exp(table[rows.steps.state, rows.steps.action][rows.steps.mask].min()))
        for rows in (case.expert, case.generator)
    )


def among(low: float, high: float) -> Callable[[Case], bool]:
    return lambda case: bool(((np.abs(logits(case)) >= low) & (np.abs(logits(case)) < high)).any())


def horizon(case: Case) -> int:
    return int(case.expert.steps.mask.shape[1])


def both_signs(case: Case) -> bool:
    return bool(logits(case).min() < 0 < logits(case).max())


def repeated(rows: Rows) -> bool:
    return len(set(paths(rows))) < len(rows)


def no_kinds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(batch_cases, "_ROW_KINDS", ("any",) * 6)


def few_rows(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(batch_cases, "_ROWS", (1, 2))


def plain(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(batch_cases, "_LEVELS", ("plain",) * 6)


def near(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(batch_cases, "_LEVELS", ("near",) * 6)


def short(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(batch_cases, "_STEPS", (3, 4))


def long(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(batch_cases, "_STEPS", (64, 65))


def one_path(patch: pytest.MonkeyPatch) -> None:
    def same(choices: object, rows: int, horizon: int, states: int, actions: int) -> Steps:
        nothing = np.zeros((rows, horizon), dtype=np.int64)
        first = np.broadcast_to(np.arange(horizon) == 0, nothing.shape)
        return Steps(nothing, nothing, nothing, first, first, np.zeros((*nothing.shape, 0)))

    patch.setattr(batch_cases, "_random_steps", same)


# Trait → (whether a case has it, of the cases of the default profile at least so many, of smoke at least so many, and
# how draws would go that miss it).
TRAITS: dict[str, tuple[Callable[[Case], bool], float, float, Callable[[pytest.MonkeyPatch], None]]] = {
    "|ℓ| below 1e-2": (among(0.0, 1e-2), 1 / 24, 0.0, plain),
    "|ℓ| of 1e-3 to 1": (among(1e-3, 1.0), 1 / 4, 1 / 6, plain),
    "|ℓ| of 1 to 10": (
        among(1.0, 10.0),
        1 / 2,
        1 / 6,
        lambda patch: patch.setattr(batch_cases, "_LEVELS", ("far",) * 6),
    ),
    "|ℓ| of 1e2 to 1e4": (among(1e2, 1e4), 1 / 12, 1 / 6, plain),
    "ℓ of both signs": (both_signs, 3 / 5, 1 / 3, plain),
    "π below 1e-3": (lambda case: rarest(case) < 1e-3, 1 / 3, 1 / 6, near),
    "π below 1e-5": (lambda case: rarest(case) < 1e-5, 1 / 8, 0.0, near),
    "an expert's row that the generator has not": (
        lambda case: bool(set(paths(case.expert)) - set(paths(case.generator))),
        3 / 4,
        2 / 3,
        one_path,
    ),
    "a generator's row that the expert has not": (
        lambda case: bool(set(paths(case.generator)) - set(paths(case.expert))),
        3 / 4,
        2 / 3,
        one_path,
    ),
    "a row that both have": (
        lambda case: bool(set(paths(case.generator)) & set(paths(case.expert))),
        1 / 4,
        1 / 6,
        no_kinds,
    ),
    "one expert row": (lambda case: len(case.expert) == 1, 1 / 6, 1 / 6, no_kinds),
    "one generator row": (lambda case: len(case.generator) == 1, 1 / 6, 1 / 6, no_kinds),
    "an expert's row twice": (lambda case: repeated(case.expert), 2 / 9, 1 / 6, few_rows),
    "a generator's row twice": (lambda case: repeated(case.generator), 2 / 9, 1 / 6, few_rows),
    "more than 4 steps": (lambda case: horizon(case) > 4, 1 / 8, 0.0, short),
    "one step": (lambda case: horizon(case) == 1, 1 / 24, 0.0, long),
}


@lru_cache
def batches(seed: int, profile: str) -> tuple[Case, ...]:
    return tuple(drawn("batch", seed, PROFILES[profile]))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("trait", TRAITS)
def test_batches_hold_what_a_claim_could_miss(trait: str, seed: int) -> None:
    has, of_default, of_smoke, _ = TRAITS[trait]
    assert np.mean([has(case) for case in batches(seed, "default")]) >= of_default
    assert np.mean([has(case) for case in batches(seed, "smoke")]) >= of_smoke


@pytest.mark.parametrize("trait", TRAITS)
def test_draws_without_it_hold_it_less(trait: str, monkeypatch: pytest.MonkeyPatch) -> None:
    has, of_default, of_smoke, without = TRAITS[trait]
    without(monkeypatch)
    monkeypatch.setattr(cases, "broken_rules", lambda case: ())
    held = [
        np.mean([has(case) for case in drawn("batch", seed, PROFILES[profile])]) >= least
        for seed in SEEDS
        for profile, least in (("default", of_default), ("smoke", of_smoke))
    ]
    assert not all(held)


def test_batches_are_unequal_unless_code_needs_them_equal() -> None:
    equal = Conventions(log_q="computed", equal_batches=True)
    assert all(len(case.expert) != len(case.generator) for case in batches(0, "default"))
    assert all(len(case.expert) == len(case.generator) for case in drawn("batch", 0, 36, equal))


@pytest.mark.parametrize("seed", SEEDS)
def test_populations_have_atoms_without_data_and_several_lengths(seed: int) -> None:
    found = list(drawn("population", seed, PROFILES["default"]))
    assert np.mean([bool(set(paths(case.generator)) - set(paths(case.expert))) for case in found]) > 0.5
    assert not any(
        set(paths(case.expert)) - set(paths(case.generator)) for case in found
    )  # all of q is there
    assert np.mean([horizon(case) > 1 for case in found]) > 0.5
    assert np.mean([both_signs(case) for case in found]) > 0.25
