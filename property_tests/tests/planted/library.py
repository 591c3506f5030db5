"""A right little library in PyTorch; planted code overrides a method of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from ganirl import OBSERVABLES, Conventions, Implementation, wrap


class Library:
    """Trajectory AIRL: D = σ(−c − b − log q), reward log D − log(1 − D), and guided cost learning beside it."""

    conventions: ClassVar[Conventions] = Conventions(log_q="computed")
    departures: ClassVar[dict[str, str]] = {}
    hidden: ClassVar[tuple[str, ...]] = ()

    def log_q(self, case: Any, rows: Any) -> Tensor:
        steps = rows.steps
        log_pi = F.log_softmax(case.policy_logits, dim=1)[steps.state, steps.action]
        return (log_pi * steps.mask).sum(dim=1)

    def cost(self, case: Any, rows: Any) -> Tensor:
        return rows.features @ case.theta

    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -self.cost(case, rows) - case.b - self.log_q(case, rows).detach()

    def discriminator_probability(self, case: Any, rows: Any) -> Tensor:
        return torch.sigmoid(self.discriminator_logit(case, rows))

    def discriminator_loss(self, case: Any) -> Tensor:
        expert = self.discriminator_logit(case, case.expert)
        generator = self.discriminator_logit(case, case.generator)
        return -F.logsigmoid(expert).mean() - F.logsigmoid(-generator).mean()

    def generator_reward(self, case: Any, rows: Any) -> Tensor:
        return self.discriminator_logit(case, rows)

    def policy_loss(self, case: Any) -> Tensor:
        rows = case.generator
        return -(self.log_q(case, rows) * self.generator_reward(case, rows).detach()).mean()

    def log_weights(self, case: Any) -> tuple[Tensor, Tensor]:
        """−c − log μ̃ with the mixture held constant, and log μ, over the rows of both sides."""
        sides = (case.expert, case.generator)
        cost = torch.cat([self.cost(case, rows) for rows in sides])
        log_q = torch.cat([self.log_q(case, rows) for rows in sides])
        log_mu = torch.cat(
            [cost.new_full((len(rows.features),), -math.log(2 * len(rows.features))) for rows in sides]
        )
        log_mixture = torch.logaddexp(-cost - case.b, log_q) - math.log(2)
        return -cost - log_mixture.detach(), log_mu

    def irl_loss(self, case: Any) -> Tensor:
        """Guided cost learning: E_p[c] + log E_μ[e^{−c}/μ̃]."""
        return self.cost(case, case.expert).mean() + self.log_partition(case)

    def log_partition(self, case: Any) -> Tensor:
        log_weight, log_mu = self.log_weights(case)
        return torch.logsumexp(log_weight + log_mu, dim=0)


def implementation(author: type[Library]) -> Implementation:
    """Wrap a library class, as its adapter would."""
    library = author()
    observables = {
        name: getattr(library, name)
        for name in OBSERVABLES
        if callable(getattr(library, name, None)) and name not in author.hidden
    }
    return wrap(
        name=author.__name__,
        framework="torch",
        conventions=author.conventions,
        departures=author.departures,
        **observables,
    )


@dataclass(frozen=True)
class Planted:
    """A wrong implementation, with what the verifier has to say about it.

    Attributes
    ----------
    roots : claims that must be violated, not merely blocked
    diagnosis : id of the wrong formula to be named for the first root; None if there is none to name
    dtype : the format in which it is judged
    """

    make: Callable[[], Implementation]
    roots: tuple[str, ...]
    diagnosis: str | None
    dtype: str


WRONG: dict[str, Planted] = {}
ODD: dict[str, Callable[[], Implementation]] = {}


def wrong(
    *roots: str, diagnosis: str | None, dtype: str = "float64"
) -> Callable[[type[Library]], type[Library]]:
    """Register a wrong library."""

    def register(author: type[Library]) -> type[Library]:
        WRONG[author.__name__] = Planted(lambda: implementation(author), roots, diagnosis, dtype)
        return author

    return register


def odd(author: type[Library]) -> type[Library]:
    """Register a right but odd library."""
    ODD[author.__name__] = lambda: implementation(author)
    return author
