"""Family G in PyTorch: gradients of both players' objectives where they stand still, and where one does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ganirl.enumeration.space import Comparison
from ganirl_gpu.objectives import discriminator_loss, generator_loss
from ganirl_gpu.partition import optimal_log_partition

from .moving import divergence, log_tilted, loss_size, mean_size, weight_of
from .registry import TorchCheck
from .space import TorchSpace, gradient, hessian, total


def _loss(space: TorchSpace, c: Tensor, b: Tensor, log_q: Tensor) -> Tensor:
    """L_D against a generator (N,), whose density carries no gradient."""
    logit = space.logit(c, b, log_q)
    return discriminator_loss(logit, logit, space.w_p, torch.softmax(space.log_h + log_q, 0))


def _generator_loss(space: TorchSpace, c: Tensor, b: Tensor, log_q: Tensor) -> Tensor:
    """L_G, differentiable in q: weights and logit move together."""
    return generator_loss(space.logit(c, b, log_q), weight_of(space, log_q))


def _slope_along(space: TorchSpace, c: Tensor, b: Tensor, log_q: Tensor, direction: Tensor) -> Tensor:
    """Slope of L_G along q e^{δg}, by autograd; g (N,)."""

    def loss(delta: Tensor) -> Tensor:
        return _generator_loss(space, c, b, log_tilted(space, log_q, delta * direction))

    return gradient(loss, torch.zeros_like(b))


def _slopes(space: TorchSpace, c: Tensor, b: Tensor, log_q: Tensor) -> Tensor:
    """Of L_D in each row's cost and in b, and of L_G along each column of c' / (1 + max|c'|)."""
    in_costs = gradient(lambda costs: _loss(space, costs, b, log_q), c)
    in_b = gradient(lambda at: _loss(space, c, at, log_q), b)
    columns = space.dc.T / (1 + space.dc.abs().max())
    along = [_slope_along(space, c, b, log_q, column) for column in columns]
    return torch.cat([in_costs, torch.stack([in_b, *along])])


def _values(space: TorchSpace, c: Tensor, b: Tensor, log_q: Tensor) -> Tensor:
    """D, L_D and L_G."""
    d = torch.sigmoid(space.logit(c, b, log_q))
    losses = [_loss(space, c, b, log_q), _generator_loss(space, c, b, log_q)]
    return torch.cat([d, torch.stack(losses)])


def _even(space: TorchSpace) -> Tensor:
    """½ for each row, 2 log 2 and 0."""
    return torch.cat([torch.full_like(space.c, 0.5), space.c.new_tensor([2 * math.log(2), 0.0])])


def _data_size(space: TorchSpace) -> float:
    """1 + E_p|log p| + |b|, and as much of L_G at (c, b, q)."""
    return mean_size(space.w_p, space.log_p) + loss_size(space)


def free_equilibrium(space: TorchSpace) -> Iterator[Comparison]:
    """G1: at q = p = p_θ no gradient is left, D = ½; at (c, b, q) the gradients say how far p_θ is from p and q."""
    b = space.log_z_parameter
    matched, size = (-space.log_p - b, b, space.log_p), _data_size(space)
    halfway = (space.c, space.log_z, space.log_model)
    still, moving = _slopes(space, *matched), _slopes(space, *halfway)
    yield Comparison(torch.zeros_like(still), still, moving, size, 4.0, "slopes at q = p = p_θ")
    other = _values(space, matched[0], b, space.log_q)
    yield Comparison(_even(space), _values(space, *matched), other, size, name="D, L_D and L_G")

    logit = space.logit(space.c, b)
    in_costs = gradient(lambda costs: _loss(space, costs, b, space.log_q), space.c)
    residual = space.w_p * torch.sigmoid(-logit) - space.w_q * torch.sigmoid(logit)
    apart = space.log_q - space.log_model
    spread = space.mean_q((apart - space.mean_q(apart)) ** 2)
    along = _slope_along(space, space.c, b, space.log_q, -logit)
    yield Comparison(
        (residual**2).sum() + spread,
        (in_costs**2).sum() + along,
        (residual**2).sum(),
        mean_size(space.w_q, torch.where(space.w_q > 0, logit, torch.zeros_like(logit)) ** 2),
        4.0,
        "sum of the slopes squared",
    )


# --- along the first parameter: c + t φ, φ = ∂c/∂θ_1 -----------------------------------------------


def _cost_along(space: TorchSpace, at: Tensor) -> Tensor:
    return space.c + at[0] * space.dc[:, 0]


def likeliest(space: TorchSpace) -> Tensor | None:
    """Return the t (1,) where E_p[φ] = E_pθ[φ], by bisection in float64; None if there is none."""
    phi, cost, log_h = (each.double() for each in (space.dc[:, 0], space.c, space.log_h))
    wanted = (space.w_p.double() * phi).sum()
    if not bool((phi.min() < wanted) & (wanted < phi.max())):
        return None
    reach = 1e3 / float(phi.max() - phi.min())
    low, high = (torch.full_like(wanted, sign * reach) for sign in (-1, 1))
    for _ in range(90):
        middle = (low + high) / 2
        lacking = wanted - (torch.softmax(log_h - cost - middle * phi, 0) * phi).sum() < 0
        low, high = torch.where(lacking, middle, low), torch.where(lacking, high, middle)
    return ((low + high) / 2).to(space.c.dtype).reshape(1)


def contrasted(space: TorchSpace) -> Tensor:
    """Return the (t, b) that minimises `discriminator_loss`, by damped steps of Newton's method in float64."""
    c, phi, log_q = (each.double() for each in (space.c, space.dc[:, 0], space.log_q))
    w_p, w_q = space.w_p.double(), space.w_q.double()

    def loss(at: Tensor) -> Tensor:
        logit = -(c + at[0] * phi + at[1]) - log_q
        return discriminator_loss(logit, logit, w_p, w_q)

    score = -c - log_q
    at = torch.stack([torch.zeros_like(c[0]), optimal_log_partition(score, score, w_p, w_q)])
    for _ in range(60):
        slope = gradient(loss, at)
        step = torch.linalg.solve(hessian(loss, at), slope)
        size = 1.0
        while not bool(loss(at - size * step) <= loss(at)) and size > 1e-6:
            size /= 2
        if size <= 1e-6:
            break
        at = at - size * step
    return at.to(space.c.dtype)


def _slopes_of_loss(space: TorchSpace, at: Tensor, log_q: Tensor) -> Tensor:
    """∂L_D/∂(t, b) at (t, b)."""
    return gradient(lambda x: _loss(space, _cost_along(space, x), x[1], log_q), at)


def _slope_size(space: TorchSpace) -> float:
    """1 + E_p|φ| + E_q|φ| + max|φ| of what a slope in θ_1 sums."""
    phi = space.dc[:, 0]
    return mean_size(space.w_p, phi) + mean_size(space.w_q, phi) + float(phi.abs().max())


def _likelihood(space: TorchSpace) -> Callable[[Tensor], Tensor]:
    """L_cost of t (1,)."""

    def value(at: Tensor) -> Tensor:
        cost = _cost_along(space, at)
        return space.mean_p(cost) + space.log_partition(cost)

    return value


def free_generator(space: TorchSpace) -> Iterator[Comparison]:
    """G2: against q = p_θ, b = log Z the gradient is half the likelihood's; at its optimum D = ½, and q is not p."""
    t = likeliest(space)
    if t is not None:
        yield from _at_the_likelihood(space, t)
    zero = torch.zeros_like(space.c[:1])
    exact = torch.cat([gradient(_likelihood(space), zero), zero])
    slopes = _slopes_of_loss(space, torch.stack([zero[0], space.log_z]), space.log_model)
    yield Comparison(exact / 2, slopes, exact, _slope_size(space), 4.0, "∂L_D/∂(θ_1, b) at q = p_θ")


def _at_the_likelihood(space: TorchSpace, t: Tensor) -> Iterator[Comparison]:
    c = _cost_along(space, t)
    b = space.log_partition(c)
    log_model, point = -c - b, torch.cat([t, b.reshape(1)])
    weight = weight_of(space, log_model)
    size = mean_size(weight, c, log_model) + mean_size(space.w_p, c, space.log_p) + abs(float(b))
    own = _generator_loss(space, c, b, log_model)
    if bool(torch.isfinite(space.log_p).all()):
        best = generator_loss(space.log_p - log_model, weight)
        reverse, more = divergence(space, log_model, space.log_p), mean_size(weight, space.log_p)
        yield Comparison(reverse, best, own, size + more, name="KL(q‖p), although D = ½")
    forward = divergence(space, space.log_p, log_model)
    entropy = -space.mean_p(space.log_p)
    yield Comparison(forward, _likelihood(space)(t) - entropy, own, size, name="KL(p‖q), although D = ½")
    values = _values(space, c, b, log_model)
    other = _values(space, c, b, space.log_q)
    yield Comparison(_even(space), values, other, size, name="D, L_D and L_G")
    score = space.logit(c, torch.zeros_like(b))
    balanced = optimal_log_partition(score, score, space.w_p, space.w_q)
    still = _slopes_of_loss(space, point, log_model)
    moving = _slopes_of_loss(space, torch.cat([t, balanced.reshape(1)]), space.log_q)
    yield Comparison(
        torch.zeros_like(still), still, moving, size, 4.0, "slopes at the optimum of the likelihood"
    )


def restricted_generator(space: TorchSpace) -> Iterator[Comparison]:
    """G3: where `discriminator_loss` has no gradient the likelihood has one; `generator_loss` orders by KL(q‖p_θ)."""
    size = _slope_size(space)
    at, t = contrasted(space), likeliest(space)
    still = _slopes_of_loss(space, at, space.log_q)
    moving = None
    if t is not None:
        score = space.logit(_cost_along(space, t), torch.zeros_like(t[0]))
        balanced = optimal_log_partition(score, score, space.w_p, space.w_q)
        moving = _slopes_of_loss(space, torch.cat([t, balanced.reshape(1)]), space.log_q)
    yield Comparison(torch.zeros_like(still), still, moving, size, 4.0, "∂L_D/∂(θ_1, b) at the equilibrium")
    exact = gradient(_likelihood(space), at[:1])
    phi, weight = space.dc[:, 0], torch.softmax(space.log_h - _cost_along(space, at), 0)
    closed = space.mean_p(phi) - total(weight, phi)
    yield Comparison(closed, exact, 0 * exact, size, 4.0, "∂L_cost/∂θ_1 at the equilibrium")

    b = space.log_z_parameter
    moved = log_tilted(space, space.log_q, phi / (1 + phi.abs().max()))
    losses = [_generator_loss(space, space.c, b, each) for each in (moved, space.log_q)]
    gaps = [divergence(space, each, space.log_model) for each in (moved, space.log_q)]
    reached = torch.isfinite(space.log_q)
    log_model = torch.where(reached, space.log_model, torch.full_like(space.log_model, -torch.inf))
    reversed_gaps = [divergence(space, log_model, each) for each in (moved, space.log_q)]
    yield Comparison(
        gaps[0] - gaps[1],
        losses[0] - losses[1],
        reversed_gaps[0] - reversed_gaps[1],
        loss_size(space) + mean_size(weight_of(space, moved), space.c, moved),
        4.0,
        "L_G(q') − L_G(q)",
    )


def two_divergences(space: TorchSpace) -> Iterator[Comparison]:
    """G4: both objectives at the logit log p/q, against divergences by `kl_div`; they differ by 2KL(μ‖p)."""
    best = torch.where(
        torch.isfinite(space.log_q), space.log_p - space.log_q, torch.full_like(space.c, torch.inf)
    )
    loss, fooling = discriminator_loss(best, best, space.w_p, space.w_q), generator_loss(best, space.w_q)
    log_mixture = torch.logaddexp(space.log_p, space.log_q) - math.log(2)
    twice = divergence(space, space.log_p, log_mixture) + divergence(space, space.log_q, log_mixture)
    reverse = divergence(space, space.log_q, space.log_p)
    rest = 2 * divergence(space, log_mixture, space.log_p)
    size = mean_size(space.w_p, space.log_p) + mean_size(space.w_q, space.log_p, space.log_q)
    yield Comparison(reverse, fooling, twice, size, name="L_G at D = D*")
    yield Comparison(2 * math.log(2) - twice, loss, 2 * math.log(2) - reverse, size, name="L_D at D = D*")
    yield Comparison(rest, fooling + loss - 2 * math.log(2), 0 * rest, size, name="L_G + L_D − 2 log 2")


CHECKS: tuple[TorchCheck, ...] = (
    TorchCheck(
        "G1",
        "gradients of `discriminator_loss` in each row's cost and in b, and of `generator_loss` along tilts, against 0 "
        "at q = p = p_θ; D, L_D and L_G there; away from there the slopes squared, against their closed forms",
        "the generator alone at its optimum; the generator's part left out",
        free_equilibrium,
    ),
    TorchCheck(
        "G2",
        "at q = p_θ, b = log Z: the gradient of `discriminator_loss`, against half that of the likelihood; "
        "at the optimum of that, D = ½ and no slope, and KL(q‖p) and KL(p‖q) by `kl_div`",
        "D = ½ taken for q = p; another generator",
        free_generator,
    ),
    TorchCheck(
        "G3",
        "the gradient of `discriminator_loss` in (θ_1, b) at its optimum, against 0, and that of the likelihood there, "
        "against (E_p − E_pθ)c'; differences of `generator_loss`, against those of KL(q‖p_θ) by `kl_div`",
        "the optimum of the likelihood; the divergence reversed",
        restricted_generator,
    ),
    TorchCheck(
        "G4",
        "`generator_loss` and `discriminator_loss` at the logit log p/q, against KL(q‖p), 2 log 2 − 2JSD and 2KL(μ‖p), "
        "all by `kl_div`",
        "one divergence taken for the other",
        two_divergences,
    ),
)
