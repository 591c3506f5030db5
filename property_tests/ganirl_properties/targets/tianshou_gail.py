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

An observation is the one-hot state followed by the row's features: the policy reads the first part, the
discriminator the second. ``repeat=0`` leaves PPO's own updates out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from typing import Any, NamedTuple

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


class TianshouGail:
    """`GAIL` on linear networks, into which every case is written, with optimisers that do not move."""

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
        with _set_to(case) as parts, torch.no_grad():
            found: torch.Tensor = parts.algorithm.disc(_buffer(case, rows)[:])
            return found

    def discriminator_loss(self, case: Case) -> float:
        """Return the loss that the update of the discriminator reports, of its one step."""
        with _updated(case) as (_, statistics):
            return float(statistics.disc_loss.mean)

    def discriminator_gradient(self, case: Case) -> Gradient:
        """∂L/∂θ and ∂L/∂b as the update left them in the network, whose weight is −θ and bias is −b."""
        with _updated(case) as (parts, _):
            used = slice(len(case.policy_logits), len(case.policy_logits) + len(case.theta))
            return Gradient(-parts.network.weight.grad[0, used], -parts.network.bias.grad[0])

    def discriminator_policy_gradient(self, case: Case) -> torch.Tensor | None:
        """(S, A) what the update of the discriminator left in the policy: None for nothing."""
        with _updated(case) as (parts, _):
            found: torch.Tensor | None = parts.policy.weight.grad
            return None if found is None else found[:, : len(case.policy_logits)].T

    def generator_reward(self, case: Case, rows: Rows) -> Any:
        """(n,) rewards by which the library replaces those of a rollout."""
        return self._preprocessed(case, rows).rew

    def log_q(self, case: Case, rows: Rows) -> torch.Tensor:
        """(n,) log π(a|s) as PPO keeps it for its ratios."""
        found: torch.Tensor = self._preprocessed(case, rows).logp_old
        return found

    def _preprocessed(self, case: Case, rows: Rows) -> Any:
        with _set_to(case) as parts:
            buffer = _buffer(case, rows)
            return parts.algorithm._preprocess_batch(buffer[:], buffer, np.arange(len(rows)))


class _Parts(NamedTuple):
    """The algorithm, and the linear layers of its discriminator and its policy."""

    algorithm: Any
    network: Any
    policy: Any


class _Given(ReplayBuffer):  # type: ignore[misc]  # the library has no stubs here, so that its class is Any
    """A buffer that gives all its rows whenever some are drawn: the batch of a case is no matter of chance."""

    def sample_indices(self, batch_size: int | None) -> np.ndarray[Any, Any]:
        """(n,) every index, in order."""
        return np.arange(len(self))


class _Actor(ModuleWithVectorOutput):  # type: ignore[misc]
    """A linear policy: logits, and no hidden state."""

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__(linear.out_features)
        self.linear = linear

    def forward(self, obs: Any, state: Any = None, info: Any = None) -> tuple[torch.Tensor, Any]:
        return self.linear(torch.as_tensor(obs, device=self.linear.weight.device)), state


class _Critic(torch.nn.Module):
    """A value of 0: PPO wants one, and nothing that is read here depends on it."""

    def forward(self, obs: Any) -> torch.Tensor:
        return torch.zeros(len(obs), 1)


@lru_cache(maxsize=256)
def _build(states: int, actions: int, features: int, dtype: torch.dtype, device: str) -> _Parts:
    network = torch.nn.Linear(states + features + actions, 1, device=device, dtype=dtype)
    policy = torch.nn.Linear(states + features, actions, device=device, dtype=dtype)
    still = TorchOptimizerFactory(torch.optim.SGD, lr=0.0)
    algorithm = GAIL(
        policy=ProbabilisticActorPolicy(
            actor=_Actor(policy),
            dist_fn=lambda logits: OneHotCategorical(logits=logits),
            action_space=Box(0.0, 1.0, (actions,)),
            action_scaling=False,
            action_bound_method=None,
        ),
        critic=_Critic(),
        optim=still,
        expert_buffer=_Given(1),
        disc_net=network,
        disc_optim=still,
        disc_update_num=1,
    )
    return _Parts(algorithm, network, policy)


@contextmanager
def _set_to(case: Case) -> Iterator[_Parts]:
    """Give an algorithm set to the case, and leave the global random states as they were."""
    states, actions = case.policy_logits.shape
    features, theta = len(case.theta), case.theta
    seen = np.random.get_state()  # noqa: NPY002  # the library shuffles by the global generator
    try:
        with torch.random.fork_rng(devices=[]):
            parts = _build(states, actions, features, theta.dtype, str(theta.device))
            with torch.no_grad():
                parts.network.weight.zero_()
                parts.network.weight[0, states : states + features] = -theta
                parts.network.bias.fill_(-case.b)
                parts.policy.weight.zero_()
                parts.policy.weight[:, :states] = case.policy_logits.T
                parts.policy.bias.zero_()
            yield parts
    finally:
        np.random.set_state(seen)  # noqa: NPY002


@contextmanager
def _updated(case: Case) -> Iterator[tuple[_Parts, Any]]:
    """Do one update of the discriminator on the case; the learning rate of 0 leaves every parameter."""
    with _set_to(case) as parts:
        parts.policy.weight.grad = None
        parts.algorithm.expert_buffer = _buffer(case, case.expert)
        batch = _buffer(case, case.generator)[:]
        yield parts, parts.algorithm._update_with_batch(batch, batch_size=None, repeat=0)


def _buffer(case: Case, rows: Rows) -> _Given:
    """Return rows as the library keeps transitions."""
    states, actions = case.policy_logits.shape
    features = _numpy(rows.features)
    one_hot = np.eye(
        states + 1, states, dtype=features.dtype
    )  # the absorbing end, state S, is the zero vector
    done = _numpy(rows.done)
    found: _Given = _Given.from_data(
        obs=np.concatenate([one_hot[_numpy(rows.state)], features], axis=1),
        act=np.eye(actions, dtype=features.dtype)[_numpy(rows.action)],
        rew=np.zeros(len(rows)),
        terminated=done,
        truncated=np.zeros_like(done),
        done=done,
        obs_next=np.concatenate([one_hot[_numpy(rows.next_state)], np.zeros_like(features)], axis=1),
    )
    return found


def _numpy(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = tensor.detach().cpu().numpy()
    return array


target = TianshouGail()
