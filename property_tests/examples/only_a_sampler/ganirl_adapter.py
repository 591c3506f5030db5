"""What `rollouts.py` draws, judged: `ganirl verify ganirl_adapter.py:target`.

Its estimate of Z has the right expectation, and its logarithm has not: `as_log_z` claims that all the same.
"""

import numpy as np
from rollouts import ImportanceSampler, Simulator

from ganirl import Conventions, ProcessConventions, wrap


def log_partition(case):
    mdp = case.mdp
    simulator = Simulator(
        np.asarray(mdp.start, dtype=float),
        np.asarray(mdp.transition, dtype=float),
        mdp.costs(case.theta),
        mdp.horizon,
        np.random.default_rng(case.seed),  # another one at each call
    )
    return ImportanceSampler(simulator).log_partition()


def sampler(unbiased):
    return wrap(
        name="rollouts",
        log_partition=log_partition,
        conventions=Conventions(
            unit="process",
            process=ProcessConventions(entropy="trajectory"),
            sampled=("log_partition",),
            unbiased=unbiased,
        ),
    )


target = sampler("Z")
as_log_z = sampler("log Z")
