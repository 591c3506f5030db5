"""Wrong discriminator losses and IRL gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganirl import objectives
from ganirl.logspace import log_sum_exp

from .pipeline import Array, WrongFormula, c_sigmoid, c_softplus, log_partition, loss, surrogate_gradient


def _difference_of_means(w_p: Array, w_q: Array, dc: Array) -> Array:
    gradient: Array = w_p @ dc - w_q @ dc
    return gradient


def _mean_of_pairs(terms: Any, weights: Any, scales: Any) -> Any:
    means = [
        weight @ term @ weight if term.ndim == 2 else weight @ term
        for term, weight in zip(terms, weights, strict=True)
    ]
    return scales[0] * means[0] + scales[1] * means[1]


def _mean_of_shorter(terms: Any, weights: Any, scales: Any) -> Any:
    shorter = min(len(term) for term in terms)
    means = [
        weight[:shorter] @ term[:shorter] / weight[:shorter].sum()
        for term, weight in zip(terms, weights, strict=True)
    ]
    return scales[0] * means[0] + scales[1] * means[1]


def _smoothed(smoothing: float) -> dict[str, Any]:
    # One-sided: the expert's target is 1 − ε.
    return {"expert_term": lambda x: (1 - smoothing) * c_softplus(-x) + smoothing * c_softplus(x)}


FORMULAS = (
    WrongFormula(
        "labels-swapped",
        "the labels of expert and generator are swapped in the loss",
        "columns swapped (guided-cost-learning #1)",
        ("B1", "C1"),
        {"expert_term": c_softplus, "generator_term": lambda x: c_softplus(-x)},
    ),
    WrongFormula(
        "expert-term-only",
        "the loss has only the expert's term",
        "second term lost in a refactoring",
        ("B1", "B2"),
        {"generator_term": np.zeros_like},
    ),
    WrongFormula(
        "generator-term-only",
        "the loss has only the generator's term",
        "first term lost in a refactoring",
        ("B1", "B2"),
        {"expert_term": np.zeros_like},
    ),
    WrongFormula(
        "two-log-two-dropped",
        "2 log 2 is missing from the loss",
        "Finn et al. 2016, equation (8), taken literally",
        ("B1",),
        {"loss": lambda terms, weights, scales: loss(terms, weights, scales) - sum(scales) * np.log(2.0)},
    ),
    WrongFormula(
        "label-smoothing",
        "the expert's label is smoothed (ε = 0.1)",
        "a GAN trick that moves the optimum (I3)",
        ("B1", "C1"),
        _smoothed(0.1),
    ),
    WrongFormula(
        "log-with-epsilon",
        "1e-6 is added inside the logarithms",
        "log(D + ε)",
        ("B1",),
        {
            "expert_term": lambda x: -np.log(c_sigmoid(x) + 1e-6),
            "generator_term": lambda x: -np.log(c_sigmoid(-x) + 1e-6),
        },
    ),
    WrongFormula(
        "log-with-small-epsilon",
        "1e-8 is added inside the logarithms",
        "log(D + ε)",
        ("B1", "N1"),
        {
            "expert_term": lambda x: -np.log(c_sigmoid(x) + 1e-8),
            "generator_term": lambda x: -np.log(c_sigmoid(-x) + 1e-8),
        },
    ),
    WrongFormula(
        "least-squares",
        "the loss is that of a least-squares GAN",
        "LSGAN",
        ("B1", "C1"),
        {
            "expert_term": lambda x: (c_sigmoid(x) - 1.0) ** 2,
            "generator_term": lambda x: c_sigmoid(x) ** 2,
        },
    ),
    WrongFormula(
        "wasserstein",
        "the loss is that of a Wasserstein GAN",
        "WGAN",
        ("B1", "C1"),
        {"expert_term": lambda x: -x, "generator_term": lambda x: x},
    ),
    WrongFormula(
        "batches-zipped",
        "the loss runs over pairs of rows: what the longer batch has beyond the shorter one is left out",
        "zip(expert, generator)",
        ("B1", "C1", "S2"),
        {"loss": _mean_of_shorter},
    ),
    WrongFormula(
        "cost-detached",
        "no gradient reaches the cost",
        "detach() or no_grad() around the cost network",
        ("C1",),
        {"loss_theta": np.real},
    ),
    WrongFormula(
        "gradient-reaches-policy",
        "the discriminator's loss trains the policy through log q",
        "detach() or no_grad() around log π left out",
        ("S1",),
        {"loss_score": lambda score: score},
    ),
    WrongFormula(
        "density-broadcast",
        "the network's output (n, 1) and log q (n,) are broadcast to (n, n), and the loss is the mean of that",
        "squeeze(-1) forgotten",
        ("B1", "C1"),
        {
            "loss_logit": lambda side, c, lq: (-c - side.b)[:, None] - lq[None, :],
            "loss": _mean_of_pairs,
        },
    ),
    WrongFormula(
        "mixture-leak",
        "the gradient of the IRL loss leaks through the mixture",
        "stop-gradient on the mixture left out (Finn et al. section 3.2.2 does not ask for it)",
        ("C2", "C3"),
        {
            "irl_gradient": lambda w_p, w_q, c, lq, b, dc: objectives.mixture_leak_gradient(
                w_p, w_q, c, lq, b, dc=dc
            )
        },
    ),
    WrongFormula(
        "implicit-leak",
        "the gradient of the IRL loss leaks through the optimal Z",
        "Z* differentiated as a function of θ",
        ("C2", "C3"),
        {
            "irl_gradient": lambda w_p, w_q, c, lq, b, dc: objectives.implicit_leak_gradient(
                w_p, w_q, c, lq, b, dc=dc
            )
        },
    ),
    WrongFormula(
        "no-importance-weights",
        "the IRL gradient has no importance weights: the generator's samples are taken for the model's",
        "Kim and Bengio's EBM gradient",
        ("C2", "C3"),
        {"irl_gradient": lambda w_p, w_q, c, lq, b, dc: _difference_of_means(w_p, w_q, dc)},
    ),
    WrongFormula(
        "irl-cost-detached",
        "no gradient of the IRL loss reaches the cost",
        "a cost network that the autodiff does not know for a container of parameters",
        ("C2", "C3"),
        {"irl_gradient": lambda w_p, w_q, c, lq, b, dc: np.zeros(dc.shape[1])},
    ),
    WrongFormula(
        "irl-sign",
        "the IRL gradient has the wrong sign",
        "ascent for descent",
        ("C2", "C3"),
        {"irl_gradient": lambda w_p, w_q, c, lq, b, dc: -surrogate_gradient(w_p, w_q, c, lq, b, dc)},
    ),
    WrongFormula(
        "generator-only-weights",
        "importance weights are taken over the generator's samples alone, with q in the denominator",
        "guided cost learning before the mixture",
        ("C2", "C3"),
        {"irl_gradient": lambda w_p, w_q, c, lq, b, dc: _generator_only(w_p, w_q, c, lq, dc)},
    ),
    WrongFormula(
        "mixture-without-z",
        "the mixture is built without Z: ½(e^−c + q)",
        "log Z forgotten in the mixture",
        ("C2", "C3"),
        {
            "irl_gradient": lambda w_p, w_q, c, lq, b, dc: surrogate_gradient(w_p, w_q, c, lq, 0.0, dc),
            "log_partition": lambda w_p, w_q, c, lq, b: log_partition(w_p, w_q, c, lq, 0.0),
        },
    ),
    WrongFormula(
        "partition-sum",
        "the estimate of Z is a sum over samples, not a mean",
        "logsumexp() without − log n",
        ("B4", "B5"),
        {"log_partition": lambda w_p, w_q, c, lq, b: log_sum_exp(-c - objectives.log_mixture(c, lq, b))},
    ),
    WrongFormula(
        "partition-mean-of-logs",
        "the estimate of log Z is a mean of logarithms, not the logarithm of a mean",
        "mean() of log w",
        ("B4", "B5"),
        {
            "log_partition": lambda w_p, w_q, c, lq, b: (
                0.5 * (w_p + w_q) @ (-c - objectives.log_mixture(c, lq, b))
            )
        },
    ),
    WrongFormula(
        "partition-generator-only",
        "Z is estimated from the generator's samples alone, with q in the denominator",
        "guided cost learning before the mixture",
        ("B4", "B5"),
        {"log_partition": lambda w_p, w_q, c, lq, b: objectives.log_partition_estimate(w_q, w_q, c, lq)},
    ),
)


def _generator_only(w_p: Array, w_q: Array, c: Array, lq: Array, dc: Array) -> Array:
    data: Array = w_p @ dc
    # Weights e^−c/q over the generator's rows: the "mixture" is q, the "data" play no part in it.
    tilted = objectives.surrogate_gradient(w_q, w_q, c, lq, dc)
    return data - (w_q @ dc - tilted)
