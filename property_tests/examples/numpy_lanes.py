"""A GAN discriminator in NumPy that takes one problem, or many at once, with an axis more in front of every array.

Try it: ``ganirl verify property_tests/examples/numpy_lanes.py:target``.
"""

import numpy as np

from ganirl import Gradient, wrap


def cost(case, rows):
    return np.einsum("...nd,...d->...n", rows.features, case.theta)


def logit(case, rows):
    return -cost(case, rows) - case.b[..., None] - rows.log_q


def loss(case):
    expert, generator = logit(case, case.expert), logit(case, case.generator)
    return np.logaddexp(0.0, -expert).mean(axis=-1) + np.logaddexp(0.0, generator).mean(axis=-1)


def gradient(case):
    missed = 1.0 / (1.0 + np.exp(logit(case, case.expert))) / len(case.expert)
    fooled = 1.0 / (1.0 + np.exp(-logit(case, case.generator))) / len(case.generator)
    in_theta = np.einsum("...n,...nd->...d", missed, case.expert.features)
    in_theta = in_theta - np.einsum("...n,...nd->...d", fooled, case.generator.features)
    return Gradient(in_theta, missed.sum(axis=-1) - fooled.sum(axis=-1))


target = wrap(
    name="numpy in lanes",
    lanes=True,
    discriminator_logit=logit,
    discriminator_loss=loss,
    discriminator_gradient=gradient,
    generator_reward=logit,
)
