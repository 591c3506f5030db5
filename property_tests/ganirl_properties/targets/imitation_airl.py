"""The built-in target ``imitation-airl``: AIRL of the library imitation, as released.

What was read in the source of imitation 1.0.1 and stable-baselines3 2.2.1:

- the logit is f − log π (``AIRL.logits_expert_is_high``, algorithms/adversarial/airl.py). The network f is
  −c − b, so that its bias is −b; log π comes from ``ActorCriticPolicy.evaluate_actions`` under ``no_grad``
  (``AdversarialTrainer._make_disc_train_batches``, algorithms/adversarial/common.py);
- the expert's label is 1, and the loss is binary cross-entropy with logits, averaged over the 2n rows of both
  sides (``AdversarialTrainer.train_disc``). Both sides must have ``demo_batch_size`` rows, without weights
  (``_make_disc_train_batches`` raises otherwise);
- observations and dones become float32 (``RewardNet.preprocess``, rewards/reward_nets.py);
- the policy is fed ``reward_train.predict_processed`` (``AdversarialTrainer.__init__``), and
  ``AIRL.reward_train`` is the network itself: f, without − log π;
- ``PPO(ent_coef=0.0)`` is the default (ppo/ppo.py).

No departure is declared: AIRL's own objective has the reward log D − log(1 − D) = f − log π.
"""

from __future__ import annotations

from imitation.algorithms.adversarial.airl import AIRL

from ganirl import Conventions

from .imitation_discriminator import ImitationDiscriminator

target = ImitationDiscriminator(
    name="imitation-airl",
    trainer_class=AIRL,
    conventions=Conventions(
        unit="transition",
        expert_label=1,
        loss_scale="mean_of_all",
        loss_form="bce",
        reward="f = log D − log(1 − D) + log π: the reward network alone",
        entropy_coefficient=0.0,
        log_q="computed",
        log_z="bias",
        weights=False,
        equal_batches=True,
        precisions=("float32",),
    ),
)
