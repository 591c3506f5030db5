"""Family K in PyTorch: what a loose reading trains, by autograd."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, softplus

from ganirl.enumeration.space import Comparison
from ganirl_gpu.objectives import discriminator_loss, guided_cost_loss

from .registry import TorchCheck
from .space import TorchSpace, gradient, total

DISCOUNT = 0.9
SHIFT = 1.75


def _size(*values: Tensor) -> float:
    """1 + the largest finite magnitude of each."""
    return 1.0 + sum(float(value[torch.isfinite(value)].abs().max()) for value in values)


def _reached(space: TorchSpace) -> Tensor:
    return torch.isfinite(space.log_q)


def _where_reached(space: TorchSpace, values: Tensor) -> Tensor:
    return torch.where(_reached(space), values, torch.zeros_like(values))


def without_log_q(space: TorchSpace) -> Iterator[Comparison]:
    """K1: the gradient in every cost, with no log q in the logit, vanishes at −log p + log q."""
    live = (space.w_p > 0) & (space.w_q > 0)
    w_p, w_q = space.w_p[live], space.w_q[live]

    def loss(cost: Tensor) -> Tensor:
        return (w_p * -logsigmoid(-cost) + w_q * -logsigmoid(cost)).sum()

    law = torch.log(w_q) - torch.log(w_p)
    at_data = gradient(loss, -space.log_p[live])
    zero = torch.zeros_like(law)
    yield Comparison(gradient(loss, law), zero, at_data, 2.0, name="∂L_D/∂c without log q")


def without_log_z(space: TorchSpace) -> Iterator[Comparison]:
    """K2: at b ≡ 0 a constant added to the cost has the slope that b would have."""
    zero = torch.zeros_like(space.log_z_parameter)
    slope = gradient(lambda constant: space.loss(space.c + constant, 0.0), zero)
    logit = space.logit(space.c, zero)
    defect = space.mean_p(torch.sigmoid(-logit)) - space.mean_q(torch.sigmoid(logit))
    yield Comparison(slope, defect, zero, 4.0, name="∂L_D/∂a at b ≡ 0")


def leak_at_the_truth(space: TorchSpace) -> Iterator[Comparison]:
    """K3: `guided_cost_loss` is stationary at p = p_θ, b = log Z_θ; with its mixture attached it is not."""
    c, log_q = space.c, space.log_q

    def frozen(delta: Tensor) -> Tensor:
        cost = space.cost(delta)
        return guided_cost_loss(
            cost, cost, log_q, log_q, space.log_z, expert_weight=space.w_model, generator_weight=space.w_q
        )

    def leaking(delta: Tensor) -> Tensor:
        cost = space.cost(delta)
        log_mixture = torch.logaddexp(-(cost + space.log_z), log_q) - math.log(2)
        weight = (space.w_model + space.w_q) / 2
        return space.w_model @ cost + torch.logsumexp(torch.log(weight) - cost - log_mixture, 0)

    d = torch.sigmoid(space.logit(c, space.log_z))
    closed = total(space.w_model, d[:, None] * space.dc)
    size = _size(c, space.dc)
    at_rest = gradient(frozen, space.here())
    yield Comparison(at_rest, torch.zeros_like(at_rest), None, size, 4.0)
    yield Comparison(gradient(leaking, space.here()), closed, at_rest, size, 4.0, name="∂_θ with μ̃ attached")


def unconstrained_discriminator(space: TorchSpace) -> Iterator[Comparison]:
    """K4: the gradient in every logit vanishes at log(p/q); with log q taken off, the cost is −log p."""
    live = (space.w_p > 0) & (space.w_q > 0)
    w_p, w_q = space.w_p[live], space.w_q[live]

    def loss(logit: Tensor) -> Tensor:
        return discriminator_loss(logit, logit, w_p, w_q) * 1.0

    optimum = space.log_p[live] - space.log_q[live]
    scale = w_q.sum() / w_p.sum()  # the objective normalises either side over what is left
    found = gradient(loss, optimum + torch.log(scale))
    yield Comparison(found, torch.zeros_like(found), gradient(loss, space.log_p[live]), 2.0, name="∂L_D/∂ℓ")


def _log_policy(space: TorchSpace, logits: Tensor) -> Tensor:
    """(N, T) log π(a_t|s_t), 0 beyond a trajectory's end."""
    steps = space.problem.steps
    state, action = (torch.as_tensor(part, device=space.device) for part in (steps.state, steps.action))
    mask = torch.as_tensor(steps.mask, device=space.device)
    chosen = torch.log_softmax(logits, dim=-1)[state, action]
    return torch.where(mask, chosen, torch.zeros_like(chosen))


def _logits(space: TorchSpace) -> Tensor:
    return torch.tensor(space.problem.policy_logits, dtype=space.c.dtype, device=space.device)


def half_of_the_generator_loss(space: TorchSpace) -> Iterator[Comparison]:
    """K5: how the policy gradients of E_q[−log D] and of E_q[−ℓ] move with b."""

    def trained(reward: Tensor) -> Tensor:
        """Score-function gradient of −E_q[reward] in the policy's logits."""

        def surrogate(logits: Tensor) -> Tensor:
            log_q = _log_policy(space, logits).sum(1)
            return (space.w_q * _where_reached(space, -reward) * _where_reached(space, log_q)).sum()

        return torch.nan_to_num(gradient(surrogate, _logits(space)))

    b = space.log_z_parameter
    here, there = (_where_reached(space, space.logit(space.c, at)) for at in (b, b + SHIFT))
    change = trained(logsigmoid(there)) - trained(logsigmoid(here))
    closed = trained(logsigmoid(there) - logsigmoid(here))
    size = _size(here, there) * space.problem.steps.mask.shape[1]
    yield Comparison(change, closed, torch.zeros_like(change), size, name="change of ∇E_q[−log D] with b")
    whole = trained(there) - trained(here)
    yield Comparison(whole, torch.zeros_like(whole), None, size)


def unreached_model(space: TorchSpace) -> Iterator[Comparison]:
    """K6: with p = p_θ and b = log Z_θ, 2 log 2 − L_D is KL(p‖μ) + KL(q‖μ)."""
    logit = space.logit(space.c, space.log_z)
    loss = discriminator_loss(logit, logit, space.w_model, space.w_q)
    # log p/μ = log 2 + log D and log q/μ = log 2 + log(1 − D), by densities
    log_mixture = torch.logaddexp(space.log_model, space.log_q) - math.log(2)
    divergences = total(space.w_model, space.log_model - log_mixture)
    divergences = divergences + total(space.w_q, space.log_q - log_mixture)
    short = 2 * math.log(2) - loss
    size = _size(space.log_model, space.log_q)
    yield Comparison(short, divergences, torch.zeros_like(short), size, name="2 log 2 − L_D at p = p_θ")


def product_of_steps(space: TorchSpace) -> Iterator[Comparison]:
    """K7: −Σ_t log σ(ℓ_t) step by step, against the log of 1 + x₁ multiplied out, x = e^{−ℓ}."""
    steps = space.problem.steps
    per_step = -_log_policy(space, _logits(space)) - space.c[:, None] / steps.mask.shape[1]
    mask = torch.as_tensor(steps.mask, device=space.device)
    terms = torch.where(mask, softplus(-per_step, threshold=100), torch.zeros_like(per_step)).sum(1)
    # Elementary symmetric sums of e^{−ℓ_t}, added one by one: e_k ← e_k + x e_{k−1}.
    sums = torch.zeros(len(per_step), steps.mask.shape[1] + 1, dtype=per_step.dtype, device=space.device)
    sums[:, 0] = 1.0
    for time in range(steps.mask.shape[1]):
        x = torch.where(mask[:, time], torch.exp(-per_step[:, time]), torch.zeros_like(per_step[:, time]))
        sums[:, 1:] = sums[:, 1:] + x[:, None] * sums[:, :-1]
    whole = softplus(-torch.where(mask, per_step, torch.zeros_like(per_step)).sum(1), threshold=100)
    size = _size(per_step) * steps.mask.shape[1]
    yield Comparison(terms, torch.log(sums.sum(1)), whole, size, name="−Σ_t log σ(ℓ_t)")


def discounted_entropy(space: TorchSpace) -> Iterator[Comparison]:
    """K8: the policy gradient of E[Σ γ^t log π_t] less that of E[Σ log π_t]: another objective."""
    steps = space.problem.steps
    powers = torch.tensor(
        DISCOUNT ** np.arange(steps.mask.shape[1]), dtype=space.c.dtype, device=space.device
    )

    def entropy(factors: Tensor, logits: Tensor) -> Tensor:
        """Σ h q Σ_t f_t log π_t, q differentiated too."""
        log_pi = _log_policy(space, logits)
        return (torch.exp(space.log_h + log_pi.sum(1)) * (log_pi @ factors)).sum()

    logits = _logits(space)
    discounted = gradient(lambda at: entropy(powers, at), logits)
    plain = gradient(lambda at: entropy(torch.ones_like(powers), at), logits)

    def missing(at: Tensor) -> Tensor:
        """Score-function form of the difference: later rewards (γ^t − 1) log π_t, held, to earlier scores."""
        held = (_log_policy(space, logits) * (powers - 1)).detach()
        onward = torch.flip(torch.cumsum(torch.flip(held, (1,)), 1), (1,))
        return (space.w_q[:, None] * onward * _log_policy(space, at)).sum()

    size = _size(_log_policy(space, logits)) * steps.mask.shape[1] ** 2
    difference = discounted - plain
    yield Comparison(
        difference,
        gradient(missing, logits),
        torch.zeros_like(difference),
        size,
        2.0,
        name="∇ of both entropies, apart",
    )


def unweighted_negatives(space: TorchSpace) -> Iterator[Comparison]:
    """K9: ∂_θ(E_p[c] − E_q[c]) less ∂_θL_cost."""
    naive = gradient(lambda delta: (space.w_p - space.w_q) @ space.cost(delta), space.here())
    exact = gradient(
        lambda delta: space.w_p @ space.cost(delta) + space.log_partition(space.cost(delta)), space.here()
    )
    bias = (space.w_model - space.w_q) @ space.dc
    yield Comparison(
        naive - exact, bias, torch.zeros_like(bias), _size(space.dc), 2.0, name="bias of (E_p − E_q)[c']"
    )


def margin_loss(space: TorchSpace) -> Iterator[Comparison]:
    """K10: with q = p a hinge of margin 1 is 1 for every energy below it, and has no gradient."""

    def loss(energy: Tensor, negatives: Tensor) -> Tensor:
        return space.w_p @ energy + negatives @ torch.relu(1 - energy)

    energy = torch.sigmoid(space.c)
    one = torch.ones_like(space.log_z_parameter)
    yield Comparison(loss(energy, space.w_p), one, loss(energy, space.w_q), 2.0, name="margin loss at q = p")
    flat = gradient(lambda at: loss(at, space.w_p), energy)
    yield Comparison(flat, torch.zeros_like(flat), None, 2.0)


def true_partition(space: TorchSpace) -> Iterator[Comparison]:
    """K11: ∂L_D/∂b at log Z_θ is Σ h (p − p_θ)(1 − D)."""
    slope = gradient(lambda b: space.loss(space.c, b), space.log_z)
    rest = torch.sigmoid(-space.logit(space.c, space.log_z))
    residuals = ((space.w_p - space.w_model) * rest).sum()
    yield Comparison(slope, residuals, torch.zeros_like(slope), 4.0, name="∂L_D/∂b at log Z_θ")


def one_half_everywhere(space: TorchSpace) -> Iterator[Comparison]:
    """K12: c = −log q, b = 0 gives D ≡ ½ and 2 log 2."""
    loss = space.loss(-space.log_q, 0.0)
    best = space.loss(-space.log_p, 0.0)
    yield Comparison(loss, 2 * math.log(2), best, _size(space.log_q), name="L_D at m = q")


CHECKS: tuple[TorchCheck, ...] = (
    TorchCheck(
        "K1",
        "the gradient of L_D in every cost, log q left out, at −log p + log q, against 0",
        "the gradient at the data's cost, −log p",
        without_log_q,
    ),
    TorchCheck(
        "K2",
        "the gradient of L_D in a constant of the cost at b ≡ 0, against E_p[1−D] − E_q[D]",
        "no gradient",
        without_log_z,
    ),
    TorchCheck(
        "K3",
        "the gradient of guided_cost_loss at p = p_θ, b = log Z_θ, against 0; with its mixture attached, against "
        "E_pθ[D c']",
        "no gradient with the mixture attached",
        leak_at_the_truth,
    ),
    TorchCheck(
        "K4",
        "the gradient of L_D in every logit at log(p/q), against 0",
        "the gradient at log p",
        unconstrained_discriminator,
    ),
    TorchCheck(
        "K5",
        "the change with b of the score-function gradients of E_q[−log D] and of E_q[−ℓ]",
        "no change",
        half_of_the_generator_loss,
    ),
    TorchCheck(
        "K6",
        "2 log 2 − discriminator_loss at p = p_θ, b = log Z_θ, against KL(p‖μ) + KL(q‖μ)",
        "D ≡ ½",
        unreached_model,
    ),
    TorchCheck(
        "K7",
        "−Σ_t log σ(ℓ_t) of every trajectory, against the log of the product multiplied out",
        "−log σ(Σ_t ℓ_t)",
        product_of_steps,
    ),
    TorchCheck(
        "K8",
        "autograd of the discounted entropy less that of the entropy, against (γ^t − 1) log π handed to earlier "
        "scores",
        "the same gradient",
        discounted_entropy,
    ),
    TorchCheck(
        "K9",
        "∂_θ(E_p[c] − E_q[c]) less ∂_θ(E_p[c] + log Z) by autograd, against E_pθ[c'] − E_q[c']",
        "no bias",
        unweighted_negatives,
    ),
    TorchCheck(
        "K10",
        "a hinge loss at q = p, its value against the margin, its gradient against 0",
        "the generator as it is, q ≠ p",
        margin_loss,
    ),
    TorchCheck(
        "K11",
        "the gradient of discriminator_loss in b at log Z_θ, against Σ h (p − p_θ)(1 − D)",
        "no gradient",
        true_partition,
    ),
    TorchCheck(
        "K12",
        "discriminator_loss at c = −log q, b = 0, against 2 log 2",
        "the loss at the data's cost",
        one_half_everywhere,
    ),
)
