from airl import AIRL

from ganirl import Conventions, wrap
from ganirl_gpu.networks import PolicyNetwork, RewardNetwork, transitions


def library(case):
    airl = AIRL(obs_dim=1, n_actions=1)  # of any size, for its networks are replaced
    airl.policy.net = PolicyNetwork(case)
    airl.disc.g, airl.disc.h = RewardNetwork(case), RewardNetwork(case, sign=0)  # h, the shaping, is silent
    return airl


def update(case):
    airl = library(case)
    loss = airl.update_disc(transitions(case, case.generator), transitions(case, case.expert))
    return loss, airl.disc.g.gradient()


target = wrap(
    framework="torch",
    conventions=Conventions(unit="transition", log_q="computed", log_z="bias"),
    discriminator_loss=lambda case: update(case)[0],
    discriminator_gradient=lambda case: update(case)[1],
    generator_reward=lambda case, rows: library(case).rewards(*transitions(case, rows)),
)
