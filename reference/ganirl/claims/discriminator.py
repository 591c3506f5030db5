"""Family A: the discriminator of equation (3) with e^{-c}/Z in place of p."""

from .claim import Claim

CLAIMS = (
    Claim(
        "A1",
        "Optimal discriminator",
        r"\operatorname*{arg\,min}_{D}\; \mathbb{E}_p[-\log D] + \mathbb{E}_q[-\log(1-D)] = \frac{p}{p+q}",
        "Finn et al. 2016, eq. (3)",
        tier=2,
        preconditions=(r"unique where $p + q > 0$; where $p > 0 = q$ the minimiser is the boundary value 1",),
    ),
    Claim(
        "A4",
        "Discriminator as a sigmoid",
        r"D = \frac{e^{-c_\theta - b}}{e^{-c_\theta - b} + q} = \sigma(\ell), \qquad \ell = -c_\theta - b - \log q",
        "Finn et al. 2016, section 3.1 (unnumbered, after eq. (3))",
        tier=1,
        preconditions=(r"$q > 0$",),
        observables=("discriminator_logit | discriminator_probability | log_q",),
    ),
    Claim(
        "A5",
        "Log-odds are the logit",
        r"\log D - \log(1 - D) = \ell",
        "Finn et al. 2016, section 3.1 and eq. (8)",
        tier=1,
        preconditions=(r"$q > 0$",),
        requires=("A4",),
        observables=("discriminator_logit", "discriminator_probability"),
    ),
    Claim(
        "A6",
        "Gauge invariance",
        r"(c + k,\; b - k) \text{ leaves } \ell, D, L_D, L_G \text{ and } \partial_\theta L_D \text{ unchanged}",
        "Finn et al. 2016, section 3.1; so b has no absolute meaning if the cost has a free constant",
        tier=1,
        requires=("A4",),
        observables=("discriminator_logit | discriminator_loss",),
    ),
    Claim(
        "A9",
        "Detailed balance",
        r"q\, D = m\, (1 - D), \qquad m = e^{-c_\theta - b}",
        "Follows from section 3.1; generates most other identities",
        tier=1,
        preconditions=(r"$q > 0$",),
        requires=("A4",),
        observables=("discriminator_probability",),
    ),
    Claim(
        "A10",
        "Density-mismatch law",
        r"\text{samples from } q,\ \hat q \text{ in the logit} \;\Rightarrow\; m^{*} = p\,\hat q / q",
        "Follows from A1; covers a missing, stale, tempered or clipped log q",
        tier=2,
        requires=("A1",),
    ),
)
