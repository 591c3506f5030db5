"""The built-in target ``imitation-gail``: GAIL of the library imitation, as released.

What was read in the source of imitation 1.0.1 and stable-baselines3 2.2.1:

- the logit is the network alone (``GAIL.logits_expert_is_high``, algorithms/adversarial/gail.py): log π is
  computed for it, and deleted. The network's bias is −b;
- label, loss, batches and formats are those of AIRL: one ``AdversarialTrainer.train_disc`` serves both
  (algorithms/adversarial/common.py);
- the policy is fed −logsigmoid(−ℓ) = −log(1 − D) (``RewardNetFromDiscriminatorLogit``), where D is the
  probability of the expert. No probability is computed anywhere, so that none is observed;
- ``PPO(ent_coef=0.0)`` is the default (ppo/ppo.py).
"""

from __future__ import annotations

from imitation.algorithms.adversarial.gail import GAIL

from ganirl import Conventions

from .gail import DEPARTURES
from .imitation_discriminator import ImitationDiscriminator

target = ImitationDiscriminator(
    name="imitation-gail",
    trainer_class=GAIL,
    conventions=Conventions(
        unit="transition",
        expert_label=1,
        loss_scale="mean_of_all",
        loss_form="bce",
        reward="−log(1 − D)",
        entropy_coefficient=0.0,
        log_q="absent",
        log_z="bias",
        weights=False,
        equal_batches=True,
        precisions=("float32",),
    ),
    departures=DEPARTURES,
)
