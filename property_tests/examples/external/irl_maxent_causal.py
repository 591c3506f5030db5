"""Maximum causal entropy IRL of irl-maxent 0.1.0, which needs a NumPy older than ganirl's own.

    python3 -m venv old && old/bin/pip install irl-maxent==0.1.0 'numpy<1.24' setuptools
    ganirl verify 'exec:old/bin/python property_tests/examples/external/irl_maxent_causal.py'

Its `numpy.float` was taken away in NumPy 1.24, and ganirl runs on 1.26 and later: the library stays in a process of its
own. Its policy is asked for where a discount ends things. Without one its loop need not end (a terminal state may still
be left), and its visits have no discount: without a terminal state they grow for ever.
"""

import os
import sys

import numpy as np
from irl_maxent import maxent

HARNESS = "../../ganirl_properties/targets/external"
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), HARNESS))

from ganirl_harness import serve  # noqa: E402

# The library's own argument; with its default of 1e-5 the last digits would be missing.
EPSILON = 1e-12


def policy(case):
    """(S, A); the library's table is P[from, to, action], and r(s) = −c(s)."""
    table = case.mdp.transition[:, :, :-1].transpose(0, 2, 1)
    rewards = -case.mdp.features[:, 0, 0] @ case.theta
    return maxent.local_causal_action_probabilities(table, [], rewards, case.mdp.discount, EPSILON)


if __name__ == "__main__":
    serve(
        name="irl-maxent, causal",
        conventions={
            "unit": "process",
            "precisions": ["float64"],
            "process": {
                "entropy": "causal",
                "horizon": "discounted",
                "start": "given",
                "rewards_on": "state",
                "ends": False,
                "tolerance": EPSILON,
                "occupancy_axes": "sa",
                "occupancy_scale": "discounted",
            },
        },
        versions={"irl-maxent": "0.1.0", "numpy": np.__version__},
        arrays=np.array,
        policy=policy,
    )
