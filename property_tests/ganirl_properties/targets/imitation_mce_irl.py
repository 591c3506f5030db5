"""The built-in target ``imitation-mce-irl``: maximum causal entropy IRL of the library imitation, as released.

What was read in the source of imitation 1.0.1 (algorithms/mce_irl.py) and seals 0.2.1 (base_envs.py):

- ``mce_partition_fh`` is the soft Bellman backup of Ziebart's thesis with a fixed horizon: T rewards, each of the
  state that a step leaves, V_T = 0, discount γ. There is no end: the rows of P sum to one over the states;
- ``mce_occupancy_measures`` gives Σ_t γ^t P(s_t = s) over T + 1 states, the one after the last step included, under
  the policy that it solves for if it is given none, as in training;
- ``MCEIRL._set_demo_from_trajectories`` counts the T + 1 observations of each demonstration in the same way, and
  takes the mean over demonstrations, which have no weights;
- ``MCEIRL._train_step`` differentiates Σ_s (visits of the model − of the demonstrations) r(s), so that it leaves in
  a linear network, whose weight is −θ, minus the gradient of E_p[c] + V. The network's format is the user's; the
  backup is in float64 always.

No departure is declared: the class follows "chapters 9 and 10 of Brian Ziebart's PhD thesis", in whose gradient the
rewards that are matched are those that the policy is solved for.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from imitation.algorithms.mce_irl import MCEIRL, mce_occupancy_measures, mce_partition_fh
from imitation.data.types import Trajectory
from imitation.rewards.reward_nets import BasicRewardNet
from imitation.util import logger as imitation_logger
from seals.base_envs import TabularModelPOMDP

from ganirl import Case, Conventions, ProcessConventions

Array = npt.NDArray[Any]


class ImitationMceIrl:
    """`MCEIRL` and its two functions; nothing is trained, and no environment is stepped."""

    name = "imitation-mce-irl"
    framework = "numpy"
    departures = MappingProxyType[str, str]({})
    versions = MappingProxyType({library: version(library) for library in ("imitation", "seals")})
    conventions = Conventions(
        unit="process",
        precisions=("float64", "float32"),
        process=ProcessConventions(
            entropy="causal",
            horizon="fixed",
            start="given",
            rewards_on="state",
            discounts=True,
            ends=False,
            occupancy_axes="s",
            occupancy_scale="discounted",
            visits="states",
        ),
    )

    def soft_values(self, case: Case) -> Array:
        """V, (T, S)."""
        return np.asarray(self._solved(case)[0])

    def policy(self, case: Case) -> Array:
        """π, (T, S, A)."""
        return np.asarray(self._solved(case)[2])

    def occupancy(self, case: Case) -> Array:
        """(S,) discounted visits, asked for as ``_train_step`` does: without a policy."""
        found = mce_occupancy_measures(_environment(case), reward=_rewards(case), discount=case.mdp.discount)
        return np.asarray(found[1])

    def demonstration_gradient(self, case: Case) -> Array:
        """(d,) what a training step leaves in the network, whose weight is −θ; the learning rate is 0."""
        environment, dtype = _environment(case), torch.from_numpy(case.theta).dtype
        network = BasicRewardNet(
            environment.observation_space, environment.action_space, use_action=False, hid_sizes=()
        ).to(dtype)
        linear = network.mlp.dense_final
        with torch.no_grad():
            linear.weight[0] = -torch.from_numpy(case.theta)
            linear.bias.zero_()
        trainer = MCEIRL(
            _demonstrations(case),
            environment,
            network,
            np.random.default_rng(0),
            optimizer_cls=torch.optim.SGD,
            optimizer_kwargs={"lr": 0.0},
            discount=case.mdp.discount,
            custom_logger=_silent_logger(),
        )
        trainer._train_step(torch.as_tensor(environment.observation_matrix, dtype=dtype))
        return np.asarray(-linear.weight.grad[0].numpy())

    def _solved(self, case: Case) -> tuple[Array, Array, Array]:
        solved: tuple[Array, Array, Array] = mce_partition_fh(
            _environment(case), reward=_rewards(case), discount=case.mdp.discount
        )
        return solved


@cache
def _silent_logger() -> Any:
    """Return one logger that writes nothing; each of the library's own would leave a folder behind."""
    with TemporaryDirectory() as folder:
        return imitation_logger.configure(folder, format_strs=[])


def _environment(case: Case) -> Any:
    """Return the process as the library carries it; observations are the features of states."""
    process = case.mdp
    return TabularModelPOMDP(
        transition_matrix=process.live,
        observation_matrix=process.state_features,
        reward_matrix=_rewards(case),
        horizon=process.horizon,
        initial_state_dist=process.start,
    )


def _rewards(case: Case) -> Array:
    return np.asarray(-(case.mdp.state_features @ case.theta))


def _demonstrations(case: Case) -> list[Any]:
    """Return the demonstrations with the T + 1 states that they visit."""
    steps = case.expert.steps
    return [
        Trajectory(obs=np.append(state, next_state[-1]), acts=action, infos=None, terminal=True)
        for state, action, next_state in zip(steps.state, steps.action, steps.next_state, strict=True)
    ]


target = ImitationMceIrl()
