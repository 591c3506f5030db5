"""econirl's TabularDiscriminator steps along n times the gradient of the loss it reports: exits 1 while that is so."""

import sys

import jax.numpy as jnp
import numpy as np
from econirl.estimation.adversarial.discriminator import LinearDiscriminator, TabularDiscriminator

# One state and one action, ℓ = 0, expert rows only matter by their share: the loss is log 2 + log 2 for every n.
steps = {"table": [], "linear": []}
for rows in (1, 100):
    nought, ones = jnp.zeros(rows, int), jnp.ones(rows, int)
    for name, discriminator in (
        ("table", TabularDiscriminator(1, 2)),
        ("linear", LinearDiscriminator(jnp.eye(2)[None])),
    ):
        loss = discriminator.update(nought, nought, nought, ones, learning_rate=0.01)
        moved = float(discriminator.forward(jnp.zeros(1, int), jnp.zeros(1, int))[0])
        steps[name].append(moved)
        print(f"{name}, {rows} rows a side: loss {loss:.4f}, the expert's logit moves by {moved:.4f}")
sys.exit(int(not np.isclose(*steps["table"])))
