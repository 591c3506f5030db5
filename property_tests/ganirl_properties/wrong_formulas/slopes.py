"""Right values with wrong slopes, and losses with a term too many: what only a gradient, or only the value, shows."""

from __future__ import annotations

from typing import Any

import numpy as np

from .pipeline import Array, Side, WrongFormula, c_sigmoid, c_softplus, loss


def _less_b(side: Side, c: Array, lq: Array) -> Array:
    return -c - lq


def _learning(x: Any, learns: bool) -> Any:
    return x if learns else np.real(x)


def _only_the_expert_learns(side: Side, c: Array, lq: Array) -> Any:
    return _learning(-c - side.b - lq, side.is_expert)


def _only_the_generator_learns(side: Side, c: Array, lq: Array) -> Any:
    return _learning(-c - side.b - lq, not side.is_expert)


def _scaled(factor: float) -> Any:
    return lambda theta: np.real(theta) + factor * 1j * np.imag(theta) if np.iscomplexobj(theta) else theta


def _first_frozen(theta: Array) -> Array:
    frozen = np.array(theta)
    frozen[0] = np.real(frozen[0])
    return frozen


def _with_offset(offset: float) -> Any:
    return lambda terms, weights, scales: loss(terms, weights, scales) + offset


def _entropy_bonus(terms: Any, weights: Any, scales: Any) -> Any:
    # H(Ber(D)) of each row from its two terms: −log D = softplus(−ℓ), so that ℓ = −log(e^{term} − 1).
    logits = (-np.log(np.expm1(terms[0])), np.log(np.expm1(terms[1])))
    entropies = [c_softplus(x) - x * c_sigmoid(x) for x in logits]
    # The mean is over both sides' rows, concatenated.
    total = sum(len(weight) * (weight @ entropy) for weight, entropy in zip(weights, entropies, strict=True))
    return loss(terms, weights, scales) - 1e-3 * total / sum(map(len, weights))


FORMULAS = (
    WrongFormula(
        "loss-without-log-q",
        "log q is missing from the logit that the loss sees",
        "two code paths for the logit, one of them mended",
        ("B1", "C1"),
        {"loss_logit": lambda side, c, lq: -c - side.b},
    ),
    WrongFormula(
        "loss-without-log-z",
        "log Z is missing from the logit that the loss sees",
        "two code paths for the logit, one of them mended",
        ("B1", "B2"),
        {"loss_logit": _less_b},
    ),
    WrongFormula(
        "bce-with-logits-of-probabilities",
        "probabilities are handed to a loss that expects logits: the sigmoid is applied twice",
        "F.binary_cross_entropy_with_logits(torch.sigmoid(x), …)",
        ("B1", "C1"),
        {"loss_logit": lambda side, c, lq: c_sigmoid(-c - side.b - lq)},
    ),
    WrongFormula(
        "gradient-reversed",
        "the gradient in θ has the wrong sign, the loss is right",
        "a gradient-reversal layer left in, or the loss maximised",
        ("C1",),
        {"loss_theta": np.conj},
    ),
    WrongFormula(
        "log-z-gradient-reversed",
        "the gradient in log Z has the wrong sign, the loss is right",
        "log Z in an optimiser that ascends",
        ("B2",),
        {"loss_b": np.conj},
    ),
    WrongFormula(
        "gradient-doubled",
        "the gradient in θ is twice what it should be, the loss is right",
        "two backward passes accumulate; or the scale of mixed precision is not undone",
        ("C1",),
        {"loss_theta": _scaled(2.0)},
    ),
    WrongFormula(
        "gradient-halved",
        "the gradient in θ is half what it should be, the loss is right",
        "gradients averaged over two workers that hold one side each",
        ("C1",),
        {"loss_theta": _scaled(0.5)},
    ),
    WrongFormula(
        "gradient-of-the-expert-alone",
        "only the expert's rows send a gradient",
        "detach() or no_grad() around the generator's rows",
        ("C1", "B2"),
        {"loss_logit": _only_the_expert_learns},
    ),
    WrongFormula(
        "gradient-of-the-generator-alone",
        "only the generator's rows send a gradient",
        "detach() or no_grad() around the expert's rows",
        ("C1", "B2"),
        {"loss_logit": _only_the_generator_learns},
    ),
    WrongFormula(
        "log-z-learns-from-the-expert-alone",
        "only the expert's rows send a gradient to log Z",
        "log Z detached where the generator's rows are scored",
        ("B2",),
        {"loss_logit": lambda side, c, lq: -c - _learning(side.b, side.is_expert) - lq},
    ),
    WrongFormula(
        "log-z-learns-from-the-generator-alone",
        "only the generator's rows send a gradient to log Z",
        "log Z detached where the expert's rows are scored",
        ("B2",),
        {"loss_logit": lambda side, c, lq: -c - _learning(side.b, not side.is_expert) - lq},
    ),
    WrongFormula(
        "cost-learns-from-the-expert-alone",
        "only the expert's rows send a gradient to θ",
        "the cost of the generator's rows taken from the reward, which is detached",
        ("C1",),
        {"loss_logit": lambda side, c, lq: -_learning(c, side.is_expert) - side.b - lq},
    ),
    WrongFormula(
        "cost-learns-from-the-generator-alone",
        "only the generator's rows send a gradient to θ",
        "the cost of demonstrations worked out once, under no_grad()",
        ("C1",),
        {"loss_logit": lambda side, c, lq: -_learning(c, not side.is_expert) - side.b - lq},
    ),
    WrongFormula(
        "first-parameter-frozen",
        "no gradient reaches the first parameter",
        "a layer left out of the optimiser",
        ("C1",),
        {"loss_theta": _first_frozen},
    ),
    WrongFormula(
        "gradient-reaches-policy-reversed",
        "the discriminator's loss trains the policy through log q, with the sign turned over",
        "a gradient-reversal layer in front of log π",
        ("S1",),
        {"loss_score": lambda score: -score},
    ),
    WrongFormula(
        "two-log-two-twice",
        "2 log 2 is added to the loss",
        "the loss of Goodfellow et al. shifted to be a Jensen–Shannon divergence",
        ("B1",),
        {"loss": _with_offset(2.0 * np.log(2.0))},
    ),
    WrongFormula(
        "loss-sign",
        "the loss has the wrong sign",
        "log-likelihood for its negative",
        ("B1", "C1", "B2"),
        {"loss": lambda terms, weights, scales: -loss(terms, weights, scales)},
    ),
    WrongFormula(
        "terms-subtracted",
        "the generator's term is subtracted",
        "a sign lost between two papers",
        ("B1", "C1"),
        {"generator_term": lambda x: -c_softplus(x)},
    ),
    WrongFormula(
        "expert-weighted-double",
        "the expert's term counts twice",
        "pos_weight = 2",
        ("B1", "B2", "C1"),
        {"expert_term": lambda x: 2.0 * c_softplus(-x)},
    ),
    WrongFormula(
        "labels-smoothed-on-both-sides",
        "both labels are smoothed (ε = 0.1)",
        "a GAN trick that moves the optimum (I3)",
        ("B1", "C1"),
        {
            "expert_term": lambda x: 0.9 * c_softplus(-x) + 0.1 * c_softplus(x),
            "generator_term": lambda x: 0.9 * c_softplus(x) + 0.1 * c_softplus(-x),
        },
    ),
    WrongFormula(
        "focal",
        "rows are weighted by a focal loss (γ = 2)",
        "borrowed from object detection",
        ("B1", "C1"),
        {
            "expert_term": lambda x: c_sigmoid(-x) ** 2 * c_softplus(-x),
            "generator_term": lambda x: c_sigmoid(x) ** 2 * c_softplus(x),
        },
    ),
    WrongFormula(
        "hinge",
        "the loss is a hinge loss",
        "SAGAN and BigGAN",
        ("B1", "C1"),
        {
            "expert_term": lambda x: np.where(np.real(x) < 1.0, 1.0 - x, 0.0),
            "generator_term": lambda x: np.where(np.real(x) > -1.0, 1.0 + x, 0.0),
        },
    ),
    WrongFormula(
        "absolute",
        "the loss is the absolute distance of D from its label",
        "F.l1_loss",
        ("B1", "C1"),
        {"expert_term": lambda x: c_sigmoid(-x), "generator_term": c_sigmoid},
    ),
    WrongFormula(
        "non-saturating-generator-term",
        "the generator's term is +log D in place of −log(1 − D)",
        "the non-saturating trick applied to the discriminator",
        ("B1", "C1"),
        {"generator_term": lambda x: -c_softplus(-x)},
    ),
    WrongFormula(
        "entropy-bonus-in-the-loss",
        "0.001 of the mean entropy of D over all rows is subtracted from the loss",
        "OpenAI Baselines' GAIL",
        ("B1", "C1"),
        {"loss": _entropy_bonus},
    ),
    WrongFormula(
        "weight-decay",
        "0.01 ‖θ‖² is added to the loss",
        "weight decay inside the loss (I4)",
        ("B1", "C1"),
        {"penalty": lambda theta, b: 0.01 * (theta @ theta)},
    ),
    WrongFormula(
        "gradient-penalty",
        "a gradient penalty, 10 (‖∂ℓ/∂φ‖ − 1)², is added to the loss",
        "WGAN-GP's penalty left on (I4)",
        ("B1", "C1"),
        {"penalty": lambda theta, b: 10.0 * (np.sqrt(theta @ theta + 1e-12) - 1.0) ** 2},
    ),
    WrongFormula(
        "zero-centred-penalty",
        "½ ‖∂ℓ/∂φ‖² is added to the loss",
        "the R1 penalty left on (I4)",
        ("B1", "C1"),
        {"penalty": lambda theta, b: 0.5 * (theta @ theta)},
    ),
    WrongFormula(
        "log-z-regularised",
        "0.01 b² is added to the loss",
        "self-normalisation of a language model applied to log Z",
        ("B1", "B2"),
        {"penalty": lambda theta, b: 0.01 * b * b},
    ),
    WrongFormula(
        "log-z-as-z",
        "Z is subtracted in place of log Z",
        "the parameter is taken for log Z in one place and exponentiated in another",
        ("A4", "B2"),
        {"logit": lambda side, c, lq: -c - np.exp(side.b) - lq},
    ),
    WrongFormula(
        "log-z-doubled",
        "log Z is subtracted twice",
        "a bias in the network beside an explicit log Z",
        ("A4", "B2"),
        {"logit": lambda side, c, lq: -c - 2.0 * side.b - lq},
    ),
    WrongFormula(
        "log-z-on-the-expert-side",
        "log Z is subtracted on the expert's rows only",
        "two code paths for the logit",
        ("A4", "B2"),
        {"logit": lambda side, c, lq: -c - (side.b if side.is_expert else 0.0 * side.b) - lq},
    ),
    WrongFormula(
        "logit-over-the-length",
        "logits are divided by the number of steps",
        "a geometric mean of step discriminators for their product (H7)",
        ("A4",),
        {"logit": lambda side, c, lq: (-c - side.b - lq) / side.length},
    ),
    WrongFormula(
        "logit-squashed",
        "logits are squashed, 10 tanh(ℓ/10)",
        "clipping for stability, smoothly",
        ("A4", "C1"),
        {"logit": lambda side, c, lq: 10.0 * np.tanh((-c - side.b - lq) / 10.0)},
    ),
    WrongFormula(
        "probability-of-the-generator",
        "D is the probability of the generator while ℓ is the expert's logit",
        "two label conventions in one file",
        ("A4", "A5"),
        {"probability": lambda x: c_sigmoid(-x)},
    ),
    WrongFormula(
        "probability-clamped",
        "D is clamped to [0.001, 0.999]",
        "clipping against log(0)",
        ("A4", "A5"),
        {"probability": lambda x: np.clip(c_sigmoid(x), 1e-3, 1.0 - 1e-3)},
    ),
    WrongFormula(
        "probability-by-tanh",
        "D is ½(1 + tanh ℓ): the ½ inside the tanh is missing",
        "a sigmoid by hand",
        ("A4", "A5"),
        {"probability": lambda x: 0.5 * (1.0 + np.tanh(x))},
    ),
    WrongFormula(
        "probability-is-the-odds",
        "e^ℓ is taken for D",
        "the density ratio for the probability",
        ("A4", "A5"),
        {"probability": np.exp},
    ),
    WrongFormula(
        "probability-thresholded",
        "D is rounded to 0 or 1",
        "accuracy's prediction reused",
        ("A4", "A5"),
        {"probability": lambda x: (x > 0).astype(float)},
    ),
)
