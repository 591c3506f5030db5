"""What sampling is asked, by another route: every draw there is, made one by one, by code that knows no range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from ganirl import (
    PRECISIONS,
    Case,
    Conventions,
    Gradient,
    Implementation,
    ProcessConventions,
    Rows,
    Steps,
    wrap,
)
from ganirl.framework import NUMPY
from ganirl_properties.checks import View
from ganirl_properties.observed import Observed
from ganirl_properties.sampled.process import uniform_log_weights, uniform_moments
from ganirl_properties.sampled.quantity import Quantity
from ganirl_properties.sampled.rows import CHECKS
from ganirl_properties.search import Redeclared, Search
from ganirl_properties.targets import load_target

BIASED = ("C2 IRL side", "C3 frozen", "C3 value")
ROW_BY_ROW = ("A4 logit", "A4 probability", "A4 log q", "E1 reward")
DECLARED: dict[str, dict[str, object]] = {
    "the paper's": {},
    "mean of all": {"loss_scale": "mean_of_all"},
    "log Z": {"unbiased": "log Z"},
    "weights": {"weights": True},
    "log q given": {"log_q": "input"},
}
NAMES = {f"{check.claim} {check.name}": check for check in CHECKS}


def conventions_of(name: str) -> Conventions:
    return Conventions(**({"log_q": "computed"} | DECLARED[name]))  # type: ignore[arg-type]


class MeanOfAll(Redeclared):
    """The mean over a pair of rows, one of either side: half of the sum of both means."""

    def discriminator_loss(self, case: Case) -> float:
        """½ L_D."""
        return 0.5 * float(self.implementation.discriminator_loss(case))  # type: ignore[attr-defined]

    def discriminator_gradient(self, case: Case) -> Gradient:
        """½ ∂L_D."""
        return Gradient(*(0.5 * part for part in self.implementation.discriminator_gradient(case)))  # type: ignore[attr-defined]


def views(conventions: Conventions, dtype: str = "float64", cases: int = 5) -> list[View]:
    declare = Redeclared if conventions.loss_scale == "sum_of_means" else MeanOfAll
    target: Implementation = declare(load_target("numpy"), conventions)
    search = Search(target, NUMPY, PRECISIONS[dtype], "cpu", cases, seed=4)
    return [view for _, view in search.views("population")]


def only(rows: Rows, index: int) -> Rows:
    one = slice(index, index + 1)
    fields = ("state", "action", "next_state", "done", "mask", "features")
    steps = Steps(**{name: getattr(rows.steps, name)[one] for name in fields})
    return Rows(rows.features[one], rows.log_q[one], np.ones(1), steps)


def every_draw(quantity: Quantity) -> Iterator[tuple[float, np.ndarray]]:
    """Yield (probability, values) of one row from each side, the smallest minibatch."""
    case = quantity.view.case
    for i, share_p in enumerate(case.expert.weight / case.expert.weight.sum()):
        for j, share_q in enumerate(case.generator.weight / case.generator.weight.sum()):
            pair = replace(case, expert=only(case.expert, i), generator=only(case.generator, j))
            seen = Observed(quantity.view.observed.implementation, NUMPY, pair, "cpu")
            yield float(share_p * share_q), quantity.observe(seen)


@pytest.mark.parametrize("declared", DECLARED)
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ROW_BY_ROW])
def test_every_pair_of_rows_is_in_range_and_their_mean_is_what_is_expected(name: str, declared: str) -> None:
    looked = 0
    for view in views(conventions_of(declared)):
        if len(view.case.expert) * len(view.case.generator) > 400:
            continue
        quantity = NAMES[name].quantity(view)
        if quantity is None:
            continue
        chances, values = zip(*every_draw(quantity), strict=True)
        mean = np.array(chances) @ np.array(values)
        low, high = quantity.low - quantity.tolerance, quantity.high + quantity.tolerance
        assert (low <= np.array(values)).all()
        assert (np.array(values) <= high).all()
        unequal = declared == "mean of all" and len(view.case.expert) != len(view.case.generator)
        jensen = declared == "log Z" and name == "B4 estimate"
        if name in BIASED or jensen or unequal:  # one row a side: the pooled mean weighs both sides alike
            continue
        assert np.abs(mean - quantity.expected) == pytest.approx(0.0, abs=float(quantity.tolerance.max()))
        looked += 1
    assert looked or name in BIASED or declared in ("mean of all", "log Z")


@pytest.mark.parametrize("name", ["B4 estimate", "C3 frozen", "C3 value"])
def test_what_is_biased_on_a_minibatch_is_beyond_tolerance(name: str) -> None:
    """The twin of the above: Jensen's inequality and weights that are divided by their own sum."""
    off = 0.0
    for view in views(conventions_of("log Z")):
        if len(view.case.expert) * len(view.case.generator) > 400:
            continue
        quantity = NAMES[name].quantity(view)
        assert quantity is not None
        chances, values = zip(*every_draw(quantity), strict=True)
        miss = np.abs(np.array(chances) @ np.array(values) - quantity.expected)
        off = max(off, float((miss / quantity.width.clip(1e-9)).max()))
    assert off > 0.03


@pytest.mark.parametrize("name", NAMES)
def test_tolerances_hold_what_float32_makes_of_the_same(name: str) -> None:
    looked = 0
    for view in views(conventions_of("the paper's"), "float32", cases=8):
        quantity = NAMES[name].quantity(view)
        if quantity is None:
            continue
        looked += 1
        if name in ROW_BY_ROW:
            values = quantity.observe(Observed(view.observed.implementation, NUMPY, view.case, "cpu"))
            assert (np.abs(values - quantity.expected) <= quantity.tolerance).all()
            continue
        at = quantity.view
        for pair in range(0, len(at.case.generator), 3):
            cut = replace(
                at.case,
                expert=only(at.case.expert, pair % len(at.case.expert)),
                generator=only(at.case.generator, pair),
            )
            exact = replace(cut, precision_name="float64")
            ours, best = (
                quantity.observe(Observed(at.observed.implementation, NUMPY, case, "cpu"))
                for case in (cut, exact)
            )
            assert (np.abs(ours - best) <= quantity.tolerance).all()
            assert (quantity.tolerance < 0.05 * np.maximum(quantity.width, np.abs(quantity.expected))).any()
    assert looked


def test_a_density_by_frequencies_is_that_of_each_trajectory() -> None:
    for view in views(conventions_of("the paper's")):
        quantity = NAMES["A4 log q"].quantity(view)
        assert quantity is not None
        steps = view.case.generator.steps
        if steps.mask.shape[1] > 1:
            continue
        cells = sorted({(int(s), int(a)) for s, a in zip(steps.state[:, 0], steps.action[:, 0], strict=True)})
        logits = view.case.policy_logits
        policy = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        assert quantity.expected == pytest.approx([policy[cell] for cell in cells], rel=1e-12)
        assert (quantity.low == 0).all()
        assert (quantity.high == 1).all()


@pytest.mark.parametrize("name", ["A4 logit", "E1 reward"])
def test_what_nothing_bounds_has_the_scale_of_its_size(name: str) -> None:
    """δ is a share of it: a wider range would let pass what the profile promises to find."""
    for view in views(conventions_of("the paper's")):
        quantity = NAMES[name].quantity(view)
        assert quantity is not None
        assert not quantity.bounded
        assert (quantity.low + quantity.high) / 2 == pytest.approx(quantity.expected, abs=1e-9)
        assert quantity.width == pytest.approx(np.maximum(1.0, np.abs(quantity.expected)), rel=1e-9)


# --- tabular -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rewards", ["transition", "state"])
def test_uniform_rollouts_have_the_weights_that_are_said(rewards: str) -> None:
    """Every path of the process, one by one."""
    declared = Conventions(
        unit="process",
        process=ProcessConventions(
            entropy="trajectory",
            rewards_on=rewards,  # type: ignore[arg-type]
            last_state=rewards == "state",
        ),
    )
    target = wrap(log_partition=lambda case: 0.0, conventions=declared)
    search = Search(target, NUMPY, PRECISIONS["float64"], "cpu", 24, seed=1)
    looked = 0
    for _, view in search.views("process"):
        process = view.case.mdp
        if (process.states * process.actions) ** process.horizon > 800:
            continue
        looked += 1
        found = list(paths(view))
        chance, log_weight = np.array(found).T
        assert chance.sum() == pytest.approx(1.0, abs=1e-9)
        ends = uniform_log_weights(view)
        assert ends == pytest.approx((log_weight.min(), log_weight.max()), abs=1e-9)
        mean_log, first, second = uniform_moments(view)
        assert mean_log == pytest.approx(chance @ log_weight, abs=1e-9)
        assert first == pytest.approx(chance @ np.exp(log_weight), rel=1e-9)
        assert second == pytest.approx(chance @ np.exp(2 * log_weight), rel=1e-9)
        assert np.log(first) == pytest.approx(float(view.process.log_partition.value), abs=1e-9)
    assert looked > 3


def paths(view: View) -> Iterator[tuple[float, float]]:
    """Yield (probability under uniform actions, log weight) of every trajectory that is possible."""
    process, costs = view.case.mdp, view.case.mdp.costs(view.case.theta)

    def onward(state: int, step: int, chance: float, total: float) -> Iterator[tuple[float, float]]:
        if state == process.states or step == process.horizon:
            if view.process.conventions.last_state and state < process.states:
                total -= float(process.state_features[state] @ view.case.theta)
            yield chance, total
            return
        for action in range(process.actions):
            for following in np.flatnonzero(process.transition[state, action]):
                here = float(process.transition[state, action, following]) / process.actions
                cost = float(costs[state, action, following])
                yield from onward(
                    int(following), step + 1, chance * here, total - cost + np.log(process.actions)
                )

    for state in np.flatnonzero(process.start):
        yield from onward(int(state), 0, float(process.start[state]), 0.0)
