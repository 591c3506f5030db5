"""Loose statements of Finn, Christiano, Abbeel and Levine (2016), each with the number that shows it.

Thirteen places where a literal implementer goes wrong: a constant, a sign, a quantifier. None of them touches the
theorem; each has cost somebody a debugging session. `ERRATA` says what is printed and what is true; `numbers`
computes both, now, by enumeration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .errata_numbers import (
    Shown,
    consistency,
    divergence_and_variance,
    generator_has_b,
    half_at_the_optimum,
    independent_of_the_generator,
    missing_constant,
    reward_sign,
    sign_of_the_bias,
    sign_of_the_energy,
    sign_of_the_likelihood,
    surrogate_not_likelihood,
    unbiased_estimate,
    unreachable_model,
)


@dataclass(frozen=True)
class Erratum:
    """A loose statement.

    Attributes
    ----------
    id : ``"P1"`` …
    where : section or equation
    printed : what is there
    true : what is true
    claims : the claims that say it in full
    numbers : computes what shows it
    """

    id: str
    where: str
    printed: str
    true: str
    claims: tuple[str, ...]
    numbers: Callable[[], tuple[Shown, ...]] = field(repr=False)


ERRATA: tuple[Erratum, ...] = (
    Erratum(
        "P1",
        "eq. (8), section 3.2.1",
        "L_D = log Z + E_p[c] − E_q[log q] + 2E_μ[log μ̃]",
        "a constant 2 log 2 = 1.386294… is missing, since D is m/(2μ̃); gradients do not notice, values do",
        ("B1",),
        missing_constant,
    ),
    Erratum(
        "P2",
        "section 4",
        "the discriminator's output is σ(E_θ − log q)",
        "it is σ(−E_θ − log Z − log q); as printed, the energy of the data itself does worse than a coin",
        ("A4",),
        sign_of_the_energy,
    ),
    Erratum(
        "P3",
        "section 4",
        "L_energy as E_p[−E] − log Z (copies differ in the sign)",
        "only E_p[E] + log Z is the negative log-likelihood",
        ("D2",),
        sign_of_the_likelihood,
    ),
    Erratum(
        "P4",
        "section 3.1",
        "log Z is the bias of the sigmoid",
        "the bias is −log Z",
        ("A4",),
        sign_of_the_bias,
    ),
    Erratum(
        "P5",
        "section 4 and discussion",
        "an unbiased estimate of the partition function",
        "unbiased with the exact density in the denominator; with p̃ = p_θ there it is biased even with infinite "
        "data, unless Σ (p − p_θ)(1 − D) = 0. What is unbiased is the gradient of L_D at a fixed b",
        ("F2", "F3", "B6"),
        unbiased_estimate,
    ),
    Erratum(
        "P6",
        "section 2.3.2",
        "q is optimised to minimise the variance of the estimate",
        "KL(q‖p_θ) and the variance Z²χ²(p_θ‖q) share no optimum but the unconstrained one",
        ("F9",),
        divergence_and_variance,
    ),
    Erratum(
        "P7",
        "section 3.2.2",
        "the gradient equals that of the MaxEnt IRL objective",
        "it equals the gradient of the importance-sampled surrogate at Z*, with μ̃ and Z held constant; the "
        "likelihood's gradient is another one",
        ("C2", "C5"),
        surrogate_not_likelihood,
    ),
    Erratum(
        "P8",
        "section 4",
        "consistent even if the generator cannot match the data",
        "true if the energies can represent p up to a constant, identifiably; otherwise the limit depends on q",
        ("C6",),
        consistency,
    ),
    Erratum(
        "P9",
        "section 2.3.1",
        "stochastic dynamics are largely the same",
        "the dynamics cancel in D (H1), but no policy reaches p_θ (H3); a random start is enough",
        ("H1", "H3", "K6"),
        unreachable_model,
    ),
    Erratum(
        "P10",
        "summary of section 3.2",
        "the generator's loss is exactly cost minus entropy",
        "plus b; and as b is not log Z_θ in general, the loss can be negative where the divergence is not",
        ("E1", "E2"),
        generator_has_b,
    ),
    Erratum(
        "P11",
        "section 3.1",
        "the optimal discriminator is independent of the generator",
        "true of m where q > 0 if p is representable; false if it is not, and false for single transitions",
        ("A7", "C6", "H5"),
        independent_of_the_generator,
    ),
    Erratum(
        "P12",
        "Fu, Luo and Levine 2018, section 3",
        "the policy maximises E[log(1 − D) − log D]",
        "it minimises that; its own algorithm 1 and appendix have the right sign, log D − log(1 − D)",
        ("E1",),
        reward_sign,
    ),
    Erratum(
        "P13",
        "Fu, Luo and Levine 2018, appendix A.2",
        "the gradient matches that of MaxEnt IRL when p̂ = e^f π equals p_θ",
        "samples come from data and policy while the mixture has p̂: at a soft-optimal policy it is half of it",
        ("C5",),
        half_at_the_optimum,
    ),
)
