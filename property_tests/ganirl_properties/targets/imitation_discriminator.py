"""What imitation's AIRL and GAIL share: a trainer, set to a case and read through the library's own calls.

The library is used as released, with linear networks in the places of its own (`torch_networks`) and an optimiser whose
learning rate is 0. Nothing is trained and no environment is stepped.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import gymnasium
import numpy as np
import torch
from imitation.rewards.reward_nets import BasicRewardNet
from imitation.util import logger as imitation_logger
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv

from ganirl import Case, Conventions, Gradient, Rows

from .torch_networks import PolicyNetwork, RewardNetwork, transitions

Array = np.ndarray[Any, Any]


class ImitationDiscriminator:
    """An `AdversarialTrainer` of imitation as an implementation under test."""

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
        trainer, samples = self._at(case, rows), _samples(case, rows)
        with torch.no_grad():
            # A batch has two sides, and the log probabilities that the library computes for them. Here both
            # sides are these rows, and the first half is read.
            (batch,) = trainer._make_disc_train_batches(expert_samples=samples, gen_samples=samples)
            read = ("state", "action", "next_state", "done", "log_policy_act_prob")
            logit: torch.Tensor = trainer.logits_expert_is_high(*(batch[name] for name in read))
        return logit[: len(rows)]

    def discriminator_loss(self, case: Case) -> float:
        """Return the loss that `train_disc` reports: in one minibatch, the tensor that it differentiates."""
        return float(self._updated(case)[1]["disc_loss"])

    def discriminator_gradient(self, case: Case) -> Gradient:
        """∂L/∂θ and ∂L/∂b as `train_disc` left them in the reward network."""
        gradient: Gradient = self._updated(case)[0]._reward_net.mlp.dense_final.gradient()
        return gradient

    def discriminator_policy_gradient(self, case: Case) -> torch.Tensor | None:
        """(S, A) what `train_disc` left in the policy: None, as it computes log π without gradients."""
        found: torch.Tensor | None = self._updated(case)[0].gen_algo.policy.action_net.weight.grad
        return None if found is None else found.T

    def generator_reward(self, case: Case, rows: Rows) -> Array:
        """(n,) rewards by the function with which the library replaces those of the policy's environment."""
        samples = _samples(case, rows)
        found: Array = self._at(case, rows).venv_train.reward_fn(
            samples["obs"], samples["acts"], samples["next_obs"], samples["dones"]
        )
        return found

    def log_q(self, case: Case, rows: Rows) -> torch.Tensor:
        """(n,) log π(a|s) as the trainer computes it for the discriminator."""
        given = transitions(case, rows)
        with torch.no_grad():
            found: torch.Tensor = self._at(case, rows)._get_log_policy_act_prob(
                given.observation, given.action
            )
            return found

    def _updated(self, case: Case) -> tuple[Any, Mapping[str, float]]:
        """Do one update of the discriminator on the case; return the trainer, and what the update reports."""
        trainer = self._at(case, case.expert)
        return trainer, trainer.train_disc(
            expert_samples=_samples(case, case.expert), gen_samples=_samples(case, case.generator)
        )

    def _at(self, case: Case, rows: Rows) -> Any:
        """Return the trainer for batches as large as these rows, set to the case."""
        sizes = (*case.policy_logits.shape, len(case.theta), len(rows))
        trainer = _built(self.trainer_class, *sizes, device=str(case.theta.device))
        trainer._reward_net.mlp.dense_final = RewardNetwork(case)
        trainer.gen_algo.policy.action_net = PolicyNetwork(case)
        return trainer


class _NeverStepped(gymnasium.Env):  # type: ignore[misc]  # the library has no stubs here, so that its class is Any
    """An environment that has spaces and a start."""

    def __init__(self, states: int, actions: int, features: int) -> None:
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (features + states,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(actions)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Array, dict[str, Any]]:
        """Return zeros: the library resets an environment once when it wraps it."""
        super().reset(seed=seed, options=options)
        return np.zeros(self.observation_space.shape, dtype=np.float32), {}


@lru_cache(maxsize=256)  # building one takes as long as ten calls
def _built(trainer_class: Any, states: int, actions: int, features: int, rows: int, *, device: str) -> Any:
    """Build a trainer for one shape of case, leaving the global random state as it was."""
    with torch.random.fork_rng(devices=[]):
        environment = DummyVecEnv([lambda: _NeverStepped(states, actions, features)])
        # PPO keeps its defaults (an entropy coefficient of 0), but for the size of a rollout, which is never filled.
        generator = PPO(
            "MlpPolicy", environment, n_steps=2, batch_size=2, policy_kwargs={"net_arch": []}, device=device
        )
        spaces = environment.observation_space, environment.action_space
        return trainer_class(
            demonstrations=None,  # every batch is handed to train_disc
            demo_batch_size=rows,
            venv=environment,
            gen_algo=generator,
            reward_net=BasicRewardNet(*spaces, use_action=False, hid_sizes=()),
            disc_opt_cls=torch.optim.SGD,
            disc_opt_kwargs={"lr": 0.0},
            custom_logger=_silent_logger(),
        )


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
    given = transitions(case, rows)
    fields = given.observation, given.action, given.next_observation, rows.done
    return dict(
        zip(("obs", "acts", "next_obs", "dones"), (each.cpu().numpy() for each in fields), strict=True)
    )
