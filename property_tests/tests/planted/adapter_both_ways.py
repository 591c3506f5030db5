"""One adapter, in the process and outside of it: functions of NumPy arrays, right and wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

CONVENTIONS = {"weights": True}
TABULAR = {"unit": "process", "weights": True, "process": {"entropy": "causal", "ends": False}}


def logit(case, rows):
    return -(rows.features @ case.theta) - case.b - rows.log_q


def loss(case):
    expert = np.logaddexp(0, -logit(case, case.expert))
    generator = np.logaddexp(0, logit(case, case.generator))
    return case.expert.weight @ expert + case.generator.weight @ generator


def gradient(case):
    in_expert = case.expert.weight / (1 + np.exp(logit(case, case.expert)))
    in_generator = -case.generator.weight / (1 + np.exp(-logit(case, case.generator)))
    return (
        in_expert @ case.expert.features + in_generator @ case.generator.features,
        in_expert.sum() + in_generator.sum(),
    )


def without_log_q(case, rows):
    return -(rows.features @ case.theta) - case.b


def gail_reward(case, rows):
    return np.logaddexp(0, logit(case, rows))


def half_a_loss(case):
    return loss(case) / 2


def raises(case, rows):
    raise ValueError("no such layer")


def soft_values(case):
    """Soft value iteration, V of T steps to go first."""
    mdp = case.mdp
    cost = mdp.features @ case.theta
    values = [np.zeros(len(mdp.start), dtype=cost.dtype)]
    for _ in range(mdp.horizon):
        onward = np.append(values[0], values[0].dtype.type(0))
        action_values = (mdp.transition * (onward - cost)).sum(axis=2)
        values.insert(0, np.logaddexp.reduce(action_values, axis=1))
    return np.stack(values[:-1])


def log_partition(case):
    return case.mdp.start @ soft_values(case)[0]


def without_a_step(case):
    return np.concatenate([soft_values(case)[1:], np.zeros((1, len(case.mdp.start)))])


RIGHT = {
    "discriminator_logit": logit,
    "discriminator_loss": loss,
    "discriminator_gradient": gradient,
    "generator_reward": logit,
}
ADAPTERS = {
    "right": RIGHT,
    "reward_is_f": {**RIGHT, "generator_reward": without_log_q},
    "gail_reward": {**RIGHT, "generator_reward": gail_reward},
    "half_a_loss": {**RIGHT, "discriminator_loss": half_a_loss},
    "raises": {**RIGHT, "generator_reward": raises},
    "tabular": {"soft_values": soft_values, "log_partition": log_partition},
    "tabular_without_a_step": {"soft_values": without_a_step, "log_partition": log_partition},
}

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2] / "ganirl_properties/targets/external"))
    from ganirl_harness import serve

    serve(
        name="both ways",
        conventions=TABULAR if "tabular" in sys.argv[1] else CONVENTIONS,
        arrays=np.array,
        dtypes={"float64": np.float64, "float32": np.float32},
        **ADAPTERS[sys.argv[1]],
    )
