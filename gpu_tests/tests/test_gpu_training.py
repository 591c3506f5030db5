"""Three doors to one training run: each against floor 1's formulas, and the runs against one another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from ganirl import objectives
from ganirl.instances import Instance, ebm, generic, s6
from ganirl.optimum import optimal_b
from ganirl_gpu.training import (
    COINCIDING,
    NO_BASELINE,
    SOLVED,
    YARDSTICK,
    Adversarial,
    Batch,
    Contender,
    Door,
    EnergyBased,
    ExactLikelihood,
    Ground,
    GuidedCost,
    Limit,
    Minibatches,
    Rates,
    Reordered,
    Sampler,
    State,
    equilibrium,
    ground,
    half_step,
    lockstep,
    noise_contrastive_limits,
    parting,
    population,
    runs_of,
    train,
    update,
)
from ganirl_gpu.training.departures import leaking_mixture, leaking_partition
from ganirl_gpu.training.lockstep import gradient_gap
from ganirl_gpu.training.rounding import Drift, allowance, derivative_of_update, self_normalised_mean
from ganirl_gpu.training.runs import start
from ganirl_gpu.training.solvers import (
    Descended,
    Held,
    bisected,
    certified,
    held_at_first,
    self_consistent,
    trained,
)

RATES = Rates(theta=0.2, policy=0.3)
SAMPLERS: dict[str, Sampler] = {"population": population, "minibatch": Minibatches(3)}
DOORS: dict[str, Door] = {
    "GAN": Adversarial(),
    "GAN, b solved": Adversarial(certified),
    "GAN, b bisected": Adversarial(bisected),
    "guided cost learning": GuidedCost(),
    "energy-based model": EnergyBased(),
}


@pytest.fixture(params=["generic", "S6"])
def instance(request: pytest.FixtureRequest) -> Instance:
    return generic() if request.param == "generic" else s6("skewed left")


@pytest.fixture(params=list(SAMPLERS))
def sampler(request: pytest.FixtureRequest) -> Sampler:
    return SAMPLERS[request.param]


class Joined:
    """A batch as floor 1 sees it: rows of both sides, with weight zero on the other side."""

    def __init__(self, instance: Instance, batch: Batch, rows: tuple[np.ndarray, np.ndarray]) -> None:
        problem, self.rows = instance.problem, np.concatenate(rows)
        n_p, n_q = (len(each) for each in rows)
        self.w_p = np.concatenate([batch.expert.weight.numpy(), np.zeros(n_q)])
        self.w_q = np.concatenate([np.zeros(n_p), batch.generator.weight.numpy()])
        self.c = problem.cost.value(instance.theta)[self.rows]
        self.dc = problem.cost.gradient(instance.theta)[self.rows]
        self.log_q = problem.log_q[self.rows]
        self.b = optimal_b(self.w_p, self.w_q, self.c, self.log_q).b
        self.arguments = (self.w_p, self.w_q, self.c, self.log_q, self.b)


def handed(instance: Instance, sampler: Sampler) -> tuple[Ground, Batch, Joined]:
    """Rows of a first step, told apart by their features: the batch does not say which trajectories they are."""
    where = ground(instance)
    batch = sampler(where, where.policy_logits, 0)
    key = {tuple(row): index for index, row in enumerate(_fingerprints(where.rows))}
    rows = tuple(np.array([key[tuple(row)] for row in _fingerprints(side)]) for side in batch.sides)
    return where, batch, Joined(instance, batch, (rows[0], rows[1]))


def _fingerprints(side: object) -> list[list[float]]:
    stacked = torch.cat([side.cost.basis, side.log_h[:, None], side.state, side.action], dim=1)  # type: ignore[attr-defined]
    found: list[list[float]] = stacked.tolist()
    return found


# --- the cost ----------------------------------------------------------------------------------


def test_cost_is_the_problems_own(instance: Instance) -> None:
    cost = ground(instance).rows.cost
    at = instance.theta + 0.37
    theta = torch.tensor(at, requires_grad=True)
    np.testing.assert_allclose(
        cost.value(theta).detach(), instance.problem.cost.value(at), rtol=0, atol=2e-14
    )
    by_hand = cost.derivative(theta).detach().numpy()
    np.testing.assert_allclose(by_hand, instance.problem.cost.gradient(at), rtol=0, atol=2e-14)
    row = int(np.abs(by_hand).sum(1).argmax())
    (by_autograd,) = torch.autograd.grad(cost.value(theta)[row], theta)
    np.testing.assert_allclose(by_autograd, by_hand[row], rtol=1e-14)
    value, derivative = cost.magnitude(theta.detach())
    assert bool((value >= cost.value(theta.detach()).abs() - 1e-14).all())
    assert bool((derivative >= cost.derivative(theta.detach()).abs() - 1e-14).all())


def test_a_cost_without_a_derivative_in_pytorch_is_refused() -> None:
    with pytest.raises(TypeError, match="CallableCost cannot be trained here"):
        ground(ebm())


# --- one step, against floor 1 -----------------------------------------------------------------


@pytest.mark.parametrize("name", DOORS)
def test_each_door_takes_the_step_of_the_theorem(name: str, instance: Instance, sampler: Sampler) -> None:
    where, batch, joined = handed(instance, sampler)
    state = start(where)
    change = update(DOORS[name], state, batch)
    allowed = allowance(state, batch, joined.b)

    expected, slope = objectives.discriminator_gradient(*joined.arguments, dc=joined.dc)
    assert abs(slope) < 1e-13
    assert float(change.b) == pytest.approx(joined.b, abs=1e-12)
    assert (np.abs(change.theta.numpy() - expected) <= 2 * allowed.theta).all()

    score = objectives.policy_score(instance.problem.policy_logits, instance.problem.steps)[joined.rows]
    price = joined.c + joined.log_q
    centred = price - joined.w_q @ price
    expected = np.einsum("n,nsa->sa", joined.w_q * centred, score)
    assert (np.abs(change.policy.numpy() - expected) <= 2 * allowed.policy).all()


@pytest.mark.parametrize("sampler_name", SAMPLERS)
def test_what_rounding_allows_is_small(instance: Instance, sampler_name: str) -> None:
    where = ground(instance)
    state = start(where)
    batch = SAMPLERS[sampler_name](where, where.policy_logits, 0)
    allowed = allowance(state, batch, float(update(Adversarial(), state, batch).b)).parameters
    assert allowed.min() > 0
    # n·u·max|c'|/curvature, for thousands of rows added in any order, or a hundred
    assert allowed.max() < (2e-10 if len(batch.expert.weight) > 1000 else 1e-11)


def test_the_bound_knows_deviations_that_magnitudes_hide() -> None:
    # Weights e^{±ε} on c' = ±1, whose magnitudes are alike: the mean moves by ε all the same.
    exponent, derivative = np.zeros(2), np.array([[1.0], [-1.0]])
    moved = np.exp([1e-6, -1e-6]) / np.exp([1e-6, -1e-6]).sum() @ derivative
    bound = self_normalised_mean(exponent, np.full(2, 1e-6), derivative, np.abs(derivative), 4)
    assert 0.9e-6 < float(moved[0]) <= float(bound[0]) < 1e-5


def test_leaks_have_the_gradients_that_c3_gives_them(instance: Instance, sampler: Sampler) -> None:
    where, batch, joined = handed(instance, sampler)
    before = torch.tensor(0.3, dtype=torch.float64)
    right = objectives.discriminator_gradient(*joined.arguments, dc=joined.dc)[0]
    for surrogate, closed_form in (
        (leaking_mixture, objectives.mixture_leak_gradient),
        (leaking_partition, objectives.implicit_leak_gradient),
    ):
        found, _ = GuidedCost(trained, surrogate).cost_gradient(where.theta, batch, before)
        expected = closed_form(*joined.arguments, dc=joined.dc)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)
        assert np.abs(found.numpy() - right).max() > 1e-3


def test_exact_likelihood_is_that_of_floor_1(instance: Instance) -> None:
    where, batch, _ = handed(instance, population)
    problem = instance.problem
    found, log_z = ExactLikelihood(where).cost_gradient(where.theta, batch, torch.tensor(0.0))
    c, dc = problem.cost.value(instance.theta), problem.cost.gradient(instance.theta)
    expected = objectives.demonstration_gradient(problem.data_weight, c, problem.log_h, dc)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)
    assert float(log_z) == pytest.approx(problem.log_partition(instance.theta), abs=1e-13)


@pytest.mark.parametrize("solve", [bisected, certified, trained, self_consistent])
@pytest.mark.parametrize("before", [-3.0, 0.8, 6.0])
def test_every_solver_finds_b_star_from_anywhere(
    solve: object, before: float, instance: Instance, sampler: Sampler
) -> None:
    where, batch, joined = handed(instance, sampler)
    sides = [-side.cost.value(where.theta) - side.log_q for side in batch.sides]
    weights = [side.weight for side in batch.sides]
    found = solve(*sides, *weights, torch.tensor(before, dtype=torch.float64))  # type: ignore[operator]
    assert float(found) == pytest.approx(joined.b, abs=1e-12)


@pytest.mark.parametrize("solve", [Held(0.8), held_at_first, Descended()])
def test_what_does_not_solve_is_elsewhere(solve: object, instance: Instance) -> None:
    where, batch, joined = handed(instance, population)
    sides = [-side.cost.value(where.theta) - side.log_q for side in batch.sides]
    weights = [side.weight for side in batch.sides]
    before = torch.tensor(0.8, dtype=torch.float64)
    found = solve(*sides, *weights, before)  # type: ignore[operator]
    assert abs(float(found) - joined.b) > 0.01
    if isinstance(solve, Descended):
        # One gradient step moves b towards b*: the slope is at most 1.
        assert abs(float(found) - joined.b) < abs(0.8 - joined.b)


# --- rows --------------------------------------------------------------------------------------


def test_minibatches_follow_the_seed_and_the_law(instance: Instance) -> None:
    where = ground(instance)
    once, again = (Minibatches(3)(where, where.policy_logits, 5) for _ in range(2))
    other, later = (
        Minibatches(4)(where, where.policy_logits, 5),
        Minibatches(3)(where, where.policy_logits, 6),
    )
    for side, same in zip(once.sides, again.sides, strict=True):
        assert torch.equal(side.state, same.state)
    assert (len(once.expert.weight), len(once.generator.weight)) == (48, 64)
    for different in (other, later):
        assert not torch.equal(different.generator.cost.basis, once.generator.cost.basis)
    many = Minibatches(0, expert_rows=4, generator_rows=200_000)(where, where.policy_logits, 0)
    mean, exact = many.generator.log_q.mean(), instance.problem.generator_weight @ instance.problem.log_q
    deviation = float(many.generator.log_q.std()) / 200_000**0.5
    # six standard deviations: 2e-9
    assert abs(float(mean) - exact) < 6 * deviation


def test_the_edges_of_the_unit_interval_are_rows() -> None:
    where = ground(s6())
    edges = torch.tensor([0.0, 0.25, 0.5, 1.0 - 2.0**-53], dtype=torch.float64)
    batch = where.minibatch(where.policy_logits, edges, edges)
    assert batch.generator.action[:, 0].tolist() == [0, 1, 2, 3]
    assert batch.expert.action[:, 0].tolist() == [0, 0, 1, 3]


def test_shuffled_rows_are_the_same_rows(instance: Instance) -> None:
    where = ground(instance)
    plain, shuffled = (each(where, where.policy_logits, 2) for each in (population, Reordered(population)))
    assert not torch.equal(plain.expert.weight, shuffled.expert.weight)
    assert torch.equal(plain.expert.weight.sort().values, shuffled.expert.weight.sort().values)
    assert shuffled.population


# --- whole runs --------------------------------------------------------------------------------


def test_the_doors_coincide_and_the_others_part(instance: Instance, sampler: Sampler) -> None:
    where = ground(instance)
    departing = parting(where) if sampler is population else (*parting(where), NO_BASELINE)
    coinciding, ticks = (*COINCIDING, SOLVED), list[str]()
    found = lockstep(where, sampler, RATES, 4, coinciding=coinciding, departing=departing, tick=ticks.append)
    assert found.holds
    assert len(ticks) == 4 * runs_of(coinciding, departing)
    assert [each.contender.name for each in found.coincidences[1:]] == [
        "guided cost learning",
        "energy-based model",
        "GAN, b solved",
    ]
    for coincidence in found.coincidences:
        assert coincidence.drift_theta < 2e-14, coincidence
        assert coincidence.drift_policy < 2e-14, coincidence
    for left in found.partings:
        assert left.since == 1, left
        assert left.theta > 1e-5, left
        assert left.ratio > 1e4, left
    assert set(found.runs) == {"GAN"} | {
        each.contender.name for each in (*found.coincidences, *found.partings)
    }
    assert found.yardstick.theta.shape == (5, len(where.theta))
    # They do train: the run goes somewhere.
    assert np.abs(found.yardstick.theta[-1] - found.yardstick.theta[0]).max() > 0.1


@pytest.mark.parametrize("index", range(6))
def test_coincidence_is_lost_with_any_of_its_conditions(index: int, sampler: Sampler) -> None:
    where = ground(s6())
    contender = parting(where)[index]
    found = lockstep(where, sampler, RATES, 4, coinciding=(contender,), departing=())
    shuffled, wrong = found.coincidences
    assert shuffled.holds
    assert not wrong.holds
    assert not found.holds
    assert wrong.drift_ratio > 1e6


def test_a_baseline_is_needed_on_a_minibatch_only() -> None:
    where = ground(s6("skewed right"))
    assert lockstep(where, population, RATES, 4, coinciding=(NO_BASELINE,), departing=()).holds
    found = lockstep(where, Minibatches(1), RATES, 4, coinciding=(NO_BASELINE,), departing=())
    assert not found.coincidences[1].holds
    # The difference of one step is b times the mean score, to rounding.
    state = start(where)
    batch = Minibatches(1)(where, where.policy_logits, 0)
    with_it, without = (update(Adversarial(baseline=each), state, batch) for each in (True, False))
    score = objectives.policy_score(s6("skewed right").problem.policy_logits, _steps(batch))
    price = (batch.generator.cost.value(where.theta) + batch.generator.log_q).numpy().mean() + float(
        with_it.b
    )
    np.testing.assert_allclose(
        without.policy - with_it.policy, price * score.mean(axis=0), rtol=0, atol=1e-14
    )


def _steps(batch: Batch) -> object:
    side, plain = batch.generator, s6().problem.steps
    return replace(plain, state=side.state.numpy(), action=side.action.numpy(), mask=side.mask.numpy())


def test_what_coincides_does_not_part() -> None:
    where = ground(s6())
    found = lockstep(where, population, RATES, 3, coinciding=(), departing=COINCIDING)
    assert not any(each.holds or each.since for each in found.partings)
    assert not found.holds


def test_nan_does_not_coincide() -> None:
    class Broken(EnergyBased):
        def cost_gradient(
            self, theta: torch.Tensor, batch: Batch, before: torch.Tensor
        ) -> tuple[torch.Tensor, torch.Tensor]:
            found, b = super().cost_gradient(theta, batch, before)
            return found * float("nan"), b

    where = ground(s6())
    found = lockstep(
        where, population, RATES, 2, coinciding=(Contender("broken", Broken(), "C2", ""),), departing=()
    )
    assert not found.coincidences[1].holds


def test_a_slightly_wrong_gradient_is_told_at_once(instance: Instance) -> None:
    class Off(EnergyBased):
        def cost_gradient(
            self, theta: torch.Tensor, batch: Batch, before: torch.Tensor
        ) -> tuple[torch.Tensor, torch.Tensor]:
            found, b = super().cost_gradient(theta, batch, before)
            return found * (1 + 1e-8), b

    where = ground(instance)
    found = lockstep(
        where, population, RATES, 1, coinciding=(Contender("off", Off(), "C2", ""),), departing=()
    )
    assert found.coincidences[1].step_ratio > 1
    assert found.coincidences[0].holds


# --- rounding over a run -----------------------------------------------------------------------


def test_derivative_of_an_update_is_that_of_its_differences(instance: Instance, sampler: Sampler) -> None:
    where = ground(instance)
    state = start(where)
    fixed = sampler(where, state.policy_logits, 0)
    found = derivative_of_update(state, fixed, float(update(Adversarial(), state, fixed).b))

    def gradients(parameters: np.ndarray) -> np.ndarray:
        theta, policy = np.split(parameters, [len(where.theta)])
        logits = torch.tensor(policy).reshape(where.policy_logits.shape)
        moved = State(torch.tensor(theta), logits, state.b)
        # The rows of a minibatch stay; their log q, and all weights of a population, follow the policy.
        if sampler is population:
            batch = where.population(logits)
        else:
            sides = [replace(side, log_q=side.log_prob(logits)) for side in fixed.sides]
            batch = replace(fixed, expert=sides[0], generator=sides[1])
        change = update(GuidedCost(certified), moved, batch)
        return np.concatenate([change.theta.numpy(), change.policy.numpy().ravel()])

    for column, direction in enumerate(np.eye(len(state.parameters))):
        step = 1e-5 * direction
        numeric = (gradients(state.parameters + step) - gradients(state.parameters - step)) / 2e-5
        np.testing.assert_allclose(found[:, column], numeric, rtol=0, atol=1e-8)


def test_drift_bounds_every_linear_iteration() -> None:
    rng = np.random.default_rng(0)
    rates, drift = np.array([0.3, 0.1, 0.2]), Drift(np.array([0.3, 0.1, 0.2]))
    e, worst, biggest = np.zeros(3), 0.0, np.zeros(3)
    for _ in range(40):
        derivative = rng.normal(size=(3, 3))
        allowed = rng.random(3) * 1e-12
        drift.advance(np.ones(3), np.ones(3), allowed, derivative)
        # Two doors, each off by at most what is allowed, in the worst direction of a coin's toss.
        e = e - rates * (derivative @ e) + 2 * rates * allowed * rng.choice([-1.0, 1.0], size=3)
        assert (np.abs(e) <= drift.bound).all()
        worst, biggest = max(worst, float(np.max(np.abs(e) / drift.bound))), np.maximum(biggest, np.abs(e))
    assert worst > 0.05
    assert biggest.max() > 1e-12


# --- where they part, by how much --------------------------------------------------------------


def test_the_bound_of_c2_holds_at_a_wrong_b_and_needs_that_b(instance: Instance, sampler: Sampler) -> None:
    where, batch, joined = handed(instance, sampler)
    before = torch.tensor(0.0, dtype=torch.float64)
    for b in (-4.0, 0.8, 5.0):
        gan, _ = Adversarial(Held(b)).cost_gradient(where.theta, batch, before)
        irl, _ = GuidedCost(Held(b)).cost_gradient(where.theta, batch, before)
        difference = (gan - irl).abs().numpy()
        arguments = (joined.w_p, joined.w_q, joined.c, joined.log_q, b)
        slope = objectives.discriminator_gradient(*arguments, dc=joined.dc)[1]
        bound = np.abs(joined.dc).max(axis=0) * abs(slope)
        np.testing.assert_allclose(gradient_gap(where.theta, batch, b), bound, rtol=1e-12)
        assert (difference <= bound + 1e-12).all()
        assert (difference > gradient_gap(where.theta, batch, joined.b) + 1e-6).any()


def test_half_of_the_step() -> None:
    for instance, rate in ((generic(), 0.3), (s6(), 0.3)):
        where = ground(instance)
        found = half_step(where, rate, 12)
        assert found.holds
        assert found.difference < 1e-14
        assert found.whole_difference > 0.05
        # The first step by floor 1: the generator is p_θ, and half of the likelihood's gradient is taken.
        problem, theta = instance.problem, instance.theta
        exact = objectives.demonstration_gradient(
            problem.data_weight, problem.cost.value(theta), problem.log_h, problem.cost.gradient(theta)
        )
        np.testing.assert_allclose(found.gan[1] - theta, -rate * exact / 2, rtol=0, atol=1e-13)


@pytest.fixture(scope="module")
def limits() -> tuple[Limit, ...]:
    return noise_contrastive_limits()


def test_limits_under_misspecification_are_those_of_noise_contrast(limits: tuple[Limit, ...]) -> None:
    assert all(each.holds for each in limits)
    assert [round(each.root, 4) for each in limits] == [-0.0914, -0.3839, 0.2125]
    for each in limits:
        assert each.likelihood == pytest.approx(-0.120493, abs=5e-7)
        assert [name for name, _ in each.doors] == ["GAN", "guided cost learning", "energy-based model"]
        assert max(abs(theta - each.root) for _, theta in each.doors) < 1e-11


def test_limits_with_a_cost_that_can_be_right_do_not_depend_on_the_generator() -> None:
    for each in noise_contrastive_limits(well_specified=True):
        assert each.holds
        assert [theta for _, theta in each.doors] == pytest.approx([0.4] * 3, abs=1e-11)
        assert not replace(each, well_specified=False).holds


@pytest.mark.parametrize("door", [Adversarial(), GuidedCost(), EnergyBased()], ids=["GAN", "GCL", "EBM"])
def test_a_free_generator_makes_it_maximum_likelihood(door: Door) -> None:
    found = equilibrium("any", door, Rates(0.8, 2.0))
    assert found.holds
    assert found.theta == pytest.approx(-0.120493, abs=5e-7)
    assert found.divergence == pytest.approx(0.505, abs=5e-4)
    assert abs(found.loss) < 1e-11
    assert not replace(found, theta=found.theta + 1e-10).holds
    assert not replace(found, divergence=0.0).holds


def test_at_that_equilibrium_one_leak_is_seen_and_the_other_is_not(limits: tuple[Limit, ...]) -> None:
    where = ground(s6())
    theta = torch.tensor([limits[0].likelihood], dtype=torch.float64)
    batch, before = where.converged(theta), torch.tensor(1.0, dtype=torch.float64)
    right, through_mixture, through_partition = (
        float(door.cost_gradient(theta, batch, before)[0])
        for door in (
            GuidedCost(),
            GuidedCost(trained, leaking_mixture),
            GuidedCost(trained, leaking_partition),
        )
    )
    assert abs(right) < 1e-14
    assert abs(through_mixture) > 0.5
    # At q = p_θ this leak gives the likelihood's gradient: never test only there.
    assert abs(through_partition) < 1e-14


def test_a_run_records_its_start_and_every_step() -> None:
    where = ground(s6())
    run = train(YARDSTICK.door, where, population, RATES, 3)
    assert run.theta.shape == (4, 1)
    assert run.policy_logits.shape == (4, 1, 4)
    assert run.b.shape == (3,)
    assert run.parameters.shape == (4, 5)
    assert run.theta[0] == where.theta.numpy()
    first = update(YARDSTICK.door, start(where), population(where, where.policy_logits, 0))
    np.testing.assert_array_equal(run.theta[1], where.theta - RATES.theta * first.theta)
