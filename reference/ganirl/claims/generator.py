"""Family E: the generator's objective."""

from .claim import Claim

CLAIMS = (
    Claim(
        "E1",
        "The generator minimises cost minus entropy",
        r"L_G = \mathbb{E}_q[\log(1 - D) - \log D] = -\mathbb{E}_q[\ell]"
        r" = b + \mathbb{E}_q[c_\theta] + \mathbb{E}_q[\log q]",
        "Finn et al. 2016, section 3.2.3 and eq. (2), plus the constant b",
        tier=1,
        requires=("A4",),
        observables=("generator_reward | generator_loss",),
    ),
    Claim(
        "E2",
        "The generator's loss is a divergence",
        r"L_G = \mathrm{KL}(q \,\|\, p_\theta) + b - \log Z_\theta",
        "Finn et al. 2016, section 3.2.3 with eq. (2)",
        tier=2,
        requires=("E1",),
    ),
    Claim(
        "E3",
        "Policy gradient",
        r"\nabla_\varphi L_G = \mathbb{E}_q[s_\varphi\,(c_\theta + \log q)] = \mathbb{E}_q[s_\varphi\,(-\ell)],"
        r"\qquad s_\varphi = \nabla_\varphi \log q_\varphi",
        "Finn et al. 2016, eq. (2); any constant, b among them, drops out",
        tier=2,
        preconditions=("generator rows are the whole population",),
        requires=("E1",),
        observables=("generator_gradient | policy_loss | generator_reward",),
    ),
    Claim(
        "E4",
        "Frozen and tied log q",
        r"L_{\mathrm{tied}}(q) = L_{\mathrm{frozen}}(q) + \mathrm{KL}(q \,\|\, q_{\mathrm{old}})",
        "Finn et al. 2016, section 3.2.3 (whether D is recomputed as q moves is left unsaid there)",
        tier=2,
        requires=("E1",),
    ),
)
