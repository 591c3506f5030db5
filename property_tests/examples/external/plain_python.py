"""AIRL in plain Python, with no library at all.

    ganirl verify 'exec:python3 property_tests/examples/external/plain_python.py'

In a stack of your own, copy ganirl_harness.py beside the adapter (`ganirl harness > ganirl_harness.py`).
"""

import math
import os
import sys

HARNESS = "../../ganirl_properties/targets/external"
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), HARNESS))

from ganirl_harness import serve  # noqa: E402


def dot(left, right):
    return math.fsum(x * y for x, y in zip(left, right))


def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


def logits(case, rows):
    return [-dot(phi, case.theta) - case.b - log_q for phi, log_q in zip(rows.features, rows.log_q)]


def loss(case):
    expert = [softplus(-x) for x in logits(case, case.expert)]
    generator = [softplus(x) for x in logits(case, case.generator)]
    return dot(case.expert.weight, expert) + dot(case.generator.weight, generator)


def gradient(case):
    """Return the gradient in θ and in b: dℓ/dθ = −φ, dℓ/db = −1."""
    expert = [w * (1 - sigmoid(x)) for w, x in zip(case.expert.weight, logits(case, case.expert))]
    generator = [-w * sigmoid(x) for w, x in zip(case.generator.weight, logits(case, case.generator))]
    per_row = expert + generator
    features = case.expert.features + case.generator.features
    in_theta = [dot(per_row, [phi[k] for phi in features]) for k in range(len(case.theta))]
    return in_theta, math.fsum(per_row)


if __name__ == "__main__":
    serve(
        name="plain Python",
        conventions={"weights": True},
        discriminator_logit=logits,
        discriminator_probability=lambda case, rows: [sigmoid(x) for x in logits(case, rows)],
        discriminator_loss=loss,
        discriminator_gradient=gradient,
        generator_reward=logits,
    )
