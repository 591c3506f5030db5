"""Right variants in PyTorch: log q, the cost, b, and how the logit is put together."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Categorical
from torch.nn import functional as F

from ganirl import Conventions

from .torch_library import Library
from .variant import Shelf

SHELF = Shelf("torch", ("float64", "float32", "bfloat16"))
COMPUTED = Library.conventions


@SHELF.right(
    "torch-constant-in-log-q",
    "log q of another base measure, undeclared; only the discriminator sees it",
    "−c − b − (log q + k) = −c − (b + k) − log q: a constant is b's to absorb.",
    declared=False,
)
class _ConstantInLogQ(Library):
    hidden = ("log_q",)

    def log_q(self, case: Any, rows: Any) -> Any:
        return super().log_q(case, rows) + math.log(3.0)


@SHELF.right(
    "torch-no-log-z",
    "There is no b at all",
    "A cost with a constant feature k has e^{−c} = e^{−c′ − k}: k is what b would be.",
)
class _NoLogZ(Library):
    conventions = replace(COMPUTED, log_z="absent")
    hidden = ("irl_loss",)

    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        return -self.cost(case, rows) - self.log_q(case, rows).detach()


@SHELF.right("torch-bias-for-log-z", "A linear layer with weight −θ and bias −b", "(φ, 1)·(−θ, −b) = −c − b.")
class _Bias(Library):
    conventions = replace(COMPUTED, log_z="bias")

    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        network = F.linear(rows.features, -case.theta[None, :], -case.b.reshape(1))
        return network.squeeze(-1) - self.log_q(case, rows).detach()


@SHELF.right("torch-columns", "Every vector is a column", "(n, 1) holds the same numbers as (n,).")
class _Columns(Library):
    def log_q(self, case: Any, rows: Any) -> Any:
        return super().log_q(case, rows)[:, None]

    def cost(self, case: Any, rows: Any) -> Any:
        return rows.features @ case.theta[:, None]

    def irl_loss(self, case: Any) -> Any:
        return Library().irl_loss(case)

    def log_partition(self, case: Any) -> Any:
        return Library().log_partition(case)


@SHELF.right("torch-terms-from-the-right", "−(b + (log q + c))", "Addition is associative and commutative.")
class _FromTheRight(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        return -(case.b + (self.log_q(case, rows).detach() + self.cost(case, rows)))


@SHELF.right(
    "torch-features-from-the-last", "−b − log q, then features from the last", "Sums do not know their order."
)
class _FromTheLast(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        cost = (rows.features * case.theta).flip(1).sum(dim=1)
        return -case.b - self.log_q(case, rows).detach() - cost


@SHELF.right(
    "torch-step-by-step",
    "c + log π is taken off in time, b first of all",
    "Σ_t φ_t·θ + Σ_t log π_t = Σ_t (φ_t·θ + log π_t).",
)
class _StepByStep(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        steps = rows.steps
        log_pi = F.log_softmax(case.policy_logits, dim=1).detach()[steps.state, steps.action]
        total: Tensor = -case.b.expand(len(rows.features))
        for t in range(steps.mask.shape[1]):
            step = steps.features[:, t] @ case.theta + log_pi[:, t]
            total = total - torch.where(steps.mask[:, t], step, 0.0)
        return total


@SHELF.right(
    "torch-costs-to-go",
    "The cost is the first of the costs to go",
    "Σ_{t ≥ 0} c_t is what a backward cumulative sum ends with.",
)
class _CostsToGo(Library):
    def cost(self, case: Any, rows: Any) -> Any:
        per_step = (rows.steps.features * case.theta).sum(dim=-1)
        return per_step.flip(1).cumsum(dim=1)[:, -1]


@SHELF.right(
    "torch-logsumexp-of-logits", "log π is the logit less a logsumexp", "log softmax(x)_a = x_a − log Σ e^x."
)
class _Logsumexp(Library):
    def log_q(self, case: Any, rows: Any) -> Any:
        steps = rows.steps
        logits = case.policy_logits[steps.state]
        chosen = logits.gather(-1, steps.action[..., None]).squeeze(-1) - logits.logsumexp(dim=-1)
        return torch.where(steps.mask, chosen, 0.0).sum(dim=1)


@SHELF.right("torch-categorical", "Categorical(logits=…).log_prob", "It is log softmax by name.")
class _Categorical(Library):
    def log_q(self, case: Any, rows: Any) -> Any:
        policy: Any = Categorical(logits=case.policy_logits[rows.steps.state])
        log_prob: Tensor = policy.log_prob(rows.steps.action)
        return (log_prob * rows.steps.mask).sum(dim=1)


@SHELF.right(
    "torch-one-hot-actions",
    "One-hot actions in an einsum",
    "Σ_a 1[a = a_t] log π(a|s_t) has one term that is not zero.",
)
class _OneHot(Library):
    def log_q(self, case: Any, rows: Any) -> Any:
        steps = rows.steps
        log_pi = F.log_softmax(case.policy_logits, dim=-1)[steps.state]
        taken = F.one_hot(steps.action, case.policy_logits.shape[1]).to(log_pi.dtype)
        return torch.einsum("nta,nta,nt->n", log_pi, taken, steps.mask.to(log_pi.dtype))


@SHELF.right(
    "torch-log-q-handed-over", "It never evaluates its policy", "log q is a number of the row, like φ."
)
class _HandedOver(Library):
    conventions = Conventions(log_q="input")
    hidden = ("irl_loss",)

    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        return -self.cost(case, rows) - case.b - rows.log_q


@SHELF.right(
    "torch-transitions",
    "A row is one transition, batches are of one size",
    "h = d_π(s), q = π(a|s): a step is a trajectory of length one, and every claim is of either.",
)
class _Transitions(Library):
    conventions = replace(COMPUTED, unit="transition", equal_batches=True)

    def log_q(self, case: Any, rows: Any) -> Any:
        return F.log_softmax(case.policy_logits, dim=1)[rows.state, rows.action]


@SHELF.right(
    "torch-float64-inside", "It computes in float64 whatever it is handed", "Fewer roundings are no error."
)
class _DoubleInside(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        cost = rows.features.double() @ case.theta.double()
        steps = rows.steps
        chosen = F.log_softmax(case.policy_logits.double(), dim=1)[steps.state, steps.action]
        return -cost - case.b.double() - (chosen * steps.mask).sum(dim=1).detach()


@SHELF.right(
    "torch-offset-in-the-cost",
    "b is added to each cost before anything else",
    "(c + b) + log q = c + (b + log q).",
)
class _Offset(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        shifted = torch.addmv(case.b.expand(len(rows.features)), rows.features, case.theta)
        return -(shifted + self.log_q(case, rows).detach())


VARIANTS = tuple(SHELF.variants)
