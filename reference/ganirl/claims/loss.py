"""Family B: the discriminator's loss through the mixture, and the optimal Z."""

from .claim import Claim

CLAIMS = (
    Claim(
        "B1",
        "Loss through the mixture",
        r"L_D = b + \mathbb{E}_p[c_\theta] - \mathbb{E}_q[\log q] + 2\,\mathbb{E}_\mu[\log\tilde\mu] + 2\log 2,"
        r"\qquad \tilde\mu = \tfrac12(m + q)",
        "Finn et al. 2016, eq. (8), with the constant 2 log 2 that is missing there",
        tier=1,
        requires=("A4",),
        observables=("discriminator_loss",),
    ),
    Claim(
        "B2",
        "Slope in log Z",
        r"\frac{\partial L_D}{\partial b} = 1 - 2\,\mathbb{E}_\mu[D] = \mathbb{E}_p[1 - D] - \mathbb{E}_q[D]",
        "Finn et al. 2016, section 3.2.1",
        tier=1,
        requires=("A4",),
        observables=("discriminator_gradient | discriminator_loss",),
    ),
    Claim(
        "B3",
        "Strict convexity in log Z",
        r"\frac{\partial^2 L_D}{\partial b^2} = 2\,\mathbb{E}_\mu[D(1 - D)] \in (0, \tfrac12]",
        "Follows from B2; so Z* exists and is unique wherever p and q overlap",
        tier=1,
        requires=("B2",),
        observables=("discriminator_gradient | discriminator_loss",),
    ),
    Claim(
        "B5",
        "Balance at the optimal Z",
        r"b = b^{*} \;\Rightarrow\; \mathbb{E}_p[D] + \mathbb{E}_q[D] = 1,"
        r"\ \text{that is}\ \log \mathbb{E}_\mu[e^{-c}/\tilde\mu] = b^{*}",
        "Finn et al. 2016, section 3.2.1 (the optimum in Z)",
        tier=1,
        preconditions=(r"$b = b^{*}$, the minimiser of $L_D$ on that batch",),
        requires=("A4", "B2"),
        observables=("discriminator_probability | discriminator_logit | log_partition",),
    ),
)
