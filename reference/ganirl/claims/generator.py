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
    Claim(
        "E5",
        "Why the sum of both losses",
        r"\mathbb{E}_q[-\log D] = \sum h\,m\,f_1(q/m), \quad \mathbb{E}_q[\log(1 - D)] = \sum h\,m\,f_2(q/m), \qquad"
        r" f_1'' = \frac{t + 2}{(1 + t)^2}, \quad f_2'' = \frac{1}{t (1 + t)^2}, \quad f_1'' + f_2'' = \frac1t: "
        r"\text{ the sum alone is a KL, has gradients without } b, \text{ and needs no } \nabla_\varphi \log q",
        "Goodfellow et al. 2014, section 3, has the halves; Finn et al. 2016, sections 2.1 and 3.2.3, the sum",
        tier=2,
        requires=("E2", "E4"),
    ),
    Claim(
        "E6",
        "Policy gradient step by step",
        r"\nabla_\varphi L_G = \mathbb{E}_q\Big[\sum_t s_t\,\big(R_t - B(s_t)\big)\Big], \qquad"
        r" R_t = \sum_{u \ge t} (c_u + \log \pi_u), \quad -\ell = b + R_1,"
        r" \quad s_t = \nabla_\varphi \log \pi(a_t \mid s_t)",
        "Finn et al. 2016, eq. (2), with the policy gradient theorem (Sutton et al. 2000)",
        tier=2,
        preconditions=(
            "the baseline is a function of the state (and of the past), not of the action",
            "the entropy has coefficient 1, is not discounted, and is that of all later steps",
        ),
        requires=("E3",),
    ),
    Claim(
        "E7",
        "Through log q alone nothing is trained",
        r"\mathbb{E}_q\big[\nabla_\varphi (c_\theta + b + \log q_\varphi)\big] = \mathbb{E}_q[s_\varphi] = 0",
        "Follows from E3: samples drawn from the policy carry no gradient, the score function has to",
        tier=2,
        preconditions=("the samples are held, as where they are drawn from a discrete policy",),
        requires=("E3",),
    ),
    Claim(
        "E8",
        "Reverse KL at the optimal discriminator",
        r"D = D^{*} = \frac{p}{p + q} \;\Rightarrow\; L_G = \mathrm{KL}(q \,\|\, p)",
        "Finn et al. 2016, eq. (3) in section 3.2.3",
        tier=2,
        preconditions=(r"$p > 0$ wherever $q > 0$",),
        requires=("A1", "E1"),
    ),
    Claim(
        "E9",
        "The offset of log Z is noise",
        r"q = p_\theta \;\Rightarrow\; s_\varphi\,(-\ell) = (b - \log Z_\theta)\, s_\varphi, \qquad"
        r" \operatorname{tr} \operatorname{Var}_q[s_\varphi\,(-\ell)] = (b - \log Z_\theta)^2 \operatorname{tr} F,"
        r" \quad \operatorname{tr} F = \mathbb{E}_q[\|s_\varphi\|^2]",
        "Follows from E3; b is a baseline: it moves the variance of the gradient, never its mean",
        tier=2,
        preconditions=(r"$q = p_\theta$",),
        requires=("E3",),
    ),
)
