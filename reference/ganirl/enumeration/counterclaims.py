"""Family K: what a loose reading gives, against what it is said to give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from .calculus import bisect, softplus, total
from .gradients import surrogate
from .policy import log_density, log_policy, own_logits, scores
from .recursion import (
    along,
    full_support,
    in_logits,
    magnitude,
    own_density,
    powers,
    soft,
    step_costs,
    step_values,
)
from .registry import Enumeration
from .space import RADIUS, Comparison, Space, concatenated

_ALGEBRA = "rounding of sums and exponents alone: (N + 64)(1 + L)u of the terms"
_CAUCHY = "derivatives are Cauchy integrals of radius r: rounding times 1/r, and 5^−points ≤ u of truncation"
_BISECTION = _ALGEBRA + "; a bisection ends at u of its bracket"

DISCOUNT = 0.9
SHIFT = 1.75  # of b; exact in every format


def _live(space: Space) -> Any:
    return np.asarray((space.w_p > 0) & (space.w_q > 0), dtype=bool)


def _unconstrained_logit(space: Space, w_p: Any, w_q: Any) -> tuple[Any, float]:
    """Minimise w_p softplus(−ℓ) + w_q softplus(ℓ) in ℓ, row by row; and the width of the bracket."""
    sizes = space.arithmetic.floats(concatenated([space.arithmetic.log(w_p), space.arithmetic.log(w_q)]))
    width = 4 + 2 * float(np.max(np.abs(sizes)))
    zero = 0 * w_p

    def slope(logit: Any) -> Any:
        return w_q * space.sigmoid(logit) - w_p * space.sigmoid(-logit)

    return bisect(space.arithmetic, slope, zero - width, zero + width), width


def without_log_q(space: Space) -> Iterator[Comparison]:
    """K1: with ℓ = −c − b the optimum is c + b = −log p + log q; compared up to a constant, the gauge."""
    live = _live(space)
    found, width = _unconstrained_logit(space, space.w_p[live], space.w_q[live])
    log_p, log_q = space.arithmetic.log(space.p[live]), space.log_q[live]

    def gauged(values: Any) -> Any:
        return values - values[0]

    # ℓ = −c − b, so that the learned c + b is −ℓ*
    yield Comparison(
        gauged(-found),
        gauged(log_q - log_p),
        gauged(-log_p),
        4 * width,
        2.0,
        name="learned cost, without log q",
    )


def without_log_z(space: Space) -> Iterator[Comparison]:
    """K2: at b ≡ 0 a constant added to the cost has the slope that b would have; at a = b* D is balanced."""
    zero = 0 * space.b
    d, rest = space.discriminator(zero)
    slope = space.in_b(lambda delta: space.loss(space.c + delta, zero))
    size = float(space.loss(space.c, zero)) + 2
    defect = space.mean_p(rest) - space.mean_q(d)
    yield Comparison(slope, defect, 0 * slope, size, 1 / RADIUS, name="∂L_D/∂a at b ≡ 0")
    d, rest = space.with_costs(space.c + space.b_star).discriminator(zero)
    yield Comparison(space.mean_p(rest), space.mean_q(d), size=8.0)


def leak_at_the_truth(space: Space) -> Iterator[Comparison]:
    """K3: at p = p_θ, b = log Z_θ the frozen gradient vanishes and the leaking one does not."""
    b = space.log_z
    truth = replace(space, p=space.model, b=b)
    frozen_mixture = truth.log_mixture(truth.c, b)
    size = magnitude(space, space.c, b) + float(truth.loss(truth.c, b))
    frozen, gain = truth.in_theta(lambda c: surrogate(truth, c, frozen_mixture))
    yield Comparison(frozen, 0 * frozen, None, size, gain)
    leaking, gain = truth.in_theta(lambda c: surrogate(truth, c, truth.log_mixture(c, b)))
    d, _ = truth.discriminator(b)
    closed = truth.mean_p(d[:, None] * truth.dc)
    yield Comparison(leaking, closed, frozen, size, gain, name="∂_θ of the surrogate, μ̃ differentiated")


def unconstrained_discriminator(space: Space) -> Iterator[Comparison]:
    """K4: ℓ* = log(p/q); with log q taken off the cost is −log p, for this generator and for another."""
    live = _live(space)
    p, log_p = space.p[live], space.arithmetic.log(space.p[live])
    mixed = (space.h * (space.p + 3 * space.q) / 4)[live]
    for w_q in (space.w_q[live], mixed):
        found, width = _unconstrained_logit(space, space.w_p[live], w_q)
        log_q = space.arithmetic.log(w_q / space.h[live])
        yield Comparison(-found - log_q, -log_p, -found, 4 * width, 2.0, name="−ℓ* − log q")
    found, width = _unconstrained_logit(space, (space.h[live] * p), (space.h[live] * p))
    yield Comparison(found, 0 * found, None, 4 * width)


def half_of_the_generator_loss(space: Space) -> Iterator[Comparison]:
    """K5: how the policy gradient of E_q[−log D], and of the sum of both losses, moves with b."""
    reached = [np.where(space.reached, space.logit(space.c, b), 0) for b in (space.b, space.b + SHIFT)]
    missed = [softplus(space.arithmetic, -logit) for logit in reached]
    moved = missed[1] - missed[0]

    def change(policy: Any) -> Any:
        """Change of E_q[−log D] with D held constant."""
        density = np.where(space.reached, space.arithmetic.exp(own_density(space, policy)), 0)
        return total(space.h * density, moved)

    found, possible = in_logits(space, change)
    closed = total(space.w_q, moved[:, None, None] * scores(space))[possible]
    size = magnitude(space, moved) * space.problem.steps.mask.shape[1]
    yield Comparison(
        found, closed, 0 * found, size, 2 / RADIUS, name="change of ∇E_q[−log D] as b moves by 1.75"
    )

    def change_of_sum(policy: Any) -> Any:
        density = np.where(space.reached, space.arithmetic.exp(own_density(space, policy)), 0)
        return total(space.h * density, reached[0] - reached[1])

    whole, _ = in_logits(space, change_of_sum)
    yield Comparison(whole, 0 * whole, None, size + SHIFT, 2 / RADIUS)


def unreached_model(space: Space) -> Iterator[Comparison]:
    """K6: p = p_θ and the best policy: 2 log 2 − L_D is twice the Jensen–Shannon divergence."""
    costs = step_costs(space)
    best = log_density(space, soft(space, costs).policy)
    game = replace(space, p=space.model, q=space.arithmetic.exp(best), b=space.log_z)
    log_p = -game.c - game.b
    mixture = space.arithmetic.log((game.p + game.q) / 2)
    divergences = game.mean_p(log_p - mixture) + game.mean_q(best - mixture)
    short = 2 * space.log_2 - game.loss(game.c, game.b)
    size = magnitude(space, log_p, best)
    yield Comparison(short, divergences, 0 * short, size, name="2 log 2 − L_D at the best policy")


def product_of_steps(space: Space) -> Iterator[Comparison]:
    """K7: −Σ_t log σ(ℓ_t) is the log of a sum over all subsets of steps, of which σ(Σℓ_t) has two."""
    mask = space.problem.steps.mask
    policy = log_policies(space)
    per_step = np.where(mask, -step_values(space, step_costs(space)) - policy, 0)
    terms = np.where(mask, softplus(space.arithmetic, -per_step), 0)
    subsets = []
    for chosen in product((False, True), repeat=mask.shape[1]):
        exponent = np.sum(np.where(np.array(chosen) & mask, -per_step, 0), axis=1)
        possible = ~(np.array(chosen) & ~mask).any(axis=1)
        subsets.append(np.where(possible, space.arithmetic.exp(exponent), 0))
    expanded = space.arithmetic.log(np.sum(np.stack(subsets), axis=0))
    whole = softplus(space.arithmetic, -np.sum(per_step, axis=1))
    size = magnitude(space, per_step) * mask.shape[1]
    yield Comparison(np.sum(terms, axis=1), expanded, whole, size, name="−Σ_t log σ(ℓ_t) of a trajectory")


def log_policies(space: Space) -> Any:
    """(N, T) log π(a_t|s_t), 0 beyond a trajectory's end."""
    table, steps = log_policy(space, own_logits(space)), space.problem.steps
    return np.where(steps.mask, table[steps.state, steps.action], 0)


def discounted_entropy(space: Space) -> Iterator[Comparison]:
    """K8: the optimum of Σ γ^t (c_t + log π) is farther from p_θ ∝ h e^{−Σ γ^t c_t} than the nearest policy."""
    costs = step_costs(space)
    discount = space.arithmetic.array(DISCOUNT)
    scaled = np.stack([factor * costs for factor in powers(space, discount)])
    model = along(space, scaled)
    log_z = space.log_partition(model)
    best = soft(space, scaled)
    nearest = log_density(space, best.policy)
    common = log_density(space, soft(space, costs, discount=discount).policy)
    weight = space.h * space.arithmetic.exp(common)
    distance = total(weight, common + model + log_z)
    gap = log_z - best.value
    size = magnitude(space, model, nearest, common)
    yield Comparison(distance, gap + total(weight, common - nearest), gap, size, name="KL(q_π‖p_θ)")


def unweighted_negatives(space: Space) -> Iterator[Comparison]:
    """K9: the derivative of E_p[c] − E_q[c], less that of the likelihood."""
    size = magnitude(space, space.c, space.log_z)
    naive, gain = space.in_theta(lambda c: space.mean_p(c) - space.mean_q(c))
    exact, _ = space.in_theta(lambda c: space.mean_p(c) + space.log_partition(c))
    bias = np.sum((space.h * space.model)[:, None] * space.dc, axis=0) - space.mean_q(space.dc)
    yield Comparison(naive - exact, bias, 0 * bias, 2 * size, gain, name="(E_p − E_q)[c'] − ∂_θL_cost")


def margin_loss(space: Space) -> Iterator[Comparison]:
    """K10: with q = p the margin loss of any energy between 0 and the margin is the margin."""
    energy = space.sigmoid(space.c)  # any function with values below the margin, 1
    at_data = space.mean_p(energy) + space.mean_p(1 - energy)
    elsewhere = space.mean_p(energy) + space.mean_q(1 - energy)
    yield Comparison(at_data, space.one, elsewhere, 2.0, name="margin loss at q = p, margin 1")


def true_partition(space: Space) -> Iterator[Comparison]:
    """K11: the slope in b at log Z_θ."""
    b = space.log_z
    _, rest = space.discriminator(b)
    slope = space.in_b(lambda delta: space.loss(space.c, b + delta))
    residuals = np.sum(space.h * (space.p - space.model) * rest)
    size = float(space.loss(space.c, b)) + 2
    yield Comparison(slope, residuals, 0 * slope, size, 1 / RADIUS, name="∂L_D/∂b at b = log Z_θ")


def one_half_everywhere(space: Space) -> Iterator[Comparison]:
    """K12: m = q makes L_D = 2 log 2 whatever p is; the best discriminator of that p does better."""
    zero = 0 * space.b
    both = space.p + space.q
    seen = np.asarray(space.p > 0, dtype=bool)
    best = -total(space.w_p, space.arithmetic.log(np.where(seen, space.p / both, space.one)))
    best = best - space.mean_q(space.arithmetic.log(np.where(space.reached, space.q / both, space.one)))
    size = 2 + space.longest
    yield Comparison(space.loss(-space.log_q, zero), 2 * space.log_2, best, size, name="L_D at m = q")


_NO_LOG_Q = "a constant log q is gauge: a uniform policy of one length hides its absence"

ENUMERATIONS: tuple[Enumeration, ...] = (
    Enumeration(
        "K1",
        "the minimiser in c + b of L_D with ℓ = −c − b, bisected on every trajectory, against −log p + log q, "
        "up to a constant",
        "the cost of the data, −log p",
        _BISECTION,
        without_log_q,
        hidden=_NO_LOG_Q,
    ),
    Enumeration(
        "K2",
        "the derivative of L_D in a constant added to the cost, at b ≡ 0, against E_p[1−D] − E_q[D]; and the "
        "balance of D once the constant is b*",
        "balanced at b ≡ 0",
        _CAUCHY,
        without_log_z,
    ),
    Enumeration(
        "K3",
        "derivatives of the surrogate at p = p_θ, b = log Z_θ: frozen against 0, leaking against E_pθ[D c']",
        "the leaking gradient taken for the frozen one",
        _CAUCHY,
        leak_at_the_truth,
    ),
    Enumeration(
        "K4",
        "the minimiser in ℓ of every trajectory, log q taken off, against −log p, for two generators",
        "the cost read as −ℓ*",
        _BISECTION,
        unconstrained_discriminator,
    ),
    Enumeration(
        "K5",
        "how the derivative of E_q[−log D] in the policy moves with b, from values alone, against "
        "E_q[s · change of −log D]; and that of the sum of both losses, against 0",
        "no change",
        _CAUCHY,
        half_of_the_generator_loss,
    ),
    Enumeration(
        "K6",
        "2 log 2 − L_D at p = p_θ, b = log Z_θ and the soft-optimal policy, against KL(p‖μ) + KL(q‖μ)",
        "D ≡ ½",
        _ALGEBRA,
        unreached_model,
        needs_mdp=True,
        hidden="without chance some policy is p_θ itself",
    ),
    Enumeration(
        "K7",
        "−Σ_t log σ(ℓ_t) of every trajectory, against the log of the sum over all subsets of its steps",
        "−log σ(Σ_t ℓ_t)",
        _ALGEBRA,
        product_of_steps,
        needs_mdp=True,
    ),
    Enumeration(
        "K8",
        "KL(q_π‖p_θ) over all trajectories for the optimum π of Σ γ^t(c_t + log π), against log Z_θ − V plus the "
        "divergence from the soft-optimal policy, by dynamic programming",
        "log Z_θ − V, the distance of the nearest policy",
        _ALGEBRA,
        discounted_entropy,
        needs_mdp=True,
    ),
    Enumeration(
        "K9",
        "the derivative of E_p[c] − E_q[c] less that of E_p[c] + log Z_θ, against E_pθ[c'] − E_q[c']",
        "no bias",
        _CAUCHY,
        unweighted_negatives,
    ),
    Enumeration(
        "K10",
        "E_p[E] + E_q[max(0, 1 − E)] at q = p for E = σ(c), against the margin 1",
        "the generator as it is, q ≠ p",
        _ALGEBRA,
        margin_loss,
    ),
    Enumeration(
        "K11",
        "the derivative of L_D in b at log Z_θ, against Σ h (p − p_θ)(1 − D)",
        "balanced at the true Z",
        _CAUCHY,
        true_partition,
    ),
    Enumeration(
        "K12",
        "L_D at c = −log q, b = 0, against 2 log 2",
        "the loss of the best discriminator, 2 log 2 − 2 JSD(p, q)",
        _ALGEBRA,
        one_half_everywhere,
        premise=full_support,
    ),
)
