from gcl import ioc_loss

from ganirl import Conventions, wrap


def irl_loss(case):
    demo, samp = case.expert, case.generator
    return ioc_loss(demo.features @ case.theta, samp.features @ case.theta, demo.log_q, samp.log_q, case.b)


target = wrap(
    framework="torch",
    conventions=Conventions(equal_batches=True),
    irl_loss=irl_loss,
)
