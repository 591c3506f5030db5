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
        "A2",
        "Value of the best discriminator",
        r"L_D(D^{*}) = 2\log 2 - 2\,\mathrm{JSD}(p, q) \in [0,\ 2\log 2]",
        "Goodfellow et al. 2014, theorem 1; with the D* of Finn et al. 2016, eq. (3)",
        tier=2,
        requires=("A1",),
    ),
    Claim(
        "A3",
        "What another discriminator loses",
        r"L_D(D) - L_D(D^{*}) = \sum_\tau h\,(p + q)\,"
        r"\mathrm{KL}\!\left(\mathrm{Ber}(D^{*})\,\|\,\mathrm{Ber}(D)\right) \ge 0",
        "Follows from A1; a small loss gap does not bound the error of the cost where p and q have little mass",
        tier=2,
        requires=("A1",),
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
        observables=(
            "discriminator_logit | discriminator_probability | discriminator_loss | discriminator_gradient"
            " | generator_reward | generator_loss | irl_loss | irl_gradient",
        ),
    ),
    Claim(
        "A7",
        "The best cost is the data's, whatever the generator",
        r"\frac{\partial L_D}{\partial c(\tau)} = h\,(p - m)(1 - D), \qquad"
        r" D_\theta = D^{*} \Leftrightarrow m = p, \quad m = e^{-c_\theta - b}",
        "Finn et al. 2016, section 3.1 (the optimal discriminator is independent of the generator)",
        tier=2,
        preconditions=(
            r"$q > 0$; where $q = 0$, $D = 1$ and the cost is not identified",
            r"$p > 0$ for a finite cost",
            r"the cost is free on every trajectory: under misspecification its optimum depends on $q$",
        ),
        requires=("A1", "A9"),
        observables=("discriminator_gradient | discriminator_loss",),
    ),
    Claim(
        "A8",
        "Covariance in the base measure",
        r"(h,\; p,\; q,\; c) \mapsto (h/r,\; p\,r,\; q\,r,\; c - \log r)"
        r"\ \text{leaves}\ \ell, D, L_D, L_G, Z_\theta\ \text{and}\ \partial_\theta L_D\ \text{unchanged}",
        "Finn et al. 2016, section 2.3.1 leaves the measure unsaid; a change of variables needs its Jacobian in log q",
        tier=2,
        preconditions=(r"$r > 0$",),
        requires=("A4",),
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
