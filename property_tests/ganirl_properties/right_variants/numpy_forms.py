"""Right variants in NumPy: other forms of the loss, of D and of log q, other orders of terms, other batches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import expit, log_expit, log_softmax, logsumexp

from ganirl import Gradient, Rows, Steps

from .numpy_library import COMPUTED, Array, Library, log_sum_exp, sigmoid
from .variant import Shelf

SHELF = Shelf("numpy", ("float64", "float32"))


# --- the loss and D ---------------------------------------------------------------------------------------------


@SHELF.right("relu-form", "softplus as max(x, 0) + log(1 + e^−|x|)", "Take e^{max(x, 0)} out of 1 + e^x.")
class _Relu(Library):
    def minus_log_sigmoid(self, x: Array) -> Any:
        return np.maximum(-x, 0) + np.log1p(np.exp(-np.abs(x)))


@SHELF.right("scipy-form", "SciPy's expit and log_expit", "They are σ and log σ by name.")
class _Scipy(Library):
    def minus_log_sigmoid(self, x: Array) -> Any:
        return -log_expit(x)

    def discriminator_probability(self, case: Any, rows: Any) -> Any:
        return expit(self.discriminator_logit(case, rows))


class _TwoDensities(Library):
    """It never forms ℓ: D is the share of m = e^{−c−b} in m + q."""

    def both(self, case: Any, rows: Any) -> Any:
        """(n, 2) log m and log q."""
        return np.stack([-self.cost(case, rows) - case.b, self.log_q(case, rows)], axis=1)


@SHELF.right(
    "mixture-form",
    "−log D = log(m + q) − log m, by logaddexp",
    "D = m/(m + q), so that −log D = log(m + q) − log m and −log(1 − D) = log(m + q) − log q.",
    declared=False,
)
class _Mixture(_TwoDensities):
    def discriminator_loss(self, case: Any) -> Any:
        terms = []
        for rows, place in ((case.expert, 0), (case.generator, 1)):
            logs = self.both(case, rows)
            terms.append((np.logaddexp(logs[:, 0], logs[:, 1]) - logs[:, place]).mean())
        return terms[0] + terms[1]


@SHELF.right(
    "softmax-of-two-classes",
    "D is a softmax over two classes, with log densities for logits",
    "softmax(log m, log q)₀ = m/(m + q) = σ(log m − log q).",
)
class _TwoClasses(_TwoDensities):
    def discriminator_probability(self, case: Any, rows: Any) -> Any:
        logs = self.both(case, rows)
        return np.exp(logs[:, 0] - log_sum_exp(logs)[:, 0])

    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        logs = self.both(case, rows)
        return logs[:, 0] - logs[:, 1]


@SHELF.right(
    "logistic-regression",
    "One design matrix, labels 0 and 1, and the gradient Xᵀ(σ(Xw) − y)",
    "∂softplus(∓ℓ)/∂ℓ is D − 1 for the expert and D for the generator, D − y for both.",
)
class _Regression(Library):
    def discriminator_gradient(self, case: Any) -> Gradient:
        sides = (case.expert, case.generator)
        design = np.concatenate([np.c_[-rows.features, -np.ones_like(rows.weight)] for rows in sides])
        label = np.concatenate([np.full_like(rows.weight, 1 - i) for i, rows in enumerate(sides)])
        logit = design @ np.append(case.theta, case.b) - np.concatenate(
            [self.log_q(case, rows) for rows in sides]
        )
        # 1 − D as σ(−ℓ), so that it keeps its digits near D = 1.
        residual = np.where(label == 1, -sigmoid(-logit), sigmoid(logit))
        in_all = design.T @ (np.concatenate([self.weight(rows) for rows in sides]) * residual)
        return Gradient(in_all[:-1], in_all[-1])


# --- log q ------------------------------------------------------------------------------------------------------


@SHELF.right("scipy-log-softmax", "scipy.special.log_softmax", "log softmax(x)_a = x_a − log Σ e^x.")
class _LogSoftmax(Library):
    def log_policy(self, case: Any) -> Any:
        return log_softmax(case.policy_logits, axis=1)


@SHELF.right(
    "log-of-probabilities",
    "π is a table of probabilities, and log π its logarithm",
    "log(e^x_a/Σ e^x) = x_a − log Σ e^x; nothing underflows where the largest logit is taken off.",
    formats=("float64",),
)
class _LogOfProbabilities(Library):
    def log_policy(self, case: Any) -> Any:
        policy = np.exp(case.policy_logits - case.policy_logits.max(axis=1, keepdims=True))
        return np.log(policy / policy.sum(axis=1, keepdims=True))


@SHELF.right(
    "normaliser-of-each-step",
    "Logits of the actions taken are added up, then the normalisers",
    "Σ_t (x_a − log Σ e^x) = Σ_t x_a − Σ_t log Σ e^x.",
)
class _Normalisers(Library):
    def log_q(self, case: Any, rows: Any) -> Any:
        steps = rows.steps
        chosen = np.where(steps.mask, case.policy_logits[steps.state, steps.action], 0).sum(axis=1)
        total = logsumexp(case.policy_logits, axis=1)[steps.state]
        return chosen - np.where(steps.mask, total, 0).sum(axis=1)


@SHELF.right(
    "one-hot-actions",
    "Actions are one-hot vectors",
    "Σ_a 1[a = a_t] log π(a|s_t) has one term that is not zero.",
)
class _OneHot(Library):
    def log_q(self, case: Any, rows: Any) -> Any:
        steps, (_, actions) = rows.steps, case.policy_logits.shape
        log_pi = self.log_policy(case)
        taken = np.eye(actions, dtype=log_pi.dtype)[steps.action] * steps.mask[..., None]
        return np.einsum("nta,nta->n", log_pi[steps.state], taken)


@SHELF.right(
    "visits-times-log-policy",
    "log q is a table of log π against how often each action was taken",
    "Σ_t log π(a_t|s_t) = Σ_{s,a} N(s,a) log π(a|s).",
)
class _Visits(Library):
    def log_q(self, case: Any, rows: Any) -> Any:
        steps, log_pi = rows.steps, self.log_policy(case)
        visits = np.zeros((len(steps.mask), *log_pi.shape), dtype=log_pi.dtype)
        row, time = np.nonzero(steps.mask)
        np.add.at(visits, (row, steps.state[row, time], steps.action[row, time]), 1)
        return np.tensordot(visits, log_pi, axes=2)


# --- orders of terms --------------------------------------------------------------------------------------------


@SHELF.right("terms-from-the-right", "−(b + (log q + c))", "Addition is associative and commutative.")
class _FromTheRight(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        return -(case.b + (self.log_q(case, rows) + self.cost(case, rows)))


@SHELF.right(
    "log-q-first", "(−log q − c) − b, features from the last to the first", "Sums do not know their order."
)
class _LogQFirst(Library):
    def cost(self, case: Any, rows: Any) -> Any:
        return (rows.features * case.theta)[:, ::-1].sum(axis=1)

    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        return (-self.log_q(case, rows) - self.cost(case, rows)) - case.b


@SHELF.right(
    "step-by-step",
    "c + log π is added up in time, b first of all",
    "Σ_t φ_t·θ + Σ_t log π_t = Σ_t (φ_t·θ + log π_t).",
)
class _StepByStep(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        steps = rows.steps
        log_pi = self.log_policy(case)[steps.state, steps.action]
        total = np.full(len(rows.features), -case.b, dtype=rows.features.dtype)
        for time in range(steps.mask.shape[1]):
            step = steps.features[:, time] @ case.theta + log_pi[:, time]
            total = total - np.where(steps.mask[:, time], step, 0)
        return total


@SHELF.right(
    "costs-to-go",
    "The cost is the first of the costs to go",
    "Σ_{t ≥ 0} c_t is what a backward cumulative sum ends with.",
)
class _ToGo(Library):
    def cost(self, case: Any, rows: Any) -> Any:
        per_step = (rows.steps.features * case.theta).sum(axis=2)
        return per_step[:, ::-1].cumsum(axis=1)[:, -1]


@SHELF.right("exact-sums", "Means by math.fsum", "A sum that is rounded once is as right as a sum can be.")
class _Exact(Library):
    def loss_of(self, expert: Array, generator: Array) -> Any:
        terms = self.minus_log_sigmoid(expert), self.minus_log_sigmoid(-generator)
        means = [math.fsum(term.tolist()) / len(term) for term in terms]
        return expert.dtype.type(means[0] + means[1])


@SHELF.right(
    "running-means",
    "Means are updated row by row",
    "x̄_n = x̄_{n−1} + (x_n − x̄_{n−1})/n.",
)
class _Running(Library):
    def loss_of(self, expert: Array, generator: Array) -> Any:
        means = []
        for terms in (self.minus_log_sigmoid(expert), self.minus_log_sigmoid(-generator)):
            mean = terms.dtype.type(0)
            for count, term in enumerate(terms, 1):
                mean = mean + (term - mean) / terms.dtype.type(count)
            means.append(mean)
        return means[0] + means[1]


@SHELF.right(
    "one-mean-of-differences",
    "Losses are log-odds and one softplus for both sides",
    "softplus(−ℓ) = softplus(ℓ) − ℓ: L_D = mean(softplus(ℓ)) over both − E_p[ℓ].",
    declared=False,
)
class _OneSoftplus(Library):
    def loss_of(self, expert: Array, generator: Array) -> Any:
        return (np.logaddexp(0, expert) - expert).mean() + np.logaddexp(0, generator).mean()


# --- batches ----------------------------------------------------------------------------------------------------


def _part(rows: Any, chosen: slice) -> Rows:
    steps = rows.steps
    names = ("state", "action", "next_state", "done", "mask", "features")
    return Rows(
        rows.features[chosen],
        rows.log_q[chosen],
        rows.weight[chosen],
        Steps(**{name: getattr(steps, name)[chosen] for name in names}),
    )


def _chunks(rows: Any, size: int) -> Iterator[Rows]:
    for first in range(0, len(rows.features), size):
        yield _part(rows, slice(first, first + size))


@SHELF.right(
    "chunks-of-three",
    "Batches pass three rows at a time, gradients are accumulated",
    "A mean is the sum of its chunks' sums over n, and so is its gradient.",
)
class _Chunks(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        whole = super().discriminator_logit
        return np.concatenate([whole(case, chunk) for chunk in _chunks(rows, 3)])

    def discriminator_loss(self, case: Any) -> Any:
        total = case.theta.dtype.type(0)
        for rows, sign in ((case.expert, 1), (case.generator, -1)):
            for chunk in _chunks(rows, 3):
                logit = super().discriminator_logit(case, chunk)
                total = total + self.minus_log_sigmoid(sign * logit).sum() / len(rows.features)
        return total

    def discriminator_gradient(self, case: Any) -> Gradient:
        in_theta, in_b = np.zeros_like(case.theta), case.theta.dtype.type(0)
        for rows, sign in ((case.expert, 1), (case.generator, -1)):
            for chunk in _chunks(rows, 3):
                slope = -sign * sigmoid(-sign * super().discriminator_logit(case, chunk)) / len(rows.features)
                in_theta, in_b = in_theta - slope @ chunk.features, in_b - slope.sum()
        return Gradient(in_theta, in_b)


@SHELF.right(
    "padded-batch",
    "Both sides in one array of 64 rows, with a mask",
    "Rows of weight zero add nothing, and σ of whatever stands there is finite.",
)
class _Padded(Library):
    def discriminator_loss(self, case: Any) -> Any:
        logits = np.zeros((2, 64), dtype=case.theta.dtype)
        weights = np.zeros_like(logits)
        for side, (logit, rows) in enumerate(
            zip(self.logits(case), (case.expert, case.generator), strict=True)
        ):
            logits[side, : len(logit)] = logit if side == 0 else -logit
            weights[side, : len(logit)] = self.weight(rows)
        return (weights * self.minus_log_sigmoid(logits)).sum()


@SHELF.right(
    "rows-sorted",
    "Rows are sorted by ℓ before they are averaged",
    "A mean does not know the order of its rows.",
)
class _Sorted(Library):
    def loss_of(self, expert: Array, generator: Array) -> Any:
        return super().loss_of(np.sort(expert), np.sort(generator)[::-1])


# --- precision, and state ---------------------------------------------------------------------------------------


@SHELF.right(
    "float64-inside",
    "It computes in float64 whatever it is handed",
    "Fewer roundings are no error.",
    formats=("float32",),
)
class _DoubleInside(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        cost = rows.features.astype(np.float64) @ case.theta.astype(np.float64)
        return -cost - float(case.b) - self.log_q(case, rows)

    def log_policy(self, case: Any) -> Any:
        return super().log_policy(replace(case, policy_logits=case.policy_logits.astype(np.float64)))


@SHELF.right(
    "remembers-its-policy",
    "log π is kept until the policy changes",
    "A table that was made of the same logits is the same table.",
)
class _Cached(Library):
    def __init__(self) -> None:
        self.kept: tuple[bytes, Array] | None = None

    def log_policy(self, case: Any) -> Any:
        key = case.policy_logits.tobytes()
        if self.kept is None or self.kept[0] != key:
            self.kept = key, super().log_policy(case)
        return self.kept[1].reshape(case.policy_logits.shape)


@SHELF.right(
    "writes-into-its-batch",
    "It works in place and leaves its input changed",
    "What a call is handed is its own to use up.",
)
class _InPlace(Library):
    def discriminator_loss(self, case: Any) -> Any:
        value = super().discriminator_loss(case)
        for rows in (case.expert, case.generator):
            rows.features[:] = 0
        case.theta[:] = np.nan
        return value


@SHELF.right(
    "gradient-by-complex-steps",
    "∂L_D is the imaginary part of L_D at θ + iε",
    "L(θ + iε) = L(θ) + iε ∂L + O(ε²): at ε = 10⁻³⁰ there is nothing else.",
    formats=("float64",),
)
class _ComplexSteps(Library):
    conventions = replace(COMPUTED, loss_form="bce")

    def discriminator_gradient(self, case: Any) -> Gradient:
        step = 1e-30

        def slope(theta: Array, b: Any) -> Any:
            found = 0.0
            for rows, sign in ((case.expert, -1), (case.generator, 1)):
                x = sign * (-(rows.features @ theta) - b - self.log_q(case, rows))
                # softplus with the larger of 1 and e^x taken out.
                small = np.log1p(np.exp(np.where(x.real > 0, -x, x)))
                found = found + (np.where(x.real > 0, x, 0) + small).mean().imag / step
            return found

        theta = case.theta.astype(complex)
        in_theta = [slope(theta + 1j * step * direction, case.b) for direction in np.eye(len(theta))]
        return Gradient(np.array(in_theta), slope(theta, case.b + 1j * step))


VARIANTS = tuple(SHELF.variants)
