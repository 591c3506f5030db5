"""The truth about tabular code, by routes of its own: all trajectories, sixty digits, differences, long horizons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.special import logsumexp

from ganirl import FLOAT64, Case, Conventions, Process, ProcessConventions, Rows, TabularMDP, process_solution
from ganirl.bounds import FloatModel
from ganirl.process_solution import backup, solve
from ganirl.process_truth import ProcessTruth

MODEL = FloatModel(FLOAT64, 3.0)


def process_of(
    seed: int, *, horizon: int = 3, discount: float = 1.0, on: str = "transition", dear: float = 0.0
) -> tuple[Process, np.ndarray]:
    """A process with chance, ends and starts of its own; costs of at least ``dear`` a step if that is given."""
    rng = np.random.default_rng(seed)
    states, actions, dimension = 2, 2, 2
    transition = rng.dirichlet(np.ones(states + 1), (states, actions))
    transition = (transition + np.array([0.0, 0.0, 0.4])) / 1.4
    shape = {"transition": (2, 2, 3), "state_action": (2, 2, 1), "state": (2, 1, 1)}[on]
    features = rng.normal(size=(*shape, dimension))
    if dear:
        features = np.abs(features) + 1.0
    theta = np.full(dimension, dear) if dear else rng.normal(size=dimension)
    table = np.array(np.broadcast_to(features, (2, 2, 3, dimension)))
    return Process(np.array([0.3, 0.7]), transition, horizon, discount, table), theta


def truth_of(process: Process, theta: np.ndarray, **fields: Any) -> ProcessTruth:
    """The truth with all trajectories as demonstrations, each with a weight of its own."""
    mdp = TabularMDP(process.start, process.transition, process.horizon, process.features)
    steps = mdp.trajectories.steps
    if fields.get("horizon") == "first_exit":
        kept = steps.done.any(axis=1)
        steps = type(steps)(**{name: getattr(steps, name)[kept] for name in vars(steps)})
    count = len(steps.mask)
    weight = np.random.default_rng(count).dirichlet(np.ones(count))
    rows = Rows(steps.features.sum(axis=1), np.zeros(count), weight, steps)
    case = Case(theta, 0.0, np.zeros((2, 2)), rows, rows, "float64", "process", process)
    conventions = Conventions(unit="process", process=ProcessConventions(**fields))
    return ProcessTruth(case, conventions, MODEL)


def by_enumeration(process: Process, theta: np.ndarray) -> tuple[float, np.ndarray]:
    """Log Z and the visits of p_θ ∝ h e^{−c}, over every trajectory."""
    mdp = TabularMDP(process.start, process.transition, process.horizon, process.features)
    log_h, steps = mdp.trajectories
    log_weight = log_h - (steps.features @ theta).sum(axis=1)
    log_z = float(logsumexp(log_weight))
    visits = np.zeros((process.horizon, 2, 2, 3))
    for weight, row in zip(np.exp(log_weight - log_z), range(len(log_h)), strict=True):
        for time in np.flatnonzero(steps.mask[row]):
            at = steps.state[row, time], steps.action[row, time], steps.next_state[row, time]
            visits[(time, *at)] += weight
    return log_z, visits


@pytest.mark.parametrize("seed", range(4))
def test_trajectory_entropy_against_all_trajectories(seed: int) -> None:
    process, theta = process_of(seed)
    truth = truth_of(process, theta, entropy="trajectory")
    log_z, visits = by_enumeration(process, theta)
    assert truth.log_partition.value == pytest.approx(log_z, abs=1e-12)
    assert truth.solution.visits == pytest.approx(visits, abs=1e-12)
    assert truth.occupancy.value == pytest.approx(visits.sum(axis=3), abs=1e-12)
    # The data less the model, both from the list of trajectories.
    data = truth.weight @ truth.case.expert.features
    expected = data - np.einsum("tsax,saxd->d", visits, process.features)
    assert truth.demonstration_gradient.value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("discount", [1.0, 0.75])
def test_causal_entropy_is_the_best_that_any_policy_can_do(seed: int, discount: float) -> None:
    process, theta = process_of(seed, discount=discount)
    truth = truth_of(process, theta, discounts=True)

    def worth(policy: np.ndarray) -> float:
        """E Σ γ^t (−c − log π) over every path, by hand."""
        value = np.zeros(3)
        for at_time in policy[::-1]:
            onward = (process.transition * (discount * value - process.costs(theta))).sum(axis=2)
            value = np.append((at_time * (onward - np.log(at_time))).sum(axis=1), 0.0)
        return float(process.start @ value[:2])

    best = worth(truth.policy.value)
    assert truth.log_partition.value == pytest.approx(best, abs=1e-12)
    rng = np.random.default_rng(seed)
    for _ in range(20):
        assert worth(rng.dirichlet(np.ones(2), (3, 2))) < best


@pytest.mark.parametrize(
    "fields",
    [
        {"entropy": "trajectory"},
        {"entropy": "trajectory", "start": "given"},
        {"discounts": True},
        {"discounts": True, "rewards_on": "state", "last_state": True},
        {"horizon": "first_exit", "discounts": True, "occupancy_axes": "sa"},
        {"horizon": "first_exit", "entropy": "trajectory", "occupancy_axes": "sa"},
        {"horizon": "discounted", "occupancy_axes": "sa", "occupancy_scale": "discounted"},
    ],
)
def test_visits_and_gradients_are_derivatives_of_the_value(fields: dict[str, Any]) -> None:
    discount = 0.75 if fields.get("discounts") or fields.get("horizon") == "discounted" else 1.0
    dear = 0.6 if fields.get("horizon") == "first_exit" else 0.0
    process, theta = process_of(3, discount=discount, on=fields.get("rewards_on", "transition"), dear=dear)
    truth = truth_of(process, theta, **fields)

    def objective(moved: np.ndarray) -> float:
        return truth.data_features @ moved + solve(process, moved, truth.conventions).value

    step = 1e-5
    for index in range(2):
        unit = step * np.eye(2)[index]
        difference = (objective(theta + unit) - objective(theta - unit)) / (2 * step)
        assert truth.demonstration_gradient.value[index] == pytest.approx(difference, abs=1e-8)


def test_the_gradient_of_the_likelihood_is_another_one() -> None:
    process, theta = process_of(1)
    truth = truth_of(process, theta, objective="likelihood")
    steps = truth.case.expert.steps

    def likelihood(moved: np.ndarray) -> float:
        policy = solve(process, moved, truth.conventions).policy
        chosen = np.log(policy[np.arange(3), steps.state, steps.action])
        return -float(truth.weight @ (steps.mask * chosen).sum(axis=1))

    step = 1e-5
    dual = truth_of(process, theta).demonstration_gradient.value
    for index in range(2):
        unit = step * np.eye(2)[index]
        difference = (likelihood(theta + unit) - likelihood(theta - unit)) / (2 * step)
        assert truth.demonstration_gradient.value[index] == pytest.approx(difference, abs=1e-8)
        assert abs(dual[index] - difference) > 1e-3


def test_without_chance_both_objectives_are_one() -> None:
    process, theta = process_of(1)
    then = np.array([[1, 2], [0, 1]])
    sure = replace(process, transition=np.eye(3)[then], start=np.array([1.0, 0.0]))
    dual = truth_of(sure, theta).demonstration_gradient.value
    likelihood = truth_of(sure, theta, objective="likelihood").demonstration_gradient.value
    trajectories = truth_of(sure, theta, entropy="trajectory").demonstration_gradient.value
    assert dual == pytest.approx(likelihood, abs=1e-12)
    assert dual == pytest.approx(trajectories, abs=1e-12)


@pytest.mark.parametrize(
    ("entropy", "horizon", "discount"),
    [
        ("causal", "first_exit", 1.0),
        ("causal", "first_exit", 0.75),
        ("trajectory", "first_exit", 1.0),
        ("causal", "discounted", 0.75),
    ],
)
def test_no_limit_is_the_limit_of_long_horizons(entropy: Any, horizon: Any, discount: float) -> None:
    process, theta = process_of(2, discount=discount, dear=0.6 if horizon == "first_exit" else 0.0)
    endless = ProcessConventions(
        entropy=entropy, horizon=horizon, occupancy_axes="sa", occupancy_scale="discounted"
    )
    fixed = ProcessConventions(entropy=entropy, discounts=entropy == "causal")
    limit = solve(process, theta, endless)
    near = solve(replace(process, horizon=150), theta, fixed)
    assert limit.value == pytest.approx(near.value, abs=1e-11)
    assert limit.state_values[0] == pytest.approx(near.state_values[0], abs=1e-11)
    assert limit.policy[0] == pytest.approx(near.policy[0], abs=1e-11)
    powers = discount ** np.arange(150.0)
    assert limit.visits[0] == pytest.approx(np.tensordot(powers, near.visits, axes=1), abs=1e-10)


def test_backups_that_stop_are_episodes_of_so_many_steps() -> None:
    process, theta = process_of(2, dear=0.6)
    swept = solve(
        process,
        theta,
        ProcessConventions(entropy="trajectory", horizon="first_exit", occupancy_axes="sa", sweeps=1.0),
    )
    # ⌊1·(S + 1)⌋ = 3 steps: every trajectory of at most three that ends.
    mdp = TabularMDP(process.start, process.transition, 3, process.features)
    log_h, steps = mdp.trajectories
    ends = steps.done.any(axis=1)
    log_weight = log_h[ends] - (steps.features[ends] @ theta).sum(axis=1)
    assert swept.value == pytest.approx(float(logsumexp(log_weight)), abs=1e-12)


def test_thousands_of_backups_are_the_limit_and_only_those_that_change_anything_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process, theta = process_of(2, dear=0.6)
    endless = ProcessConventions(entropy="trajectory", horizon="first_exit", occupancy_axes="sa")
    limit = solve(process, theta, endless)
    made: list[int] = []

    def counted(*arguments: Any) -> Any:
        made.append(1)
        return backup(*arguments)

    monkeypatch.setattr(process_solution, "backup", counted)
    swept = solve(process, theta, replace(endless, sweeps=5000.0))
    assert len(made) < 200  # of 15,000
    assert swept.state_values == pytest.approx(limit.state_values, abs=1e-13)
    assert swept.policy == pytest.approx(limit.policy, abs=1e-13)
    made.clear()
    few = solve(process, theta, replace(endless, sweeps=1.0))
    assert len(made) == 3
    assert np.abs(few.state_values - limit.state_values).max() > 1e-3


def test_episodes_that_cost_too_little_are_refused() -> None:
    process, theta = process_of(2, dear=0.6)
    of = ProcessConventions(horizon="first_exit", occupancy_axes="sa")
    with pytest.raises(ValueError, match="never end"):
        solve(process, -4.0 * theta, replace(of, entropy="trajectory"))
    # Chance ends all of these episodes, and causal entropy cannot pick its luck; a loop without an end it can stay in.
    assert np.isfinite(solve(process, -4.0 * theta, of).value)
    loop = np.zeros_like(process.transition)
    loop[:, 0, 0] = loop[:, 1, 2] = 1.0
    with pytest.raises(ValueError, match="never end"):
        solve(replace(process, transition=loop), -theta, of)


@pytest.mark.parametrize("entropy", ["causal", "trajectory"])
def test_bounds_of_the_reference_hold_in_sixty_digits(entropy: str) -> None:
    used = []
    for seed in range(6):
        process, theta = process_of(seed, horizon=5, discount=0.75 if entropy == "causal" else 1.0)
        truth = truth_of(process, theta, entropy=entropy, discounts=entropy == "causal")
        exact = _in_sixty_digits(process, theta, entropy)
        got, bound = truth.soft_values.value[0], truth.soft_values.reference[0]  # type: ignore[index]
        for state in range(2):
            error = abs(float(mpmath.mpf(float(got[state])) - exact[state]))
            assert error <= bound[state]
            used.append(error / bound[state])
    assert max(used) > 1e-4  # a bound that is never used says nothing


def _in_sixty_digits(process: Process, theta: np.ndarray, entropy: str) -> list[Any]:
    with mpmath.workdps(60):
        number = mpmath.mpf
        value = [number(0)] * 3
        for _ in range(process.horizon):
            following = []
            for state in range(2):
                total = number(0)
                for action in range(2):
                    terms = []
                    for then in range(3):
                        features = process.features[state, action, then]
                        cost = sum(
                            number(float(f)) * number(float(t)) for f, t in zip(features, theta, strict=True)
                        )
                        onward = number(process.discount) * value[then] - cost
                        share = number(float(process.transition[state, action, then]))
                        terms.append(share * (onward if entropy == "causal" else mpmath.exp(onward)))
                    total += mpmath.exp(sum(terms)) if entropy == "causal" else sum(terms)
                following.append(mpmath.log(total))
            value = [*following, number(0)]
        return value[:2]


def test_scales_of_visits_and_demonstrations() -> None:
    process, theta = process_of(0, discount=0.75)
    base = truth_of(process, theta, discounts=True)
    of = base.conventions

    def counted(**fields: Any) -> np.ndarray:
        other = replace(base.declared, process=replace(of, **fields))
        return replace(base, declared=other).occupancy.value

    visits = base.solution.visits.sum(axis=3)
    discounted = visits * (0.75 ** np.arange(3))[:, None, None]
    assert counted(occupancy_axes="sa") == pytest.approx(visits.sum(axis=0))
    assert counted(occupancy_axes="ts", occupancy_scale="discounted") == pytest.approx(discounted.sum(axis=2))
    assert counted(occupancy_scale="normalised").sum() == pytest.approx(1.0)
    both = counted(occupancy_axes="s", occupancy_scale="discounted_normalised")
    assert both == pytest.approx(discounted.sum(axis=(0, 2)) / discounted.sum())
    states = counted(occupancy_axes="ts", visits="states")
    onward = np.einsum("sa,sax->x", visits[2], process.live)
    assert states[3] == pytest.approx(onward)
    mean = base.demonstration_gradient.value
    length = float(base.weight @ base.case.expert.steps.mask.sum(axis=1))
    for scale, factor in (("sum", len(base.case.expert)), ("steps", 1 / length)):
        other = replace(base.declared, process=replace(of, demonstrations=scale))
        assert replace(base, declared=other).demonstration_gradient.value == pytest.approx(factor * mean)
