"""AIRL in plain Python as a process of its own; `external` asks it by the protocol of any language."""

from __future__ import annotations

import math
import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def _dot(left: Any, right: Any) -> float:
    return math.fsum(x * y for x, y in zip(left, right, strict=True))


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


def _logits(case: Any, rows: Any) -> list[float]:
    return [
        -_dot(phi, case.theta) - case.b - log_q for phi, log_q in zip(rows.features, rows.log_q, strict=True)
    ]


def _loss(case: Any) -> float:
    expert = [_softplus(-x) for x in _logits(case, case.expert)]
    generator = [_softplus(x) for x in _logits(case, case.generator)]
    return _dot(case.expert.weight, expert) + _dot(case.generator.weight, generator)


def _gradient(case: Any) -> tuple[list[float], float]:
    """∂L_D in θ and in b, from ∂ℓ/∂θ = −φ and ∂ℓ/∂b = −1."""
    slopes = [w * _sigmoid(-x) for w, x in zip(case.expert.weight, _logits(case, case.expert), strict=True)]
    slopes += [
        -w * _sigmoid(x) for w, x in zip(case.generator.weight, _logits(case, case.generator), strict=True)
    ]
    features = case.expert.features + case.generator.features
    in_theta = [_dot(slopes, [phi[k] for phi in features]) for k in range(len(case.theta))]
    return in_theta, math.fsum(slopes)


if __name__ == "__main__":
    # The harness is one file that stands beside an adapter; a process that is asked does not import this project.
    sys.path.append(str(Path(__file__).parent.parent / "targets" / "external"))
    serve = import_module("ganirl_harness").serve
    serve(
        name="plain Python",
        conventions={"weights": True},
        discriminator_logit=_logits,
        discriminator_probability=lambda case, rows: [_sigmoid(x) for x in _logits(case, rows)],
        discriminator_loss=_loss,
        discriminator_gradient=_gradient,
        generator_reward=_logits,
    )
