"""The shortest adapter: one function of features."""

from ganirl import wrap

target = wrap(
    framework="torch",
    discriminator_logit=lambda case, rows: -(rows.features @ case.theta) - case.b - rows.log_q,
)
