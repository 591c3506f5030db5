"""The symbols of Finn et al. (2016), for general N: rows, weights, densities, cost, discriminator and losses.

Every sum runs over trajectories ``i = 1..N``. A batch carries arbitrary non-negative weights ``w^p`` and
``w^q`` beside the density q that enters the logit, so that what is proved with them holds for any minibatch;
the population is the special case w^p = h p, w^q = h q (`population`).
"""

from __future__ import annotations

from typing import Any, TypeAlias

import sympy

# SymPy carries no types that a checker can use; one name of type Any keeps both checkers honest elsewhere.
sp: Any = sympy
Expr: TypeAlias = Any

N = sp.Symbol("N", integer=True, positive=True)
i = sp.Symbol("i", integer=True, positive=True)
theta, phi, b, k = sp.symbols("theta phi b k", real=True)
log_partition = sp.Symbol(r"\log{Z_\theta}", real=True)

w_p = sp.IndexedBase("w^p", positive=True)
w_q = sp.IndexedBase("w^q", positive=True)
h = sp.IndexedBase("h", positive=True)
p = sp.IndexedBase("p", positive=True)
q = sp.IndexedBase("q", positive=True)
q_hat = sp.IndexedBase(r"\hat{q}", positive=True)
q_old = sp.IndexedBase(r"q^{\mathrm{old}}", positive=True)
m = sp.IndexedBase("m", positive=True)
frozen_mixture = sp.IndexedBase(r"\tilde{\mu}", positive=True)

cost_row = sp.IndexedBase("c", real=True)[i]
cost = sp.Function("c", real=True)
density = sp.Function("q", positive=True)
c = cost(i, theta)
q_phi = density(i, phi)
dc = sp.Derivative(c, theta)
score = sp.Derivative(q_phi, phi) / q_phi

# Second parameters: an entry of a Hessian off its diagonal.
theta_j, theta_k = sp.symbols("theta_j theta_k", real=True)
c_jk = cost(i, theta_j, theta_k)

first = sp.IndexedBase("c'", real=True)
second = sp.IndexedBase("c''", real=True)
first_j = sp.IndexedBase(r"\partial_j c", real=True)
first_k = sp.IndexedBase(r"\partial_k c", real=True)
mixed_jk = sp.IndexedBase(r"\partial_{jk} c", real=True)
d_density = sp.IndexedBase(r"\partial q", real=True)

DERIVATIVES: dict[Expr, Expr] = {
    dc: first[i],
    sp.Derivative(c, theta, theta): second[i],
    sp.Derivative(c_jk, theta_j): first_j[i],
    sp.Derivative(c_jk, theta_k): first_k[i],
    sp.Derivative(c_jk, theta_j, theta_k): mixed_jk[i],
    sp.Derivative(q_phi, phi): d_density[i],
}
FUNCTIONS: dict[Expr, Expr] = {
    c: -b - sp.log(m[i]),
    c_jk: -b - sp.log(m[i]),
    q_phi: q[i],
}

model = sp.exp(-c - b)


def total(summand: Expr) -> Expr:
    """Sum over all trajectories."""
    return sp.Sum(summand, (i, 1, N))


def E_p(f: Expr) -> Expr:
    """Weighted sum over the expert's rows, Σ w^p f."""
    return total(w_p[i] * f)


def E_q(f: Expr) -> Expr:
    """Weighted sum over the generator's rows, Σ w^q f."""
    return total(w_q[i] * f)


def E_mu(f: Expr) -> Expr:
    """Weighted sum over both, Σ ½(w^p + w^q) f: an expectation under μ."""
    return total((w_p[i] + w_q[i]) / 2 * f)


def population(expr: Expr) -> Expr:
    """Let the batch be the population: w^p = h p and w^q = h q."""
    return expr.xreplace({w_p[i]: h[i] * p[i], w_q[i]: h[i] * q[i]})


def probability(generator: Expr = q[i]) -> Expr:
    """D = e^{−c−b} / (e^{−c−b} + q), section 3.1 of the paper, unnumbered."""
    return model / (model + generator)


def complement(generator: Expr = q[i]) -> Expr:
    """1 − D as one fraction, which spares every derivative a fraction within a fraction."""
    return sp.together(1 - probability(generator))


def logit(generator: Expr = q[i]) -> Expr:
    """ℓ = −c − b − log q."""
    return -c - b - sp.log(generator)


def discriminator_loss(generator: Expr = q[i]) -> Expr:
    """L_D = E_p[−log D] + E_q[−log(1 − D)], section 2.1."""
    return E_p(-sp.log(probability(generator))) + E_q(-sp.log(complement(generator)))


def generator_loss(generator: Expr = q[i]) -> Expr:
    """L_G = E_q[log(1 − D) − log D], section 3.2.3."""
    return E_q(sp.log(complement(generator)) - sp.log(probability(generator)))


D = probability()
mixture = (model + q[i]) / 2
mass_p = E_p(sp.Integer(1))
mass_q = E_q(sp.Integer(1))
