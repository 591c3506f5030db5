"""What imitation's AIRL and GAIL share: one trainer, written to a case, and read through the library's own calls.

The library is used as released. Its trainer is handed a reward network that is linear with a bias, a policy whose
logits are a table, and an optimiser whose learning rate is 0, so that gradients stay where autodiff left them.
An observation is the one-hot state followed by the row's features: the policy reads the first part, the reward the
second. Nothing is trained, no environment is stepped. Citations name the files of imitation 1.0.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, NamedTuple

import gymnasium
import imitation  # first: where the library is missing, the error names it and not one of its parts
import numpy as np
import torch
from ganirl import Case, Conventions, Gradient, Rows
from imitation.rewards.reward_nets import BasicRewardNet
from imitation.util import logger as imitation_logger
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv


class ImitationDiscriminator:
    """An `AdversarialTrainer` of imitation as an implementation under test.

    Every call writes θ, b and the policy logits of its case before it computes, so that trainers can be kept
    between calls: building one takes longer than a hundred calls.
    """

    framework = "torch"

    def __init__(
        self, name: str, trainer_class: Any, conventions: Conventions, departures: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.trainer_class = trainer_class
        self.conventions = conventions
        self.departures = MappingProxyType(dict(departures or {}))

    @property
    def version(self) -> str:
        """The version of the library under test."""
        return str(imitation.__version__)

    def discriminator_logit(self, case: Case, rows: Rows) -> torch.Tensor:
        """(n,) logits that are high for the expert, computed on a training batch as `train_disc` does."""
        samples = _samples(case, rows)
        setup = self._setup(case, rows)
        # The library builds a batch of both sides at once, with the log probabilities that it computes for it.
        (batch,) = setup.trainer._make_disc_train_batches(expert_samples=samples, gen_samples=samples)
        with torch.no_grad():
            logit: torch.Tensor = setup.trainer.logits_expert_is_high(
                batch["state"], batch["action"], batch["next_state"], batch["done"], batch["log_policy_act_prob"]
            )
        return logit[: len(rows)]

    def discriminator_loss(self, case: Case) -> float:
        """Return the loss that `train_disc` reports; with one minibatch a batch it is the tensor it differentiates."""
        _, statistics = self._update(case)
        return statistics["disc_loss"]

    def discriminator_gradient(self, case: Case) -> Gradient:
        """∂loss/∂θ and ∂loss/∂b, left in the network by `train_disc`; the weight is −θ and the bias −b."""
        setup, _ = self._update(case)
        layer = setup.reward_layer
        return Gradient(-layer.weight.grad[0, case.policy_logits.shape[0] :], -layer.bias.grad[0])

    def discriminator_policy_gradient(self, case: Case) -> torch.Tensor:
        """(S, A) what `train_disc` left in the policy's logits: none, as it computes log π without gradients."""
        setup, _ = self._update(case)
        found = setup.policy_layer.weight.grad
        if found is None:
            return torch.zeros_like(case.policy_logits)
        return found[:, : case.policy_logits.shape[0]].T.clone()

    def generator_reward(self, case: Case, rows: Rows) -> torch.Tensor:
        """(n,) the rewards that replace the environment's, from the function that the wrapper of the policy's env calls."""
        reward = self._setup(case, rows).trainer.venv_train.reward_fn
        samples = _samples(case, rows)
        found = reward(samples["obs"], samples["acts"], samples["next_obs"], samples["dones"])
        return torch.as_tensor(found, device=case.theta.device)

    def log_q(self, case: Case, rows: Rows) -> torch.Tensor:
        """(n,) log π(a|s) by the trainer's `_get_log_policy_act_prob`, on tensors as `train_disc` makes them."""
        samples, trainer = _samples(case, rows), self._setup(case, rows).trainer
        observations, actions = (
            torch.as_tensor(samples[key], device=trainer.gen_algo.device) for key in ("obs", "acts")
        )
        with torch.no_grad():
            found: torch.Tensor = trainer._get_log_policy_act_prob(observations, actions)
        return found

    def _update(self, case: Case) -> tuple[_Setup, Mapping[str, float]]:
        """One discriminator update on the case; the learning rate of 0 leaves the parameters as they were."""
        setup = self._setup(case, case.expert)
        setup.policy_layer.weight.grad = None
        statistics: Mapping[str, float] = setup.trainer.train_disc(
            expert_samples=_samples(case, case.expert), gen_samples=_samples(case, case.generator)
        )
        return setup, statistics

    def _setup(self, case: Case, rows: Rows) -> _Setup:
        """Return a trainer for batches as large as these rows, with the case's parameters written into it."""
        states, actions = case.policy_logits.shape
        setup = _build(
            self.trainer_class, states, actions, case.theta.shape[0], len(rows), str(case.theta.device)
        )
        reward, policy = setup.reward_layer, setup.policy_layer
        with torch.no_grad():
            reward.weight.zero_()
            reward.weight[0, states:] = -case.theta
            reward.bias.fill_(-case.b)
            policy.weight.zero_()
            policy.weight[:, :states] = case.policy_logits.T
            policy.bias.zero_()
        return setup


class _Setup(NamedTuple):
    """A trainer, and the two linear layers into which a case is written."""

    trainer: Any
    reward_layer: Any
    policy_layer: Any


class _Spaces(gymnasium.Env):  # type: ignore[misc]  # without stubs the base class is Any
    """An environment that has spaces and a start, and is never stepped."""

    def __init__(self, states: int, actions: int, features: int) -> None:
        shape = (states + features,)
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, shape, np.float32)
        self.action_space = gymnasium.spaces.Discrete(actions)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
        """Return an observation of zeros; the library resets once when it wraps the environment."""
        super().reset(seed=seed, options=options)
        return np.zeros(self.observation_space.shape, dtype=np.float32), {}


# A search draws few shapes; the bound only keeps a long session from growing without end.
@lru_cache(maxsize=256)
def _build(trainer_class: Any, states: int, actions: int, features: int, rows: int, device: str) -> _Setup:
    """Build a trainer for one shape of case; parameters are whatever they are until a case is written."""
    environment = DummyVecEnv([lambda: _Spaces(states, actions, features)])
    # Without hidden layers the policy is one linear map from the observation to logits. The other arguments are
    # PPO's defaults but for its rollout, which is never filled; its entropy coefficient is 0 among them.
    generator = PPO(
        "MlpPolicy", environment, n_steps=2, batch_size=2, policy_kwargs={"net_arch": []}, device=device
    )
    # imitation's own network (rewards/reward_nets.py): without hidden layers it is linear with a bias.
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
    return _Setup(trainer, reward_net.mlp.dense_final, generator.policy.action_net)


def _silent_logger() -> Any:
    """Return a logger of imitation that writes nowhere.

    It opens a folder for the statistics of a discriminator update even where it has nothing to write, and keeps
    the inner logger from then on: so the folder is opened once here, and is gone afterwards.
    """
    with TemporaryDirectory() as folder:
        logger = imitation_logger.configure(folder, format_strs=[])
        with logger.accumulate_means("disc"):
            pass
    return logger


def _samples(case: Case, rows: Rows) -> dict[str, np.ndarray[Any, Any]]:
    """Return rows as the transitions that imitation trains on, NumPy arrays with observations in float32."""
    states = case.policy_logits.shape[0]
    one_hot = np.eye(states + 1, states, dtype=np.float32)  # the absorbing end, state S, is the zero vector
    features = _array(rows.features).astype(np.float32)
    return {
        "obs": np.concatenate([one_hot[_array(rows.state)], features], axis=1),
        "acts": _array(rows.action),
        # The network does not read the next observation: features belong to the whole transition.
        "next_obs": np.concatenate([one_hot[_array(rows.next_state)], np.zeros_like(features)], axis=1),
        "dones": _array(rows.done),
    }


def _array(values: Any) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = values.detach().cpu().numpy()
    return found
