"""Families E and G: numbers that can be had by another route, and every broken twin, not the best one alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from ganirl import finite_space
from ganirl.arithmetic import FLOAT64_ARITHMETIC
from ganirl.enumeration import ENUMERATIONS, UnsuitedError, enumerate_claim
from ganirl.enumeration.space import Comparison, Space, build_space
from ganirl.enumeration.worked import worked_number
from ganirl.instances import INSTANCES, S6_GENERATORS, Instance, generic, s6, s10
from ganirl.objectives import discriminator_loss, generator_loss
from ganirl.optimum import optimal_b

Array = np.ndarray


def space_of(instance: Instance) -> Space:
    return build_space(instance.problem, instance.theta, instance.b, FLOAT64_ARITHMETIC, instance.mdp)


def parts(claim: str, instance: Instance) -> list[Comparison]:
    return list(ENUMERATIONS[claim].compare(space_of(instance)))


@pytest.mark.parametrize("claim", ["E5", "E6", "E7", "E8", "E9", "G1", "G2", "G3", "G4"])
def test_every_twin_is_told_on_the_generic_instance(claim: str) -> None:
    broken = [part for part in parts(claim, generic()) if part.twin is not None]
    assert broken
    for part in broken:
        assert part.name
        assert np.abs(np.asarray(part.twin) - np.asarray(part.right)).max() > 1e-3, part.name


# --- E2 and E4 ---------------------------------------------------------------------------------------


def test_the_loss_of_a_good_generator_can_be_negative() -> None:
    """L_G is a divergence plus b − log Z, and b* is not log Z: a generator loss below 0 is no bug."""
    costs, p = np.array([0.0, 1.0, 2.0]), np.array([0.7, 0.1, 0.2])
    log_z = float(np.log(np.exp(-costs).sum()))
    q = np.exp(-costs - log_z) + np.array([0.02, -0.06, 0.04])
    b = optimal_b(p, q, costs, np.log(q)).b
    loss, divergence = generator_loss(q, costs, np.log(q), b), float(q @ (np.log(q) + costs + log_z))
    assert loss == pytest.approx(divergence + b - log_z, abs=1e-14)
    assert b - log_z < loss < 0 < divergence


def test_against_a_frozen_discriminator_the_policy_collapses() -> None:
    """Policy gradient by scores, exact expectations: log q refreshed in the reward at each step, and not."""
    costs, log_old = s4_costs(), np.log([0.1, 0.2, 0.3, 0.4])

    def trained(frozen: bool) -> Array:
        logits = log_old.copy()
        for _ in range(20_000):
            q = np.exp(logits - logits.max())
            q /= q.sum()
            reward = -(costs + (log_old if frozen else np.log(q)))
            logits += 0.1 * q * (reward - q @ reward)
        return q

    assert trained(frozen=True).max() > 0.99
    assert int(np.argmax(trained(frozen=True))) == int(np.argmax(-costs - log_old))
    model = np.exp(-costs) / np.exp(-costs).sum()
    assert trained(frozen=False) == pytest.approx(model, abs=1e-9)


def s4_costs() -> Array:
    return np.asarray(INSTANCES["S4"]().theta)


# --- E5: the restricted class q_t ∝ e^{tφ} -----------------------------------------------------------


def restricted(value: Callable[[Array, Array], float]) -> float:
    """Return the t in [−6, 6] at which a function of q_t and of p_θ is least."""

    def at(t: float) -> float:
        q = np.exp(t * np.arange(4.0))
        model = s10().problem.data_weight
        return value(q / q.sum(), model)

    grid = np.linspace(-6, 6, 241)
    best = grid[int(np.argmin([at(t) for t in grid]))]
    found = minimize_scalar(at, bounds=(best - 0.1, best + 0.1), method="bounded", options={"xatol": 1e-10})
    return float(found.x)


# At b = log Z, where D = p_θ/(p_θ + q): each loss has its own optimum if q cannot be p_θ.
OBJECTIVES = {
    "KL": (lambda q, m: q @ np.log(q / m), 1.815),
    "non-saturating": (lambda q, m: q @ np.log1p(q / m), 2.168),
    "saturating": (lambda q, m: q @ np.log(q / (q + m)), 0.286),
    "variance of the weights": (lambda q, m: (m * m / q).sum() - 1, 0.214),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_restricted_generator_has_an_optimum_for_each_loss(name: str) -> None:
    value, expected = OBJECTIVES[name]
    assert restricted(value) == pytest.approx(expected, abs=5e-4)


def test_the_least_divergence_is_not_the_least_variance() -> None:
    def variance(t: float) -> float:
        q, model = np.exp(t * np.arange(4.0)), s10().problem.data_weight
        return float((model**2 / (q / q.sum())).sum() - 1)

    assert variance(1.815) == pytest.approx(33.1, abs=0.1)
    assert variance(0.214) == pytest.approx(0.69, abs=5e-3)


def test_the_losses_of_a_half_move_with_b_and_with_log_q_and_the_sum_does_not() -> None:
    """Found on S4: the halves' gaps are opposite, and of the size of the gradients themselves."""
    gaps = {part.name: np.asarray(part.right) for part in parts("E5", INSTANCES["S4"]()) if "∇" in part.name}
    assert len(gaps) == 2
    for (name, found), least in zip(gaps.items(), (2.9e-2, 4.2e-2), strict=True):
        halves, both = found[:2], found[2]
        assert np.abs(halves).max(axis=1).min() > least, name
        assert np.abs(both).max() < 1e-14


# --- E6 … E9 -----------------------------------------------------------------------------------------


def test_one_step_problems_cannot_tell_an_entropy_bonus() -> None:
    """With one step there is no later entropy to leave out: the reason why bandit tests miss that bug."""
    mdp = generic().mdp
    assert mdp is not None
    short = type(mdp)(mdp.start, mdp.transition, 1, mdp.features)
    weight = np.full(sum(short.trajectory_counts), 1 / sum(short.trajectory_counts))
    problem = short.problem(generic().problem.policy_logits, data_weight=weight)
    space = build_space(problem, generic().theta, 0.8, FLOAT64_ARITHMETIC, short)
    told = {
        part.name: float(np.abs(np.asarray(part.twin) - np.asarray(part.right)).max())
        for part in ENUMERATIONS["E6"].compare(space)
        if part.twin is not None
    }
    assert told["∇L_G by recursion"] < 1e-15  # the bonus a step
    assert told["∇L_G by rewards to go"] < 1e-15  # discounted entropy
    assert told["∇L_G by rewards to go and a baseline"] > 1e-2


def test_stepwise_claims_are_about_a_process() -> None:
    instance = INSTANCES["EBM"]()
    with pytest.raises(UnsuitedError, match="it is about the trajectories of an MDP"):
        enumerate_claim("E6", instance.problem, instance.theta, instance.b)


@pytest.mark.parametrize("claim", ["E8", "G3", "G4"])
def test_a_generator_off_the_data_is_unsuited(claim: str) -> None:
    problem = finite_space([0.6, 0.4, 0.0], [0.2, 0.5, 0.3])
    with pytest.raises(UnsuitedError, match="the generator goes where the data have no mass"):
        enumerate_claim(claim, problem, [0.1, 0.2, 0.3], 0.4)


@pytest.mark.parametrize("claim", ["E8", "G4", "G3", "G2", "E5", "E7", "E9"])
def test_a_generator_that_leaves_data_out_is_suited(claim: str) -> None:
    problem = finite_space(
        [0.5, 0.3, 0.15, 0.05], [0.2, 0.5, 0.3, 0.0], features=[[0.0], [0.4], [1.1], [0.7]]
    )
    found = enumerate_claim(claim, problem, [1.3], 0.4)
    assert found.agrees, found
    assert found.twin_differs


def test_full_support_is_asked_of_both() -> None:
    for p, q in (([1.0, 0.0], [0.5, 0.5]), ([0.5, 0.5], [1.0, 0.0])):
        with pytest.raises(UnsuitedError, match="about full support"):
            enumerate_claim("G1", finite_space(p, q), [0.1, 0.2], 0.4)


@pytest.mark.parametrize("b", [-2.0, 0.3, 5.0])
def test_variance_of_the_gradient_is_the_offset_squared(b: float) -> None:
    """By plain sums over the actions of a softmax policy that has reached p_θ."""
    costs = np.array([0.2, 0.1, 1.0, 0.4])
    log_z = np.log(np.exp(-costs).sum())
    q = np.exp(-costs - log_z)
    score = np.eye(4) - q
    sample = score * (costs + b + np.log(q))[:, None]
    mean = q @ sample
    variance = float(q @ ((sample - mean) ** 2).sum(axis=1))
    information = float(q @ (score**2).sum(axis=1))
    assert np.abs(mean).max() < 1e-15
    assert variance == pytest.approx((b - log_z) ** 2 * information, rel=1e-12)
    problem = finite_space([0.4, 0.3, 0.2, 0.1], q)
    found = next(iter(ENUMERATIONS["E9"].compare(build_space(problem, costs, b, FLOAT64_ARITHMETIC))))
    # there the scores are of tilts by c' / (1 + max|c'|), here half of the unit vectors' differences
    assert float(found.right) == pytest.approx(variance / 4, rel=1e-12)


# --- G -----------------------------------------------------------------------------------------------


def test_half_everywhere_is_no_proof_of_convergence() -> None:
    shown = worked_number("G2")
    assert shown is not None
    assert (shown.instance, shown.quantity) == ("S6, uniform", "KL(q‖p), although D = ½")
    assert shown.left == pytest.approx(0.505, abs=5e-4)
    assert shown.twin == pytest.approx(0.0, abs=1e-12)


def fit(q: Array, p: Array, phi: Array) -> tuple[float, float]:
    """(θ, b) of noise contrast with c = −θφ, by bisection of the profile's slope."""

    def slope(theta: float) -> float:
        best = optimal_b(p, q, -theta * phi, np.log(q)).b
        chance = 1 / (1 + np.exp(-(theta * phi - best - np.log(q))))
        return float(q @ (chance * phi) - p @ ((1 - chance) * phi))

    theta = float(brentq(slope, -5.0, 5.0, xtol=1e-14))
    return theta, optimal_b(p, q, -theta * phi, np.log(q)).b


def likeliest(p: Array, phi: Array) -> float:
    def slope(theta: float) -> float:
        model = np.exp(theta * phi)
        return float(model @ phi / model.sum() - p @ phi)

    return float(brentq(slope, -5.0, 5.0, xtol=1e-14))


@pytest.mark.parametrize(
    ("generator", "expected"), [("uniform", -0.0914), ("skewed left", -0.3839), ("skewed right", 0.2125)]
)
def test_with_the_generator_held_it_is_noise_contrast(generator: str, expected: float) -> None:
    p, phi = s6().problem.data_weight, np.arange(4.0)
    theta, _ = fit(np.array(S6_GENERATORS[generator]), p, phi)
    assert theta == pytest.approx(expected, abs=5e-5)
    assert likeliest(p, phi) == pytest.approx(-0.120493, abs=5e-7)


def test_an_equilibrium_of_two_restricted_players() -> None:
    """Generators (1−t)q_0 + t q_1: KL(q_t‖p_θ) is convex in t, so that a fixed point is a root of its slope."""
    p, phi = s6().problem.data_weight, np.arange(4.0)
    first, second = (np.array(S6_GENERATORS[name]) for name in ("skewed left", "skewed right"))

    def generator(t: float) -> Array:
        return (1 - t) * first + t * second

    def slope(t: float) -> float:
        """d/dt KL(q_t‖p_θ) at the θ that answers q_t."""
        theta, _ = fit(generator(t), p, phi)
        return float((second - first) @ (np.log(generator(t)) - theta * phi))

    t = float(brentq(slope, 0.0, 1.0, xtol=1e-13))
    q = generator(t)
    theta, b = fit(q, p, phi)
    # neither player can do better alone
    for other in (t - 0.05, t + 0.05):
        assert generator_loss(generator(other), -theta * phi, np.log(generator(other)), b) > generator_loss(
            q, -theta * phi, np.log(q), b
        )
    for step in np.eye(2) * 0.05:
        for sign in (-1, 1):
            moved = discriminator_loss(p, q, -(theta + sign * step[0]) * phi, np.log(q), b + sign * step[1])
            assert moved > discriminator_loss(p, q, -theta * phi, np.log(q), b)
    log_z = float(np.log(np.exp(theta * phi).sum()))
    assert (t, theta, b, log_z) == pytest.approx((0.421018, -0.100684, 1.042935, 1.241595), abs=5e-6)
    # … and it is neither the likelihood's optimum nor at its normaliser
    assert abs(theta - likeliest(p, phi)) > 1e-2
    assert abs(b - log_z) > 0.1


def test_a_free_generator_ends_at_the_likelihood() -> None:
    """The same two players, the generator free: alternate their best answers."""
    p, phi, theta = s6().problem.data_weight, np.arange(4.0), 0.4
    for _ in range(60):
        q = np.exp(theta * phi)
        theta, b = fit(q / q.sum(), p, phi)
    q = np.exp(theta * phi) / np.exp(theta * phi).sum()
    assert theta == pytest.approx(likeliest(p, phi), abs=1e-9)
    assert b == pytest.approx(np.log(np.exp(theta * phi).sum()), abs=1e-9)
    logit = theta * phi - b - np.log(q)
    assert np.abs(logit).max() < 1e-8
    assert float(q @ np.log(q / p)) == pytest.approx(0.505, abs=5e-4)


@pytest.mark.parametrize("seed", range(20))
def test_the_two_divergences_are_never_one_number(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.full(5, 0.4), size=2)
    mixture = (p + q) / 2
    reverse = float(q @ np.log(q / p))
    twice = float(p @ np.log(p / mixture) + q @ np.log(q / mixture))
    assert reverse - twice == pytest.approx(2 * float(mixture @ np.log(mixture / p)), rel=1e-9)
    assert reverse > twice
