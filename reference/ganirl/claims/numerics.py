"""Families N and S: floating point, and symmetries that a loss must have."""

from .claim import Claim

CLAIMS = (
    Claim(
        "N1",
        "Tails of the loss",
        r"|\mathrm{fl}(\pm\log D) - (\pm\log D)| \le S\,B \text{ for } \ell \in \{0, \pm10^{-3}, \pm5, \dots, \pm200\}",
        "Forward error analysis of softplus; Higham 2002, chapter 3",
        tier=1,
        observables=("discriminator_loss",),
    ),
    Claim(
        "N1b",
        "Tails of the loss in float64",
        r"|\mathrm{fl}(\pm\log D) - (\pm\log D)| \le S\,B \text{ on 901 points of } \ell \in [-45, 45]",
        "Forward error analysis of softplus; Higham 2002, chapter 3",
        tier=1,
        observables=("discriminator_loss",),
        dtypes=("float64",),
    ),
    Claim(
        "N2",
        "The gradient does not saturate",
        r"\ell \in \{-40, -100, -150\} \text{ on the expert} \;\Rightarrow\;"
        r"\frac{\partial(-\log D)}{\partial \ell} = -1, \text{ not } 0",
        "Derivative of softplus; the sigmoid underflows where its logarithm does not",
        tier=1,
        observables=("discriminator_gradient | discriminator_loss",),
    ),
    Claim(
        "S1",
        "No gradient reaches the policy",
        r"\partial_\varphi L_D = 0 \text{ or absent, } \varphi \text{ the generator's parameters}",
        "Finn et al. 2016, section 3.2.2: L_D is minimised in the cost alone",
        tier=1,
        observables=("discriminator_policy_gradient | discriminator_loss",),
    ),
    Claim(
        "S2",
        "The batch has no order",
        r"L_D \text{ is unchanged when rows are permuted and when both batches are duplicated}",
        "An expectation is a symmetric function of its samples",
        tier=1,
        observables=("discriminator_loss",),
    ),
)
