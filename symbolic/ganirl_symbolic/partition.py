"""F: the partition function, estimated by importance sampling. Sections 2.3.2 and 3.2 of Finn et al. (2016)."""

from __future__ import annotations

from .algebra import derivative
from .instance import BALANCED, UNIT_EXPERT, UNIT_GENERATOR, UNIT_MODEL
from .moments import UNIT_GENERATOR_WEIGHTS, UNIT_SAMPLER, Sample, moment, n
from .proof import Derivation, Step
from .statements import NamedSumIdentity, Positivity, RowIdentity, SumIdentity
from .symbols import (
    D,
    E_mu,
    E_p,
    E_q,
    b,
    c,
    discriminator_loss,
    h,
    i,
    k,
    mixture,
    model,
    p,
    phi,
    q,
    q_phi,
    score,
    sp,
    total,
)

EVERY_DENSITY = "every N, every base measure, every cost, every density; with integrals for sums, too"

p_tilde = sp.IndexedBase(r"\tilde{p}", positive=True)

boltzmann = sp.exp(-c)
partition = total(h[i] * boltzmann)
x = model / q[i]  # w/Z at b = log Z
squared_gap = h[i] * (model - q[i]) ** 2 / q[i]
chi_squared = total(squared_gap)


def F1() -> Derivation:
    """Derive that importance sampling is unbiased, for every number of samples."""
    weight = boltzmann / q[i]
    sampled = SumIdentity(
        "E_q[e^{−c}/q] = Σ h e^{−c} over what q reaches", total(h[i] * q[i] * weight), partition
    )
    means = NamedSumIdentity(
        "the mean over n samples has that expectation, for every n",
        moment(1, [Sample(h[i] * q[i], weight)]),
        partition,
        (UNIT_SAMPLER,),
    )
    missed = Positivity("a point with q = 0 is missed, and would have added h e^{−c} > 0", h[i] * model)
    return Derivation(
        "F1",
        "E_q[e^{−c}/q] is Z, if q > 0 wherever e^{−c} > 0, and else too small",
        EVERY_DENSITY,
        (
            Step(
                "Sum over the points that q reaches: there the density cancels, whatever it is.",
                r"\mathbb{E}_q[f] = \sum_{q > 0} h\,q\,f",
            ),
        ),
        (sampled, means, missed),
        (
            sampled.twin("no weights", "E_q[e^{−c}]", lhs=total(h[i] * q[i] * boltzmann)),
            sampled.twin(
                "full density",
                "the dynamics h in the denominator as well",
                lhs=total(q[i] * boltzmann / q[i]),
            ),
            means.twin("sum for mean", "not divided by n", lhs=n * moment(1, [Sample(h[i] * q[i], weight)])),
        ),
    )


def F2() -> Derivation:
    """Derive that the mixture's exact density gives Z."""
    weight = boltzmann / ((p[i] + q[i]) / 2)
    sampled = SumIdentity(
        "E_μ[e^{−c}/μ] = Σ h e^{−c} over what p or q reaches",
        total(h[i] * (p[i] + q[i]) / 2 * weight),
        partition,
    )
    halves = SumIdentity(
        "half the samples from p and half from q have the same expectation, each mean counted by half",
        total(h[i] * p[i] * weight) / 2 + total(h[i] * q[i] * weight) / 2,
        partition,
    )
    modelled = boltzmann / ((model + q[i]) / 2)
    return Derivation(
        "F2",
        "E_μ[e^{−c}/μ] is Z with the exact density of the mixture, if p > 0 or q > 0 wherever e^{−c} > 0",
        EVERY_DENSITY,
        (Step("The exact mixture cancels as q did.", r"\mu = \tfrac12(p + q)"),),
        (sampled, halves),
        (
            sampled.twin(
                "model for data",
                "½(m + q) in the denominator",
                lhs=total(h[i] * (p[i] + q[i]) / 2 * modelled),
            ),
            halves.twin(
                "not halved",
                "the sum of both means",
                lhs=total(h[i] * p[i] * weight) + total(h[i] * q[i] * weight),
            ),
        ),
    )


def F3() -> Derivation:
    """Derive the bias of a denominator with a model of the data in it."""
    estimate = total(h[i] * (p[i] + q[i]) / 2 * boltzmann / ((p_tilde[i] + q[i]) / 2))
    stated = total(h[i] * boltzmann * (p[i] - p_tilde[i]) / (p_tilde[i] + q[i]))
    bias = SumIdentity("with p̃ for p, the bias is Σ h e^{−c}(p − p̃)/(p̃ + q)", estimate - partition, stated)
    own = {p_tilde[i]: model}
    by_discriminator = SumIdentity(
        "with p̃ = m it is e^b(E_p[D] − Σ h m D), at b = log Z so Z(E_p[D] − E_{p_θ}[D])",
        (estimate - partition).xreplace(own),
        sp.exp(b) * (total(h[i] * p[i] * D) - total(h[i] * model * D)),
    )
    exact = SumIdentity(
        "there is none where p̃ is p", (estimate - partition).xreplace({p_tilde[i]: p[i]}), sp.Integer(0)
    )
    return Derivation(
        "F3",
        "a model of the data in the denominator biases the estimate of Z, however many samples there are",
        EVERY_DENSITY,
        (
            Step(
                "Only p's density is unknown to IRL, so that p̃ stands in.",
                r"\tilde\mu = \tfrac12(\tilde p + q)",
            ),
        ),
        (bias, by_discriminator, exact),
        (
            bias.twin("unbiased", "said to be no bias", rhs=sp.Integer(0)),
            bias.twin("sign", "p̃ − p", rhs=-stated),
            by_discriminator.twin(
                "generator's mean",
                "E_q[D] for E_{p_θ}[D]",
                rhs=sp.exp(b) * (total(h[i] * p[i] * D) - total(h[i] * q[i] * D)),
            ),
        ),
    )


def F6() -> Derivation:
    """Derive the variance of the weights as a χ² divergence."""
    weight = boltzmann / q[i]
    first, second = total(h[i] * q[i] * weight), total(h[i] * q[i] * weight**2)
    given = (UNIT_MODEL, UNIT_SAMPLER)
    variance = NamedSumIdentity(
        "Var_q(w) = Z² χ²(p_θ‖q)", second - first**2, sp.exp(2 * b) * chi_squared, given
    )
    square = RowIdentity(
        "each summand of χ² is h q (w/Z − 1)² ≥ 0, zero only where q = p_θ",
        squared_gap,
        h[i] * q[i] * (x - 1) ** 2,
    )
    size = NamedSumIdentity("E[w]²/E[w²] = 1/(1 + χ²)", first**2 / second, 1 / (1 + chi_squared), given)
    draws = [Sample(h[i] * q[i], weight)]
    mean = NamedSumIdentity(
        "n times the variance of the mean of n weights is Var_q(w), for every n",
        n * (moment(2, draws) - moment(1, draws) ** 2),
        second - first**2,
        (UNIT_SAMPLER,),
    )
    reverse = total(h[i] * (model - q[i]) ** 2 / model)
    return Derivation(
        "F6",
        "the variance of the weights is Z² χ²(p_θ‖q), and the effective sample size n/(1 + χ²)",
        EVERY_DENSITY + "; q > 0 wherever e^{−c} > 0",
        (Step("Write the weights through the model.", r"w = e^{-c}/q = Z\,p_\theta/q"),),
        (variance, square, size, mean),
        (
            variance.twin("reverse", "χ² of q from p_θ", rhs=sp.exp(2 * b) * reverse),
            variance.twin("no Z²", "χ² alone", rhs=chi_squared),
            size.twin("no 1", "1/χ²", rhs=1 / chi_squared),
            mean.twin(
                "not over n",
                "the variance of a mean said to be that of one weight",
                lhs=moment(2, draws) - moment(1, draws) ** 2,
            ),
        ),
    )


def F7() -> Derivation:
    """Derive the effective sample size of weights with μ̃, which says nothing about the cost."""
    weight = boltzmann / mixture * sp.exp(-b)
    bounded = RowIdentity("w/Z = 2D", weight, 2 * D)
    lower = Positivity("2D > 0", 2 * D)
    upper = Positivity("2 − 2D > 0", 2 - 2 * D)
    rate = NamedSumIdentity(
        "at b*, E_μ[(w/Z)²] = 2ρ, with ρ = 1 − ∂²L_D/∂b² the rate of the iteration Z ← F(Z)",
        E_mu(weight**2),
        2 * (1 - derivative(discriminator_loss(), b, b)),
        (BALANCED,),
    )
    half = NamedSumIdentity(
        "it falls short of 2 by 4 E_μ[D(1 − D)] ≥ 0, so that ESS/n ≥ ½",
        E_mu(weight**2),
        2 - 4 * E_mu(D * (1 - D)),
        (BALANCED,),
    )
    one = NamedSumIdentity(
        "it exceeds 1 by a mean of squares, so that ESS/n ≤ 1",
        E_mu(weight**2),
        1 + E_mu((2 * D - 1) ** 2),
        (BALANCED, UNIT_EXPERT, UNIT_GENERATOR_WEIGHTS),
    )
    # Kish: a sample of side s has weight w/(2 n_s); Σω² = E_p[w²]/(4 n_p) + E_q[w²]/(4 n_q)
    ratio = sp.Symbol("r", positive=True)
    pooled = (1 + ratio) * k**2 * (E_p(weight**2) / (4 * k**2) + E_q(weight**2) / (4 * ratio * k**2))
    kish = NamedSumIdentity(
        "with as many samples a side, k + k, Kish's n_eff = (Σω)²/Σω² is n/E_μ[(w/Z)²]",
        E_mu(weight) ** 2 / pooled.xreplace({ratio: sp.Integer(1)}),
        1 / E_mu(weight**2),
        (BALANCED,),
    )
    return Derivation(
        "F7",
        "weights e^{−c}/μ̃ lie in [0, 2Z], and at b* their effective sample size is at least n/2, whatever the cost",
        "every N, every weighting of the rows (any minibatch), every cost",
        (
            Step(
                "The denominator is the discriminator's own.",
                r"w = e^{-c}/\tilde\mu, \quad \tilde\mu = \tfrac12(m + q)",
            ),
        ),
        (bounded, lower, upper, rate, half, one, kish),
        (
            bounded.twin("no factor 2", "w/Z = D", rhs=D),
            upper.twin("bound 1", "w/Z said to stay below 1", expr=1 - 2 * D),
            rate.twin("any b", "said of every b", given=()),
            half.twin("square", "D² for D(1 − D)", rhs=2 - 4 * E_mu(D**2)),
            kish.twin(
                "unequal sides",
                "said of k expert and 3k generator samples",
                lhs=E_mu(weight) ** 2 / pooled.xreplace({ratio: sp.Integer(3)}),
            ),
        ),
    )


def F9() -> Derivation:
    """Derive the best proposal, and that KL leads elsewhere in a restricted family."""
    weight = boltzmann / q[i]
    given = (UNIT_MODEL, UNIT_SAMPLER)
    excess = NamedSumIdentity(
        "E_q[w²] − Z² = Σ h q (w − Z)²",
        total(h[i] * q[i] * weight**2) - partition**2,
        total(h[i] * q[i] * (weight - sp.exp(b)) ** 2),
        given,
    )
    square = RowIdentity(
        "each summand is Z² times a square over q: zero only where q = p_θ",
        h[i] * q[i] * (weight - sp.exp(b)) ** 2,
        sp.exp(2 * b) * squared_gap,
    )
    variance = sp.diff(total(h[i] * model**2 / q_phi), phi)
    divergence = sp.diff(total(h[i] * q_phi * (sp.log(q_phi) + c + b)), phi)
    by_weights = -total(h[i] * q_phi * (model / q_phi) ** 2 * score)
    slope = SumIdentity("∂_φ χ²(p_θ‖q_φ) = −E_q[(w/Z)² s]", variance, by_weights)
    by_cost = total(h[i] * q_phi * (c + sp.log(q_phi)) * score)
    other = NamedSumIdentity("∂_φ KL(q_φ‖p_θ) = E_q[(c + log q) s]", divergence, by_cost, (UNIT_GENERATOR,))
    return Derivation(
        "F9",
        "the best proposal is p_θ; short of it, minimising KL(q‖p_θ) is not minimising the variance",
        EVERY_DENSITY + "; any family q_φ of generators",
        (
            Step(
                "E_q[w] = Z for every q, so that the second moment alone counts.",
                r"\mathbb{E}_q[w^2] = \sum h\,e^{-2c}/q",
            ),
        ),
        (excess, square, slope, other),
        (
            excess.twin("not squared", "Σ h q (w − Z)", rhs=total(h[i] * q[i] * (weight - sp.exp(b)))),
            slope.twin("KL for variance", "the variance said to follow the slope of KL", rhs=by_cost),
            slope.twin("no square", "w/Z for its square", rhs=-total(h[i] * q_phi * (model / q_phi) * score)),
            other.twin("no log q", "E_q[c s]", rhs=total(h[i] * q_phi * c * score)),
        ),
    )
