"""The right pipeline cost → log q → logit → loss, reward and IRL gradient; a wrong formula replaces one node.

Planted code and the alternative truth of a diagnosis are one thing. Nodes are written so that they also take complex
numbers: the derivative in θ and b is a complex step, exact to rounding, whatever a node was replaced with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ganirl import Case, Conventions, Rows, objectives
from ganirl.logspace import log_normalise

Array = npt.NDArray[Any]

STEP = 1e-150


def c_softplus(x: Array) -> Array:
    """softplus, for complex x near the real line too."""
    negative = np.where(np.real(x) > 0, -x, x)
    return np.where(np.real(x) > 0, x, 0.0) + np.log1p(np.exp(negative))


def c_sigmoid(x: Array) -> Array:
    """σ, for complex x near the real line too."""
    small = np.exp(np.where(np.real(x) > 0, -x, x))
    return np.where(np.real(x) > 0, 1.0, small) / (1.0 + small)


def clip(x: Array, low: float, high: float) -> Array:
    """np.clip, with derivative zero outside."""
    return np.where(np.real(x) < low, low, np.where(np.real(x) > high, high, x))


def over_steps(values: Array) -> Array:
    """Σ_t, (n,) of (n, T)."""
    return np.asarray(values.sum(axis=1))


@dataclass(frozen=True)
class Side:
    """One side of a batch, at complex θ and b: what nodes read."""

    case: Case
    rows: Rows
    theta: Array
    b: Any
    conventions: Conventions

    @property
    def is_expert(self) -> bool:
        """Whether these are the expert's rows."""
        return self.rows is self.case.expert

    @property
    def length(self) -> Array:
        """(n,) number of steps of each row."""
        return np.asarray(self.rows.steps.mask.sum(axis=1))

    @property
    def log_pi(self) -> Array:
        """(n, T) log π(a_t|s_t), zero where there is no step."""
        steps = self.rows.steps
        table = log_normalise(self.case.policy_logits)
        return np.where(steps.mask, table[steps.state, steps.action], 0.0)


def of_actions(side: Side, table: Array) -> Array:
    """Σ_t of a table (S, A) at the actions taken, (n,)."""
    steps = side.rows.steps
    return over_steps(np.where(steps.mask, table[steps.state, steps.action], 0.0))


def uniform_log_q(side: Side) -> Array:
    """Σ_t log 1/|A|, (n,): of a policy that has learned nothing yet."""
    return np.asarray(-np.log(side.case.policy_logits.shape[1]) * side.length)


def surrogate_gradient(w_p: Array, w_q: Array, c: Array, density: Array, b: float, dc: Array) -> Array:
    """E_p[c'] − E_μ[w c']/E_μ[w], (d,)."""
    return objectives.surrogate_gradient(w_p, w_q, c, objectives.log_mixture(c, density, b), dc)


# --- the nodes of the right pipeline -----------------------------------------------------------------------


def cost(side: Side) -> Array:
    """c = φ·θ, (n,)."""
    return np.asarray(side.rows.features @ side.theta)


def log_q(side: Side) -> Array:
    """Σ_t log π, (n,), or what was handed over for it."""
    if side.conventions.log_q == "absent":
        return np.zeros(len(side.rows))
    computed = side.conventions.log_q == "computed"
    return over_steps(side.log_pi) if computed else np.asarray(side.rows.log_q)


def logit(side: Side, c: Array, density: Array) -> Array:
    """ℓ = −c − b − log q, (n,)."""
    return np.asarray(-c - side.b - density)


def expert_term(x: Array) -> Array:
    """−log D, (n,)."""
    return c_softplus(-x)


def generator_term(x: Array) -> Array:
    """−log(1 − D), (n,)."""
    return c_softplus(x)


def reward(x: Array, side: Side, c: Array, density: Array) -> Array:
    """log D − log(1 − D), (n,)."""
    del side, c, density
    return x


def log_partition(w_p: Array, w_q: Array, c: Array, density: Array, b: float) -> float:
    """Log E_μ[e^{−c}/μ̃]."""
    return objectives.log_partition_estimate(w_p, w_q, c, objectives.log_mixture(c, density, b))


def irl_loss(w_p: Array, c: Array, log_z: Array) -> Any:
    """E_p[c] + the estimate of log Z."""
    return w_p @ c + log_z


def generator_loss(weight: Array, rewards: Array) -> Any:
    """−E_q of the rewards."""
    return -(weight @ rewards)


def policy_gradient(weight: Array, rewards: Array, score: Array) -> Array:
    """E_q[s(−r)], (S, A)."""
    return -np.tensordot(weight * rewards, score, axes=1)


def loss(terms: tuple[Array, Array], weights: tuple[Array, Array], scales: tuple[float, float]) -> Any:
    """α_p E_p[−log D] + α_q E_q[−log(1 − D)]."""
    return scales[0] * (weights[0] @ terms[0]) + scales[1] * (weights[1] @ terms[1])


NODES: dict[str, Callable[..., Any]] = {
    "cost": cost,
    "log_q": log_q,
    "logit": logit,
    "loss_logit": logit,
    "expert_term": expert_term,
    "generator_term": generator_term,
    "loss": loss,
    "probability": c_sigmoid,
    "reward": reward,
    "generator_loss": generator_loss,
    "policy_reward": reward,
    "irl_gradient": surrogate_gradient,
    "log_partition": log_partition,
    "irl_loss": irl_loss,
    "policy_gradient": policy_gradient,
    "penalty": lambda theta, b: 0.0,
    "loss_theta": lambda theta: theta,
    "loss_b": lambda b: b,
    "loss_score": np.zeros_like,
}


@dataclass(frozen=True)
class WrongFormula:
    """A small named variation of the right implementation.

    Attributes
    ----------
    id : kebab-case
    title : what is wrong, as one would tell the author
    seen : where it was seen, or why it is likely
    expected : claims that catch it
    nodes : node name → replacement; ``"loss_logit"`` is the logit as the loss alone sees it, ``"policy_reward"`` the
        reward as the policy gradient alone sees it, ``"loss_score"`` what of the policy's scores reaches the loss
    """

    id: str
    title: str
    seen: str
    expected: tuple[str, ...]
    nodes: dict[str, Callable[..., Any]] = field(repr=False)

    @property
    def earliest_node(self) -> int:
        """How far down the pipeline it begins to differ."""
        return min((list(NODES).index(name) for name in self.nodes), default=len(NODES))


RIGHT = WrongFormula("right", "as it should be", "", (), {})


@dataclass(frozen=True)
class Pipeline:
    """A formula under an implementation's conventions, evaluated on cases in float64.

    Attributes
    ----------
    own_score : whether the policy is trained through this formula's log q, or through the right one
    """

    formula: WrongFormula
    conventions: Conventions
    own_score: bool = False

    def node(self, name: str) -> Callable[..., Any]:
        """Return a node, replaced or right."""
        return self.formula.nodes.get(name, NODES[name])

    def _side(self, case: Case, rows: Rows, theta: Array | None = None, b: Any = None) -> Side:
        return Side(
            case, rows, case.theta if theta is None else theta, case.b if b is None else b, self.conventions
        )

    def _density(self, side: Side) -> Array:
        density = np.asarray(self.node("log_q")(side))
        return density if self.conventions.log_q == "absent" else density + self.conventions.log_q_constant

    def _logit(self, side: Side) -> Array:
        return np.asarray(self.node("logit")(side, self.node("cost")(side), self._density(side)))

    def _loss_logit(self, side: Side) -> Array:
        node = self.formula.nodes.get("loss_logit", self.node("logit"))
        return np.asarray(node(side, self.node("cost")(side), self._density(side)))

    def logit(self, case: Case, rows: Rows) -> Array:
        """ℓ of a side, (n,)."""
        return self._logit(self._side(case, rows))

    def logits(self, case: Case) -> Array:
        """ℓ of all rows, expert first."""
        return np.concatenate([self.logit(case, rows) for rows in (case.expert, case.generator)])

    def log_q_of(self, case: Case, rows: Rows) -> Array:
        """Σ log π of a side, (n,), computed even where the discriminator is handed it."""
        computed = replace(self, conventions=replace(self.conventions, log_q="computed"))
        return computed._density(computed._side(case, rows))

    def log_q(self, case: Case) -> Array:
        """Σ log π of all rows, expert first, computed even where the discriminator is handed it."""
        return np.concatenate([self.log_q_of(case, rows) for rows in (case.expert, case.generator)])

    def probability(self, case: Case, rows: Rows) -> Array:
        """D of a side, (n,)."""
        return np.asarray(self.node("probability")(self.logit(case, rows)))

    def probabilities(self, case: Case) -> Array:
        """D of all rows, expert first."""
        return np.asarray(self.node("probability")(self.logits(case)))

    def loss_of(self, case: Case, logits: tuple[Array, Array]) -> Any:
        """L_D of given logits."""
        terms = self.node("expert_term")(logits[0]), self.node("generator_term")(logits[1])
        scales = self.conventions.side_scales(len(case.expert), len(case.generator))
        return self.node("loss")(terms, (case.expert.weight, case.generator.weight), scales)

    def _loss(self, case: Case, theta: Array, b: Any) -> Any:
        theta, b = self.node("loss_theta")(theta), self.node("loss_b")(b)
        sides = [self._loss_logit(self._side(case, rows, theta, b)) for rows in (case.expert, case.generator)]
        return self.loss_of(case, (sides[0], sides[1])) + self.node("penalty")(theta, b)

    def loss(self, case: Case) -> Array:
        """L_D."""
        return np.real(np.asarray(self._loss(case, case.theta, case.b)))

    def gradient(self, case: Case) -> tuple[Array, Array]:
        """∂L_D in θ (d,) and b, by complex steps."""
        in_theta = [
            np.imag(self._loss(case, case.theta + 1j * STEP * direction, case.b)) / STEP
            for direction in np.eye(len(case.theta))
        ]
        in_b = np.imag(self._loss(case, case.theta.astype(complex), case.b + 1j * STEP)) / STEP
        return np.array(in_theta), np.asarray(in_b)

    def gradient_in_policy(self, case: Case, logits: tuple[Array, Array] | None = None) -> Array:
        """∂L_D/∂policy logits that reaches the policy, (S, A): through −log q in the logits, by complex steps."""
        sides = (case.expert, case.generator)
        x = logits or tuple(self._loss_logit(self._side(case, rows)) for rows in sides)
        scores = [
            self.node("loss_score")(objectives.policy_score(case.policy_logits, rows.steps)) for rows in sides
        ]
        found = np.zeros(case.policy_logits.shape)
        for cell in np.ndindex(found.shape):
            moved = [x[i] - 1j * STEP * scores[i][(slice(None), *cell)] for i in range(2)]
            found[cell] = np.imag(self.loss_of(case, (moved[0], moved[1]))) / STEP
        return found

    def reward(self, case: Case, given_logit: Array | None = None) -> Array:
        """Rewards of the generator's rows, (n_q,)."""
        return self.reward_of(case, case.generator, given_logit)

    def reward_of(self, case: Case, rows: Rows, given_logit: Array | None = None) -> Array:
        """Rewards of any rows, (n,)."""
        return self._rewards(case, rows, self.node("reward"), given_logit)

    def _rewards(
        self, case: Case, rows: Rows, node: Callable[..., Any] | None, given_logit: Array | None = None
    ) -> Array:
        side = self._side(case, rows)
        c, density = self.node("cost")(side), self._density(side)
        x = self._logit(side) if given_logit is None else given_logit
        return np.asarray((node or self.node("reward"))(x, side, c, density))

    def generator_loss(self, case: Case) -> Array:
        """L_G = −E_q of the rewards."""
        return np.asarray(self.node("generator_loss")(case.generator.weight, self.reward(case)))

    def generator_gradient(self, case: Case) -> Array:
        """Return the policy gradient, (S, A)."""
        score = objectives.policy_score(case.policy_logits, case.generator.steps)
        if self.own_score:
            score = self._own_score(case)
        rewards = self._rewards(case, case.generator, self.formula.nodes.get("policy_reward"))
        return np.asarray(self.node("policy_gradient")(case.generator.weight, rewards, score))

    def _own_score(self, case: Case) -> Array:
        conventions = replace(self.conventions, log_q="computed")
        score = np.zeros((len(case.generator), *case.policy_logits.shape))
        for cell in np.ndindex(case.policy_logits.shape):
            moved = case.policy_logits.astype(complex)
            moved[cell] += 1j * STEP
            side = Side(replace(case, policy_logits=moved), case.generator, case.theta, case.b, conventions)
            score[(slice(None), *cell)] = np.imag(self.node("log_q")(side)) / STEP
        return score

    def irl_gradient(self, case: Case) -> Array:
        """∂_θ of the IRL loss, (d,)."""
        dc = np.stack([self._cost_slope(case, direction) for direction in np.eye(len(case.theta))], axis=1)
        return np.asarray(self.node("irl_gradient")(*self._joined(case), dc))

    def irl_loss(self, case: Case) -> Array:
        """E_p[c] + the estimate of log Z."""
        w_p, _, c, _, _ = self._joined(case)
        return np.asarray(self.node("irl_loss")(w_p, c, self.log_partition(case)))

    def log_partition(self, case: Case) -> Array:
        """Return the estimate of log Z."""
        return np.asarray(self.node("log_partition")(*self._joined(case)))

    def _joined(self, case: Case) -> tuple[Array, Array, Array, Array, float]:
        """(w_p, w_q, c, log q, b) over the rows of both sides."""
        sides = [self._side(case, rows) for rows in (case.expert, case.generator)]
        w_p = np.concatenate([case.expert.weight, np.zeros(len(case.generator))])
        w_q = np.concatenate([np.zeros(len(case.expert)), case.generator.weight])
        c = np.concatenate([self.node("cost")(side) for side in sides])
        return w_p, w_q, c, np.concatenate([self._density(side) for side in sides]), float(case.b)

    def _cost_slope(self, case: Case, direction: Array) -> Array:
        theta = case.theta + 1j * STEP * direction
        sides = [self._side(case, rows, theta) for rows in (case.expert, case.generator)]
        return np.concatenate([np.imag(self.node("cost")(side)) / STEP for side in sides])
