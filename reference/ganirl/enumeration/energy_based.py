"""Family D, continued: an energy needs a base measure; a normaliser may be learned and the likelihood kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ganirl.mdp import TabularMDP
from ganirl.problem import Problem

from .gradients import largest
from .maxent import likelihood
from .registry import Enumeration
from .space import RADIUS, Comparison, Space, concatenated

_CAUCHY = "derivatives are Cauchy integrals of radius r: rounding times 1/r"


def base_measure(space: Space) -> Iterator[Comparison]:
    """D5: the energy c − log h under counting measure is MaxEnt IRL with base measure h; p_θ has the most entropy."""
    log_h = space.arithmetic.log(space.h)
    counted = replace(space, h=space.one + 0 * space.h, p=space.w_p, q=space.w_q)
    irl, gain = space.in_theta(lambda c: likelihood(space, c))
    ebm, _ = counted.in_theta(lambda c: counted.mean_p(c) + counted.log_partition(c - log_h))
    bare, _ = counted.in_theta(lambda c: likelihood(counted, c))
    size = 1 + abs(float(space.log_z)) + largest(space, space.c) + largest(space, log_h)
    means = [np.sum(each[:, None] * space.dc, axis=0) for each in (space.h * space.model, counted.model)]
    data = space.mean_p(space.dc)
    yield Comparison(data - means[0], ebm, data - means[1], size, gain, name="∂L_cost/∂θ")
    yield Comparison(irl, ebm, bare, size, gain)
    yield _entropies(space, log_h, size)


def _entropies(space: Space, log_h: Any, size: float) -> Comparison:
    """Compare H(p_θ) − H(p), with respect to h, with costs and divergence; the twin's are those of h·p and h·p_θ."""
    weight, seen = space.h * space.model, np.asarray(space.p > 0, dtype=bool)
    log_p, log_model = space.arithmetic.log(space.p[seen]), -space.c - space.log_z
    w_p = space.w_p[seen]
    entropies = np.sum(w_p * log_p) - np.sum(weight * log_model)
    in_counting = np.sum(w_p * (log_p + log_h[seen])) - np.sum(weight * (log_model + log_h))
    costs = np.sum(weight * space.c) - space.mean_p(space.c)
    divergence = np.sum(w_p * (log_p - log_model[seen]))
    size += largest(space, log_p)
    return Comparison(entropies, costs + divergence, in_counting, size, name="H(p_θ) − H(p)")


def learned_normaliser(space: Space) -> Iterator[Comparison]:
    """D6: E_p[c] + b + e^{−b}E_q[e^{−c}/q] − 1 is L_cost + e^x − 1 − x, x = log Z − b; exact gradient at b = log Z."""

    def loss(c: Any, b: Any) -> Any:
        return space.mean_p(c) + b + space.mean_q(space.arithmetic.exp(-(c + b) - space.log_q)) - 1

    exact_loss, x = likelihood(space, space.c), space.log_z - space.b
    gap = space.arithmetic.exp(x) - 1 - x
    size = abs(float(exact_loss)) + 2 * float(space.arithmetic.exp(abs(x))) + space.longest
    yield Comparison(
        loss(space.c, space.b), exact_loss + gap, space.loss(space.c, space.b), size, name="value at b"
    )
    at_truth = loss(space.c, space.log_z)
    yield Comparison(
        concatenated([at_truth, max(-float(gap), 0.0)]), concatenated([exact_loss, 0 * x]), None, size
    )

    log_z = space.log_z
    numeric, gain = space.in_theta(lambda c: loss(c, log_z))
    gan, _ = space.in_theta(lambda c: space.loss(c, log_z))
    exact = space.mean_p(space.dc) - np.sum((space.h * space.model)[:, None] * space.dc, axis=0)
    size = space.longest + 4 + abs(float(log_z))
    yield Comparison(numeric, exact, gan, size, gain, name="∂/∂θ at b = log Z")
    slope = space.in_b(lambda delta: loss(space.c, log_z + delta))
    yield Comparison(slope, 0 * slope, None, size, 1 / RADIUS)


def _covered(problem: Problem, mdp: TabularMDP | None) -> str | None:
    del mdp
    if np.isneginf(problem.log_q).any():
        return "q = 0 on a trajectory of finite cost, which E_q[e^{−c}/q] leaves out of Z"
    return None


ENUMERATIONS = (
    Enumeration(
        "D5",
        "gradients of the likelihood under h and of the energy c − log h under counting measure; H(p_θ) − H(p) with "
        "respect to h, against E_pθ[c] − E_p[c] + KL(p‖p_θ)",
        "counting measure in place of h",
        _CAUCHY,
        base_measure,
        needs_mdp=True,
        hidden="no chance: h is the counting measure",
    ),
    Enumeration(
        "D6",
        "E_p c + b + e^{−b}E_q[e^{−c}/q] − 1, summed over q, against L_cost + e^x − 1 − x; its derivatives at "
        "b = log Z, from its values, against (E_p − E_pθ)c' and 0",
        "L_D in its place",
        _CAUCHY,
        learned_normaliser,
        premise=_covered,
    ),
)
