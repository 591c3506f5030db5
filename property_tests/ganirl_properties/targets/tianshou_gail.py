"""The built-in target ``tianshou-gail``: GAIL of the library tianshou, as released.

What was read in the source of tianshou 2.0.1 (algorithm/imitation/gail.py unless another file is named):

- the logit is what ``disc_net`` gives for the observation and the action side by side (``GAIL.disc``), so that an
  action is a vector: here one-hot, under torch's ``OneHotCategorical``. There is no log π in it. The bias is −b;
- D is the probability of the expert; the loss is −logsigmoid(−ℓ) averaged over the policy's rows plus −logsigmoid(ℓ)
  averaged over the expert's (``GAIL._update_with_batch``). The expert's rows are drawn from ``expert_buffer``, as many
  as a minibatch has, but the last minibatch takes what is left over, so that both sides may differ in size. Here
  ``disc_update_num=1`` makes the batch one minibatch, and the buffer gives all that it holds;
- no probability is computed anywhere, so that none is observed;
- the policy is fed −logsigmoid(−ℓ) = −log(1 − D) (``GAIL._preprocess_batch``);
- ``ent_coef=0.01`` is the default of ``GAIL``: PPO adds an entropy bonus to its loss (algorithm/modelfree/ppo.py);
- rewards and buffers are NumPy's, which has no bfloat16.

Both networks are linear and set to the case (`torch_networks`); the learning rates are 0, and ``repeat=0`` leaves PPO's
own updates out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from tianshou.algorithm import GAIL
from tianshou.algorithm.modelfree.reinforce import ProbabilisticActorPolicy
from tianshou.algorithm.optim import TorchOptimizerFactory
from tianshou.data import ReplayBuffer
from tianshou.utils.net.common import ModuleWithVectorOutput
from torch.distributions import OneHotCategorical

from ganirl import Case, Conventions, Gradient, Rows

from .gail import DEPARTURES
from .torch_networks import PolicyNetwork, RewardNetwork, transitions


class TianshouGail:
    """`GAIL` on linear networks that are set to the case, with optimisers that do not move."""

    name = "tianshou-gail"
    framework = "torch"
    conventions = Conventions(
        unit="transition",
        expert_label=1,
        loss_scale="sum_of_means",
        loss_form="log_sigmoid",
        reward="−log(1 − D)",
        entropy_coefficient=0.01,
        log_q="absent",
        log_z="bias",
        weights=False,
        precisions=("float64", "float32"),
    )
    departures = DEPARTURES

    def __init__(self) -> None:
        self.versions = {library: version(library) for library in ("tianshou", "gymnasium")}

    def discriminator_logit(self, case: Case, rows: Rows) -> torch.Tensor:
        """(n, 1) logits, high for the expert."""
        with torch.no_grad():
            found: torch.Tensor = _built(case).disc(_buffer(case, rows)[:])
            return found

    def discriminator_loss(self, case: Case) -> float:
        """Return the loss that the update of the discriminator reports, of its one step."""
        return float(_updated(case)[1].disc_loss.mean)

    def discriminator_gradient(self, case: Case) -> Gradient:
        """∂L/∂θ and ∂L/∂b as the update left them in the network."""
        gradient: Gradient = _updated(case)[0].disc_net.gradient()
        return gradient

    def discriminator_policy_gradient(self, case: Case) -> torch.Tensor | None:
        """(S, A) what the update of the discriminator left in the policy: None for nothing."""
        found: torch.Tensor | None = _updated(case)[0].policy.actor.network.weight.grad
        return None if found is None else found.T

    def generator_reward(self, case: Case, rows: Rows) -> Any:
        """(n,) rewards by which the library replaces those of a rollout."""
        return _preprocessed(case, rows).rew

    def log_q(self, case: Case, rows: Rows) -> torch.Tensor:
        """(n,) log π(a|s) as PPO keeps it for its ratios."""
        found: torch.Tensor = _preprocessed(case, rows).logp_old
        return found


class _Given(ReplayBuffer):  # type: ignore[misc]  # the library has no stubs here, so that its class is Any
    """A buffer that gives all its rows whenever some are drawn: the batch of a case is no matter of chance."""

    def sample_indices(self, batch_size: int | None) -> np.ndarray[Any, Any]:
        """(n,) every index, in order."""
        return np.arange(len(self))


class _Actor(ModuleWithVectorOutput):  # type: ignore[misc]
    """The case's policy as tianshou calls one: with arrays, and with a hidden state that it has not."""

    def __init__(self, case: Case) -> None:
        super().__init__(case.policy_logits.shape[1])
        self.network = PolicyNetwork(case)

    def forward(self, obs: Any, state: Any = None, info: Any = None) -> tuple[torch.Tensor, Any]:
        return self.network(torch.as_tensor(obs, device=self.network.weight.device)), state


class _Critic(torch.nn.Module):
    """A value of 0: PPO wants one, and nothing that is read here depends on it."""

    def forward(self, obs: Any) -> torch.Tensor:
        return torch.zeros(len(obs), 1)


@contextmanager
def _chance_left_alone() -> Iterator[None]:
    """Leave the global random states as they were: one draws networks and actions, another shuffles batches."""
    seen = np.random.get_state()  # noqa: NPY002  # the library's own choice
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        np.random.set_state(seen)  # noqa: NPY002


@_chance_left_alone()
def _built(case: Case) -> Any:
    still = TorchOptimizerFactory(torch.optim.SGD, lr=0.0)
    return GAIL(
        policy=ProbabilisticActorPolicy(
            actor=_Actor(case),
            dist_fn=lambda logits: OneHotCategorical(logits=logits),
            action_space=Box(0.0, 1.0, (case.policy_logits.shape[1],)),
            action_scaling=False,
            action_bound_method=None,
        ),
        critic=_Critic(),
        optim=still,
        expert_buffer=_buffer(case, case.expert),
        disc_net=RewardNetwork(case),
        disc_optim=still,
        disc_update_num=1,
    )


@_chance_left_alone()
def _updated(case: Case) -> tuple[Any, Any]:
    """Do one update of the discriminator on the case; return the algorithm, and the statistics of the update."""
    algorithm = _built(case)
    batch = _buffer(case, case.generator)[:]
    return algorithm, algorithm._update_with_batch(batch, batch_size=None, repeat=0)


@_chance_left_alone()
def _preprocessed(case: Case, rows: Rows) -> Any:
    buffer = _buffer(case, rows)
    return _built(case)._preprocess_batch(buffer[:], buffer, np.arange(len(rows)))


def _buffer(case: Case, rows: Rows) -> _Given:
    """Return rows as the library keeps transitions, actions as vectors."""
    given, done = transitions(case, rows), rows.done.cpu().numpy()
    one_hot = torch.eye(case.policy_logits.shape[1], dtype=case.theta.dtype)
    found: _Given = _Given.from_data(
        obs=given.observation.cpu().numpy(),
        act=one_hot[given.action.cpu()].numpy(),
        rew=np.zeros(len(rows)),
        terminated=done,
        truncated=np.zeros_like(done),
        done=done,
        obs_next=given.next_observation.cpu().numpy(),
    )
    return found


target = TianshouGail()
