"""The losses against numbers worked by hand, mpmath and finite differences; and twins that must differ."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from ganirl_gpu.objectives import (
    discriminator_logit,
    discriminator_loss,
    generator_loss,
    guided_cost_loss,
    log_discriminator,
    log_one_minus_discriminator,
    policy_loss,
)
from ganirl_gpu.partition import optimal_log_partition
from ganirl_gpu.policy import trajectory_log_prob

ROUNDOFF = {torch.float64: 2.0**-53, torch.float32: 2.0**-24, torch.bfloat16: 2.0**-8}

# S1: p, q and c on three points; C2 and the loss at its optimum have known values there.
P, Q = (0.5, 0.3, 0.2), (0.2, 0.3, 0.5)


def tensor(values, device="cpu", dtype=torch.float64, grad=False):
    return torch.tensor(values, dtype=dtype, device=device, requires_grad=grad)


def numpy(value):
    return value.detach().cpu().double().numpy()


def test_logit_by_hand(device, dtype):
    logit = discriminator_logit(
        tensor([1.0, -2.0], device, dtype), tensor(0.5, device, dtype), tensor([-3.0, -0.25], device, dtype)
    )
    assert logit.dtype is dtype
    np.testing.assert_array_equal(numpy(logit), [1.5, 1.75])


def test_loss_of_the_right_cost_on_s1_is_the_optimum_and_that_of_the_printed_sign_is_not():
    # E = −log p: 1.253466 = 2 log 2 − 2 JSD; the sign printed in section 4 gives 2.519334.
    p, q = tensor(P), tensor(Q)
    right = discriminator_logit(-p.log(), tensor(0.0), q.log())
    printed = -p.log() - q.log()
    assert float(discriminator_loss(right, right, p, q)) == pytest.approx(1.253466, abs=5e-7)
    assert float(discriminator_loss(printed, printed, p, q)) == pytest.approx(2.519334, abs=5e-7)


def test_loss_of_an_uninformed_discriminator_is_two_log_two(device, dtype):
    loss = discriminator_loss(
        torch.zeros(3, device=device, dtype=dtype), torch.zeros(7, device=device, dtype=dtype)
    )
    assert float(loss) == pytest.approx(2 * math.log(2), rel=2 * ROUNDOFF[dtype])


@pytest.mark.parametrize("size", [1e-3, 1.0, 17.0, 40.0, 90.0, 1e3])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_logs_are_right_relatively_in_both_tails(device, dtype, size, sign):
    logit = tensor([sign * size], device, dtype, grad=True)
    exact = mpmath.mpf(float(logit.detach().double()))
    with mpmath.workdps(40):
        for function, x in ((log_discriminator, -exact), (log_one_minus_discriminator, exact)):
            truth = float(mpmath.log1p(mpmath.exp(x)))
            slope = float(1 / (1 + mpmath.exp(-x)))
            value = -function(logit)
            (gradient,) = torch.autograd.grad(value.sum(), logit)
            tiny = torch.finfo(dtype).tiny
            assert abs(value.item() - truth) <= 9 * ROUNDOFF[dtype] * truth + tiny
            assert abs(abs(gradient.item()) - slope) <= 9 * ROUNDOFF[dtype] * slope + tiny


def test_limits_at_a_logit_of_a_thousand(device, dtype):
    low, high = (tensor([sign * 1000.0], device, dtype, grad=True) for sign in (-1, 1))
    assert (-log_discriminator(low)).item() == 1000.0
    assert (-log_one_minus_discriminator(high)).item() == 1000.0
    assert log_discriminator(high).item() == 0.0
    loss = discriminator_loss(low, high)
    assert loss.item() == 2000.0
    gradients = torch.autograd.grad(loss, (low, high))
    assert [gradient.item() for gradient in gradients] == [-1.0, 1.0]


def test_softplus_differs_in_the_tail_of_float64():
    # F.softplus is the identity above its threshold of 20: log1p(e^-21) is left out.
    logit = tensor([-21.0])
    truth = 21 + math.log1p(math.exp(-21))
    ours, theirs = (-log_discriminator(logit)).item(), softplus(-logit).item()
    assert abs(ours - truth) <= 4 * 2.0**-53 * truth
    assert abs(theirs - truth) > 1e4 * 2.0**-53 * truth


def test_gradients_by_finite_differences():
    generator = torch.Generator().manual_seed(3)
    expert, sampled = (
        torch.randn(n, generator=generator, dtype=torch.float64).requires_grad_() for n in (4, 6)
    )
    w, v = (torch.rand(n, generator=generator, dtype=torch.float64) for n in (4, 6))
    assert torch.autograd.gradcheck(lambda a, b: discriminator_loss(a, b, w, v), (expert, sampled))
    assert torch.autograd.gradcheck(lambda a: generator_loss(a, v), (sampled,))
    states, actions = torch.tensor([[0, 1], [1, 0]]), torch.tensor([[1, 2], [0, 0]])
    mask = torch.tensor([[True, True], [True, False]])
    logits = torch.randn(2, 3, generator=generator, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: trajectory_log_prob(x, states, actions, mask), (logits,))


def test_weights_are_multiplicities_of_any_scale(device, dtype):
    logit = tensor([0.5, -1.5], device, dtype)
    repeated = tensor([0.5, -1.5, -1.5, -1.5], device, dtype)
    heavy = tensor([2.0, 6.0], device, dtype)
    weighted = discriminator_loss(logit, logit, heavy, heavy)
    assert float(weighted) == pytest.approx(
        float(discriminator_loss(repeated, repeated)), rel=8 * ROUNDOFF[dtype]
    )


def test_both_sides_count_the_same_however_many_rows_they_have():
    a, b = tensor([0.3]), tensor([-0.7, -0.7, -0.7])
    assert float(discriminator_loss(a, b)) == pytest.approx(float(discriminator_loss(a, b[:1])), rel=1e-15)


def test_a_row_of_weight_zero_counts_for_nothing_even_where_it_is_infinite():
    cost = tensor([0.2, 0.4], grad=True)
    log_q = tensor([-1.0, -math.inf])
    weight = tensor([1.0, 0.0])
    logit = discriminator_logit(cost, tensor(0.1), log_q)
    loss = discriminator_loss(logit, logit, weight, weight) + generator_loss(logit, weight)
    alone = discriminator_loss(logit[:1], logit[:1]) + generator_loss(logit[:1])
    assert loss.item() == alone.item()
    (gradient,) = torch.autograd.grad(loss, cost)
    assert torch.isfinite(gradient).all()
    assert gradient[1].item() == 0.0
    log_prob = tensor([-1.0, -math.inf], grad=True)
    (gradient,) = torch.autograd.grad(policy_loss(log_prob, logit, weight), log_prob)
    np.testing.assert_allclose(numpy(gradient), [-logit[0].item(), 0.0])


def test_the_policy_gradient_is_that_of_the_exact_generator_loss():
    # E3: over all of q, E_q[s(−ℓ)] is the derivative of Σ q(c + b + log q), which autograd takes by itself.
    cost, b = tensor([0.3, -1.1, 0.9, 2.0]), tensor(0.7)
    logits = tensor([0.1, -0.4, 1.3, 0.2], grad=True)
    log_q = torch.log_softmax(logits, 0)
    exact = (log_q.exp() * (cost + b + log_q)).sum()
    weight = log_q.exp().detach()
    ours = policy_loss(log_q, discriminator_logit(cost, b, log_q), weight)
    pathwise = generator_loss(discriminator_logit(cost, b, log_q), weight)
    (truth,) = torch.autograd.grad(exact, logits, retain_graph=True)
    (found,) = torch.autograd.grad(ours, logits, retain_graph=True)
    (nothing,) = torch.autograd.grad(pathwise, logits)
    np.testing.assert_allclose(numpy(found), numpy(truth), atol=1e-15)
    np.testing.assert_allclose(numpy(nothing), 0.0, atol=1e-15)  # E7: without the score nothing is trained


@pytest.fixture
def batch(device):
    """Return an arbitrary batch (tier 1): features (n, 3), log q and weights of each side."""
    rng = np.random.default_rng(5)
    return [
        tensor(x, device)
        for n in (5, 8)
        for x in (rng.normal(size=(n, 3)), rng.normal(size=n), rng.random(n))
    ]


def both_gradients(batch, theta, b):
    x, lq, w, y, lr, v = batch
    expert, sampled = discriminator_logit(x @ theta, b, lq), discriminator_logit(y @ theta, b, lr)
    loss = discriminator_loss(expert, sampled, w, v)
    surrogate = guided_cost_loss(x @ theta, y @ theta, lq, lr, b, expert_weight=w, generator_weight=v)
    in_theta, in_b = torch.autograd.grad(loss, (theta, b))
    (guided,) = torch.autograd.grad(surrogate, theta, retain_graph=True)
    return numpy(in_theta), float(in_b), numpy(guided), surrogate


def test_gradient_equality_at_the_optimal_b_and_its_bound_elsewhere(batch, device):
    theta = tensor([0.4, -0.8, 1.1], device, grad=True)
    x, lq, w, y, lr, v = batch
    best = optimal_log_partition(-(x @ theta) - lq, -(y @ theta) - lr, w, v)
    largest = max(float(x.abs().max()), float(y.abs().max()))
    for shift in (0.0, 0.5, -2.0):
        b = (best + shift).requires_grad_()
        in_theta, in_b, guided, surrogate = both_gradients(batch, theta, b)
        difference = np.max(np.abs(in_theta - guided))
        assert difference <= largest * abs(in_b) + 1e-14
        assert (difference < 1e-14) == (shift == 0.0)
        # Neither b nor Z inside μ̃ is trained by the surrogate.
        assert torch.autograd.grad(surrogate, b, allow_unused=True) == (None,)


def test_surrogate_value_by_mpmath(device):
    rng = np.random.default_rng(8)
    c, d, lq, lr = (rng.normal(size=n) * 3 for n in (2, 3, 2, 3))
    b = 0.6
    with mpmath.workdps(40):

        def term(cost, log_q):
            mixture = (mpmath.exp(-mpmath.mpf(cost) - b) + mpmath.exp(mpmath.mpf(log_q))) / 2
            return mpmath.exp(-mpmath.mpf(cost)) / mixture

        mean = sum(map(term, c, lq)) / 4 + sum(map(term, d, lr)) / 6
        truth = float(sum(map(mpmath.mpf, c)) / 2 + mpmath.log(mean))
    found = guided_cost_loss(*(tensor(x, device) for x in (c, d, lq, lr)), tensor(b, device))
    assert found.item() == pytest.approx(truth, rel=1e-14)


def test_a_leak_through_the_mixture_differs(batch, device):
    # C3: the same formula with μ̃ differentiated gives E_p c' − E_μ[D(1−D)c']/E_μ[D].
    theta = tensor([0.4, -0.8, 1.1], device, grad=True)
    b = tensor(0.3, device)
    x, lq, w, y, lr, v = batch
    _, _, guided, _ = both_gradients(batch, theta, b.clone().requires_grad_())
    cost, log_q = torch.cat([x, y]) @ theta, torch.cat([lq, lr])
    weight = torch.cat([w / w.sum(), v / v.sum()]) / 2
    leaking = (w * (x @ theta)).sum() / w.sum() + torch.logsumexp(
        weight.log() - cost - torch.logaddexp(-cost - b, log_q), 0
    )
    (leaked,) = torch.autograd.grad(leaking, theta)
    assert np.max(np.abs(numpy(leaked) - guided)) > 1e-2


@pytest.mark.parametrize("scale", [1.0, 30.0, 1e3])
def test_the_surrogate_stays_finite_and_its_gradient_is_a_difference_of_means(device, dtype, scale):
    cost = tensor([scale, -scale, 0.5 * scale], device, dtype, grad=True)
    log_q = tensor([-1.0, -2.0, -0.5], device, dtype)
    loss = guided_cost_loss(cost, cost, log_q, log_q, tensor(0.0, device, dtype))
    (gradient,) = torch.autograd.grad(loss, cost)
    assert torch.isfinite(loss)
    assert torch.isfinite(gradient).all()
    # The weights of both expectations sum to one: a constant feature has no gradient.
    assert abs(gradient.double().sum().item()) <= 12 * ROUNDOFF[dtype]


def test_log_prob_sums_the_steps_that_exist():
    logits = torch.log(tensor([[0.25, 0.75], [0.9, 0.1]]))
    states, actions = torch.tensor([[0, 1, 0], [1, 0, 0]]), torch.tensor([[1, 0, 0], [1, 0, 0]])
    mask = torch.tensor([[True, True, True], [True, False, False]])
    found = trajectory_log_prob(logits + 5.0, states, actions, mask)
    np.testing.assert_allclose(numpy(found), [math.log(0.75 * 0.9 * 0.25), math.log(0.1)], rtol=1e-14)


@pytest.mark.parametrize(
    "call",
    [
        lambda: discriminator_logit(torch.zeros(4, 1), torch.zeros(()), torch.zeros(4)),
        lambda: discriminator_logit(torch.zeros(4), torch.zeros(()), torch.zeros(4, 1)),
        lambda: discriminator_logit(torch.zeros(4), torch.zeros(1), torch.zeros(4)),
        lambda: discriminator_logit(torch.zeros(4), torch.zeros(()), torch.zeros(1)),
        lambda: discriminator_loss(torch.zeros(4, 1), torch.zeros(4)),
        lambda: discriminator_loss(torch.zeros(4), torch.zeros(4), torch.ones(4, 1)),
        lambda: discriminator_loss(torch.zeros(4), torch.zeros(0)),
        lambda: generator_loss(torch.zeros(())),
        lambda: policy_loss(torch.zeros(4), torch.zeros(4, 1)),
        lambda: policy_loss(torch.zeros(4), torch.zeros(1)),
        lambda: policy_loss(torch.zeros(4), torch.zeros(4), torch.ones(1)),
        lambda: guided_cost_loss(*(torch.zeros(n) for n in (3, 4, 4, 3)), torch.zeros(())),
        lambda: trajectory_log_prob(torch.zeros(2), *(torch.zeros(1, 1, dtype=torch.long) for _ in range(3))),
        lambda: trajectory_log_prob(
            torch.zeros(2, 2), *(torch.zeros(n, dtype=torch.long) for n in (3, 3, 3))
        ),
    ],
)
def test_shapes_are_never_broadcast(call):
    with pytest.raises(ValueError, match=r"shape|rows"):
        call()
