from gail import Discriminator

from ganirl import Conventions, wrap
from ganirl_gpu.networks import RewardNetwork


def library(case):
    disc = Discriminator(obs_dim=1, act_dim=1)  # of any size, for its network is replaced
    disc.net = RewardNetwork(case, sign=+1)  # its D is the probability of the agent
    return disc


def inputs(rows):
    return rows.features, rows.features[:, :0]  # what it concatenates: observation and action


def update(case):
    disc = library(case)
    return disc.update(inputs(case.generator), inputs(case.expert)), disc.net.gradient()


target = wrap(
    framework="torch",
    conventions=Conventions(unit="transition", expert_label=0, log_q="absent", log_z="bias"),
    discriminator_loss=lambda case: update(case)[0],
    discriminator_gradient=lambda case: update(case)[1],
    generator_reward=lambda case, rows: library(case).reward(*inputs(rows)),
)
