"""What imitation's AIRL and GAIL share: a trainer, set to a case and read through the library's own calls.

The library is used as released. Its trainer is handed a reward network that is linear with a bias, a policy
whose logits are a table, and an optimiser whose learning rate is 0, so that gradients stay where autodiff
left them. An observation is the one-hot state followed by the row's features: the policy reads the first
part, the reward network the second. Nothing is trained and no environment is stepped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import torch
from imitation.rewards.reward_nets import BasicRewardNet
from imitation.util import logger as imitation_logger
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv

from ganirl import Case, Conventions, Gradient, Rows

Array = np.ndarray[Any, Any]


class ImitationDiscriminator:
    """An `AdversarialTrainer` of imitation as an implementation under test.

    Trainers are kept between calls, because building one takes as long as ten calls; every call first writes
    θ, b and the policy logits of its case.
    """

    framework = "torch"

    def __init__(
        self,
        name: str,
        trainer_class: Any,
        conventions: Conventions,
        departures: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.trainer_class = trainer_class
        self.conventions = conventions
        self.departures = MappingProxyType(dict(departures or {}))
        self.versions = {library: version(library) for library in ("imitation", "stable-baselines3")}

    def discriminator_logit(self, case: Case, rows: Rows) -> torch.Tensor:
        """(n,) logits, high for the expert, of a training batch as `train_disc` builds it."""
        samples = _samples(case, rows)
        with self._set_to(case, rows) as (trainer, _, _), torch.no_grad():
            # A batch has two sides, and the log probabilities that the library computes for them. Here both
            # sides are these rows, and the first half is read.
            (batch,) = trainer._make_disc_train_batches(expert_samples=samples, gen_samples=samples)
            logit: torch.Tensor = trainer.logits_expert_is_high(
                batch["state"],
                batch["action"],
                batch["next_state"],
                batch["done"],
                batch["log_policy_act_prob"],
            )
        return logit[: len(rows)]

    def discriminator_loss(self, case: Case) -> float:
        """Return the loss that `train_disc` reports: in one minibatch, the tensor that it differentiates."""
        with self._updated(case) as (_, statistics):
            return statistics["disc_loss"]

    def discriminator_gradient(self, case: Case) -> Gradient:
        """∂L/∂θ and ∂L/∂b as `train_disc` left them in the network, whose weight is −θ and bias is −b."""
        with self._updated(case) as ((_, reward, _), _):
            return Gradient(-reward.weight.grad[0, len(case.policy_logits) :], -reward.bias.grad[0])

    def discriminator_policy_gradient(self, case: Case) -> torch.Tensor:
        """(S, A) what `train_disc` left in the policy: nothing, as it computes log π without gradients."""
        with self._updated(case) as ((_, _, policy), _):
            found: torch.Tensor | None = policy.weight.grad
            whole = torch.zeros_like(policy.weight) if found is None else found
            return whole[:, : len(case.policy_logits)].T.clone()

    def generator_reward(self, case: Case, rows: Rows) -> torch.Tensor:
        """(n,) rewards by the function with which the library replaces those of the policy's environment."""
        samples = _samples(case, rows)
        with self._set_to(case, rows) as (trainer, reward, _):
            found = trainer.venv_train.reward_fn(
                samples["obs"], samples["acts"], samples["next_obs"], samples["dones"]
            )
            return torch.as_tensor(found, device=reward.weight.device)

    def log_q(self, case: Case, rows: Rows) -> torch.Tensor:
        """(n,) log π(a|s) as the trainer computes it for the discriminator."""
        samples = _samples(case, rows)
        with self._set_to(case, rows) as (trainer, _, policy), torch.no_grad():
            observations, actions = (
                torch.as_tensor(samples[name], device=policy.weight.device) for name in ("obs", "acts")
            )
            found: torch.Tensor = trainer._get_log_policy_act_prob(observations, actions)
            return found

    @contextmanager
    def _updated(self, case: Case) -> Iterator[tuple[_Parts, Mapping[str, float]]]:
        """Do one update of the discriminator on the case; the learning rate of 0 leaves every parameter."""
        with self._set_to(case, case.expert) as parts:
            parts.policy.weight.grad = None
            statistics = parts.trainer.train_disc(
                expert_samples=_samples(case, case.expert), gen_samples=_samples(case, case.generator)
            )
            yield parts, statistics

    @contextmanager
    def _set_to(self, case: Case, rows: Rows) -> Iterator[_Parts]:
        """Give a trainer for batches as large as these rows, set to the case."""
        states, actions = case.policy_logits.shape
        parts = _build(
            self.trainer_class,
            states=states,
            actions=actions,
            features=len(case.theta),
            rows=len(rows),
            device=str(case.theta.device),
        )
        # Cases are tiny: on a busy machine, threads that wait for one another cost ten times the work.
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.no_grad():
                parts.reward.weight.zero_()
                parts.reward.weight[0, states:] = -case.theta
                parts.reward.bias.fill_(-case.b)
                parts.policy.weight.zero_()
                parts.policy.weight[:, :states] = case.policy_logits.T
                parts.policy.bias.zero_()
            yield parts
        finally:
            torch.set_num_threads(threads)


class _Parts(NamedTuple):
    """A trainer, and the linear layers of its reward network and its policy, into which a case is written."""

    trainer: Any
    reward: Any
    policy: Any


class _NeverStepped(gymnasium.Env):  # type: ignore[misc]  # the library has no stubs here, so that its class is Any
    """An environment that has spaces and a start."""

    def __init__(self, states: int, actions: int, features: int) -> None:
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (states + features,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(actions)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Array, dict[str, Any]]:
        """Return zeros: the library resets an environment once when it wraps it."""
        super().reset(seed=seed, options=options)
        return np.zeros(self.observation_space.shape, dtype=np.float32), {}


@lru_cache(maxsize=256)
def _build(trainer_class: Any, *, states: int, actions: int, features: int, rows: int, device: str) -> _Parts:
    """Build a trainer for one shape of case, leaving the global random state as it was."""
    with torch.random.fork_rng(devices=[]):
        environment = DummyVecEnv([lambda: _NeverStepped(states, actions, features)])
        # Policy and reward network are the libraries' own; without hidden layers they are linear. PPO keeps
        # its defaults (an entropy coefficient of 0), but for the size of a rollout, which is never filled.
        generator = PPO(
            "MlpPolicy", environment, n_steps=2, batch_size=2, policy_kwargs={"net_arch": []}, device=device
        )
        reward_net = BasicRewardNet(
            environment.observation_space, environment.action_space, use_action=False, hid_sizes=()
        )
        trainer = trainer_class(
            demonstrations=None,  # every batch is handed to train_disc
            demo_batch_size=rows,
            venv=environment,
            gen_algo=generator,
            reward_net=reward_net,
            disc_opt_cls=torch.optim.SGD,
            disc_opt_kwargs={"lr": 0.0},
            custom_logger=_silent_logger(),
        )
    return _Parts(trainer, reward_net.mlp.dense_final, generator.policy.action_net)


def _silent_logger() -> Any:
    """Return a logger of imitation that writes nothing.

    The library opens a folder for the statistics of a discriminator's update even if nothing is to be
    written. It keeps what it opened, so that the folder need not outlive this function.
    """
    with TemporaryDirectory() as folder:
        logger = imitation_logger.configure(folder, format_strs=[])
        with logger.accumulate_means("disc"):
            pass
    return logger


def _samples(case: Case, rows: Rows) -> dict[str, Array]:
    """Return rows as the mapping of NumPy arrays that imitation takes for a batch of transitions."""
    states = len(case.policy_logits)
    one_hot = np.eye(states + 1, states, dtype=np.float32)  # the absorbing end, state S, is the zero vector
    features = _numpy(rows.features).astype(np.float32)
    return {
        "obs": np.concatenate([one_hot[_numpy(rows.state)], features], axis=1),
        "acts": _numpy(rows.action),
        # The features belong to the transition and are all that the network reads, in the first observation.
        "next_obs": np.concatenate([one_hot[_numpy(rows.next_state)], np.zeros_like(features)], axis=1),
        "dones": _numpy(rows.done),
    }


def _numpy(tensor: torch.Tensor) -> Array:
    array: Array = tensor.detach().cpu().numpy()
    return array
