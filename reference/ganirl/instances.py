"""Named problems whose numbers are known, and the rules that keep a problem from hiding bugs.

The generic instance is drawn with a fixed seed. Its recipe leaves open which
transition is forbidden: one between two different live states gives the 4376 trajectories that are stated;
no other choice does (from a state to itself 4493, to the end 5183).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from .cost import CallableCost
from .instance import Instance as Instance  # noqa: PLC0414  exported: this is where it is looked for
from .instance import normalised, stream, with_batch
from .logspace import log_normalise
from .mdp import TabularMDP
from .problem import Problem, energy_based_model, finite_space
from .sequence_instances import SEQUENCE_INSTANCES
from .step_cost import StepFunction
from .unrolled import discounted, unrolled

Array = npt.NDArray[np.float64]

B = 0.8
THETA = np.array([0.7, -0.9, 0.4])
POLICY_LOGITS = np.array([[0.3, -0.8], [1.2, 0.1], [-0.5, 0.9]])
START = np.array([0.5, 0.3, 0.2])
FORBIDDEN = (0, 0, 2)  # (s, a, s')
NEXT_STATE = np.array([[1, 2], [2, 3], [0, 1]])  # (s, a) → s' of the deterministic variants; 3 is the end

for _constant in (THETA, POLICY_LOGITS, START, NEXT_STATE):
    _constant.setflags(write=False)


def curved_step_cost(features: Array, theta: Array) -> Array:
    """φ·sin θ + 0.3 (φ_0 θ_1)²: the generic instance's step cost; (…, d) → (…)."""
    return np.asarray(features @ np.sin(theta) + 0.3 * (features[..., 0] * theta[1]) ** 2)


@lru_cache
def generic() -> Instance:
    """3 states and an end, 2 actions, horizon 4, chance everywhere: 4376 trajectories of lengths 1 to 4."""
    return _of_mdp("generic", _generic_mdp())


@lru_cache
def generic_transition() -> Instance:
    """Transitions of the generic instance; the expert's occupancy is that of its data."""
    trajectories = generic()
    mdp = _generic_mdp()
    problem = mdp.transition_problem(
        POLICY_LOGITS,
        expert_occupancy=mdp.data_occupancy(trajectories.problem.data_weight),
        step_cost=curved_step_cost,
    )
    return with_batch("generic transition", problem, THETA, B, mdp)


@lru_cache
def degenerate() -> Instance:
    """Twin of the generic instance, hiding bugs: no chance, one start, one length, uniform policy, b = 0."""
    next_state = np.array([[1, 2], [2, 0], [0, 1]])
    mdp = TabularMDP(np.array([1.0, 0.0, 0.0]), np.eye(4)[next_state], 4, _generic_mdp().features)
    return _of_mdp("degenerate", mdp, policy_logits=np.zeros((3, 2)), b=0.0)


@lru_cache
def variant(stochastic: bool, random_start: bool) -> Instance:
    """Make the generic MDP with or without chance in its transitions and its start: the four cases of H3."""
    base = _generic_mdp()
    mdp = TabularMDP(
        START if random_start else np.array([1.0, 0.0, 0.0]),
        base.transition if stochastic else np.eye(4)[NEXT_STATE],
        base.horizon,
        base.features,
    )
    name = f"{'stochastic' if stochastic else 'deterministic'}, {'random' if random_start else 'fixed'} start"
    return _of_mdp(name, mdp)


@lru_cache
def eight_trajectories() -> Instance:
    """Two states and an end, chance in one transition and in the start, lengths 1 and 2: small enough for tuples."""
    transition = np.zeros((2, 2, 3))
    transition[0, 0, 2] = transition[0, 1, 1] = transition[1, 0, 2] = 1.0
    transition[1, 1, [0, 2]] = 0.3, 0.7
    features = stream("eight trajectories").standard_normal((2, 2, 3, 3))
    mdp = TabularMDP(np.array([0.6, 0.4]), transition, 2, features)
    return _of_mdp("eight trajectories", mdp, POLICY_LOGITS[:2])


GAMMA = 0.8


@lru_cache
def discounted_costs() -> Instance:
    """Make the generic MDP with c = Σ γ^t c_t, γ = 0.8, and a policy that knows the time, which is in the state."""
    mdp = unrolled(_generic_mdp(), GAMMA)
    logits = stream("discounted policy").standard_normal((mdp.states, mdp.actions))
    return _of_mdp("discounted", mdp, logits, step_cost=discounted(curved_step_cost))


@lru_cache
def gan() -> Instance:
    """Sixteen points with full support, a curved cost with a constant, and logits beyond ±40."""
    rng = stream("GAN")
    log_p, log_q = (log_normalise(rng.standard_normal(16) * scale) for scale in (3.0, 8.0))
    return _plain("GAN", _curved_table("GAN", np.exp(log_p), np.exp(log_q), scale=44.0), _GAN_THETA)


@lru_cache
def gan_supports_apart() -> Instance:
    """Nine points; at two the generator never is, at three others there are no data."""
    rng = stream("GAN, supports apart")
    p, q = rng.random(9) ** 3, rng.random(9)
    p[[1, 4, 8]] = q[[0, 5]] = 0.0
    problem = _curved_table("GAN, supports apart", normalised(p), normalised(q))
    return _plain("GAN, supports apart", problem, _GAN_THETA)


@lru_cache
def s1() -> Instance:
    """Three points with c = θ = (0, 1, 2)."""
    return _plain("S1", finite_space([0.5, 0.3, 0.2], [0.2, 0.3, 0.5]), np.array([0.0, 1.0, 2.0]))


@lru_cache
def s4() -> Instance:
    """Four points with c = θ and Z = 2.7617676583: which estimates of Z are unbiased (claims F1 to F5)."""
    problem = finite_space([0.55, 0.25, 0.15, 0.05], [0.1, 0.2, 0.3, 0.4])
    return _plain("S4", problem, np.array([0.2, 0.1, 1.0, 0.4]))


S6_GENERATORS = {
    "uniform": (0.25, 0.25, 0.25, 0.25),
    "skewed left": (0.7, 0.2, 0.07, 0.03),
    "skewed right": (0.03, 0.07, 0.2, 0.7),
}


@lru_cache
def s6(generator: str = "uniform", well_specified: bool = False, theta: float = 0.4) -> Instance:
    """Four points with c = −θφ, φ = (0, 1, 2, 3): noise contrast against likelihood (claims C6, G2).

    Parameters
    ----------
    generator : one of `S6_GENERATORS`
    well_specified : p ∝ e^{0.4 φ}, which the cost can represent, not (.5, .05, .05, .4), which it cannot
    theta : where to look at it
    """
    if generator not in S6_GENERATORS:
        raise ValueError(f"S6 has no generator {generator!r}; choose one of {', '.join(S6_GENERATORS)}")
    features = np.arange(4.0)
    p = normalised(np.exp(0.4 * features)) if well_specified else np.array([0.5, 0.05, 0.05, 0.4])
    problem = finite_space(p, S6_GENERATORS[generator], features=-features[:, None])
    return _plain(
        f"S6, {generator}{', well specified' if well_specified else ''}", problem, np.array([theta])
    )


@lru_cache
def s10(t: float = 1.815) -> Instance:
    """Four points with c = θ = (0, 2.5, 2, −.5) and q ∝ e^{tφ}, φ = (0, 1, 2, 3) (erratum P6, claim E5).

    The default t minimises KL(q‖p_θ); the variance of the weights is least at t = 0.214. The recipe has no
    data: p is p_θ.
    """
    costs = np.array([0.0, 2.5, 2.0, -0.5])
    problem = finite_space(normalised(np.exp(-costs)), normalised(np.exp(t * np.arange(4.0))))
    return _plain("S10", problem, costs)


@lru_cache
def ebm() -> Instance:
    """Seven points on a line with an energy that is curved in θ, and a skewed sampler."""
    x = np.array([-1.7, -1.1, -0.4, 0.2, 0.9, 1.3, 2.1])

    def energy(theta: Array) -> Array:
        return np.asarray(np.sin(theta[0]) * x + 0.4 * np.exp(theta[1]) * x**2 + 0.3 * (theta[2] * x) ** 3)

    generator = stream("ebm").standard_normal(len(x))
    data = normalised(stream("ebm data").random(len(x)) ** 3)
    return _plain("EBM", energy_based_model(CallableCost(energy), THETA, data, generator), THETA)


INSTANCES: Mapping[str, Callable[[], Instance]] = MappingProxyType(
    {
        "generic": generic,
        "degenerate": degenerate,
        "generic transition": generic_transition,
        "stochastic, fixed start": partial(variant, stochastic=True, random_start=False),
        "deterministic, random start": partial(variant, stochastic=False, random_start=True),
        "deterministic, fixed start": partial(variant, stochastic=False, random_start=False),
        "discounted": discounted_costs,
        "eight trajectories": eight_trajectories,
        "GAN": gan,
        "GAN, supports apart": gan_supports_apart,
        "S1": s1,
        "S4": s4,
        "S6": s6,
        "S10": s10,
        "EBM": ebm,
        **SEQUENCE_INSTANCES,
    }
)


def broken_rules(
    problem: Problem, theta: Array, b: float, b_star: float | None = None, curved: bool = False
) -> tuple[str, ...]:
    """Rules of a generic instance that a problem breaks at (θ, b); bugs may hide where there is one.

    Parameters
    ----------
    problem : any; the rules on starts, lengths and chance apply to the trajectories of an MDP
    theta, b : where the problem is looked at
    b_star : argmin_b L_D, if known
    curved : whether second derivatives matter, so that the cost must not be linear in θ
    """
    log_z, log_model = problem.log_partition(theta), problem.log_model(theta)
    model_weight = np.exp(problem.log_h + log_model)
    p, q = problem.data_weight, problem.generator_weight
    broken = {
        "p equals q": _same(p, q),
        "p equals p_θ": _same(p, model_weight),
        "q equals p_θ": _same(q, model_weight),
        "p is uniform": _constant_on(problem.log_p, p > 0),
        "q is uniform": _constant_on(problem.log_q, q > 0),
        "p_θ is uniform": _constant_on(log_model, model_weight > 0),
        "b is 0": abs(b) < _LEAST_GAP,
        "b equals log Z": abs(b - log_z) < _LEAST_GAP,
        "b equals b*": b_star is not None and abs(b - b_star) < _LEAST_GAP,
        "fewer than 5 points": len(problem) < 5,
        "c is linear in θ": curved and float(np.abs(problem.cost.hessian(theta)).max()) < _LEAST_GAP,
        **_broken_in_time(problem),
    }
    return tuple(rule for rule, is_broken in broken.items() if is_broken)


# Closer than this, a wrong formula and the right one may agree within an honest bound in bfloat16.
_LEAST_GAP = 1e-2


def _broken_in_time(problem: Problem) -> dict[str, bool]:
    steps, mask = problem.steps, problem.steps.mask
    sequential = problem.unit == "trajectory" and mask.shape[1] > 1
    if not sequential and problem.unit == "trajectory":
        return {}
    moves = np.unique(
        np.stack([part[mask] for part in (steps.state, steps.action, steps.next_state)], axis=1), axis=0
    )
    broken = {
        "transitions are deterministic": len(moves) == len(np.unique(moves[:, :2], axis=0)),
        "fewer than 2 start states": len(np.unique(steps.state[:, 0])) < 2,
    }
    if sequential:
        lengths = mask.sum(axis=1)
        broken |= {
            "fewer than 3 lengths": len(np.unique(lengths)) < 3,
            "horizon below 4": mask.shape[1] < 4,
            "log q is a function of length": all(
                _constant_on(problem.log_q, (lengths == length) & np.isfinite(problem.log_q))
                for length in np.unique(lengths)
            ),
        }
    return broken


def _same(weight: Array, other: Array) -> bool:
    return float(np.abs(weight - other).sum()) / 2 < _LEAST_GAP


def _constant_on(values: Array, where: npt.NDArray[np.bool_]) -> bool:
    return not where.any() or float(np.ptp(values[where])) < _LEAST_GAP


@lru_cache
def _generic_mdp() -> TabularMDP:
    rng = stream("generic")
    transition = rng.random((3, 2, 4)) ** 2
    transition[:, :, -1] *= 0.6
    transition[FORBIDDEN] = 0.0
    features = rng.standard_normal((3, 2, 4, 3))
    return TabularMDP(START, transition / transition.sum(axis=-1, keepdims=True), 4, features)


def _of_mdp(
    name: str,
    mdp: TabularMDP,
    policy_logits: Array = POLICY_LOGITS,
    b: float = B,
    step_cost: StepFunction = curved_step_cost,
) -> Instance:
    count = sum(mdp.trajectory_counts)
    data = normalised(stream(f"{name} data").random(count) ** 3)
    problem = mdp.problem(policy_logits, data_weight=data, step_cost=step_cost)
    return with_batch(name, problem, THETA, b, mdp)


def _plain(name: str, problem: Problem, theta: Array) -> Instance:
    return with_batch(name, problem, theta, B)


_GAN_THETA = np.array([0.7, -0.9, 0.4])


def _curved_table(name: str, p: Array, q: Array, scale: float = 1.0) -> Problem:
    """Return points with c = s·(φ₁ sin θ₁ + ½ φ₂² θ₂²) + θ₃: curved, with a constant feature."""
    features = stream(f"{name} features").standard_normal((len(p), 2))
    features = np.concatenate([features, np.ones((len(p), 1))], axis=1)

    def cost(theta: Array) -> Array:
        curved = features[:, 0] * np.sin(theta[0]) + 0.5 * (features[:, 1] * theta[1]) ** 2
        return np.asarray(scale * curved + theta[2])

    return finite_space(p, q, features=features, cost=CallableCost(cost))
