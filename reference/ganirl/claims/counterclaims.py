"""Family K: counter-claims, what fails when the theorem is read loosely, and by how much."""

from .claim import Claim

_SUBSTITUTED = "Follows from Finn et al. 2016, "

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "K1",
        "Without log q the cost is not the data's",
        r"\ell = -c - b \;\Rightarrow\; m^{*} = p / q,\quad c^{*} + b = -\log p + \log q",
        _SUBSTITUTED + "section 3.1: D is given the generator's density",
        tier=2,
        preconditions=(r"it shows only where $\log q$ is not constant: a constant is gauge (A6)",),
        requires=("A10",),
    ),
    Claim(
        "K2",
        "Without log Z only a free constant of the cost balances D",
        r"b \equiv 0:\; \mathbb{E}_p[1 - D] - \mathbb{E}_q[D] = \left.\frac{\partial L_D}{\partial a}\right|_{a=0},"
        r"\ a \text{ a constant added to } c;\ \text{zero at } a = b^{*}, \text{ and in general not at } 0",
        _SUBSTITUTED + "section 3.1 (the bias of the sigmoid is −log Z)",
        tier=1,
        requires=("A6", "B5"),
    ),
    Claim(
        "K3",
        "A leak moves the optimum",
        r"p = p_\theta,\ b = \log Z_\theta \;\Rightarrow\; \partial_\theta L_{\mathrm{cost}}^{\tilde\mu} = 0"
        r"\ \text{frozen, but}\ \textstyle\sum h\, p_\theta D\, c'\ \text{if } \tilde\mu \text{ is differentiated}",
        _SUBSTITUTED + "section 3.2.2 (what has to be held constant is left unsaid there)",
        tier=2,
        requires=("C3",),
    ),
    Claim(
        "K4",
        "An unconstrained discriminator holds no cost",
        r"\ell^{*} = \log(p/q), \quad -\ell^{*} - \log q = -\log p \text{ for every } q, \quad"
        r"\ell^{*} \equiv 0 \text{ at } q = p",
        "Ho and Ermon 2016, section 5 (GAIL); Finn et al. 2016, section 3.1",
        tier=2,
        requires=("A1",),
    ),
    Claim(
        "K5",
        "Half of the generator's loss depends on b",
        r"\partial_b \nabla_\varphi \mathbb{E}_q[-\log D] = \mathbb{E}_q[(1 - D)\, s_\varphi] \neq 0, \quad"
        r"\partial_b \nabla_\varphi \mathbb{E}_q[\log(1-D) - \log D] = 0",
        "Finn et al. 2016, section 3.2.3, whose loss is the sum of the saturating and the other one",
        tier=2,
        preconditions=("D is held constant in the gradient",),
        requires=("E3",),
    ),
    Claim(
        "K6",
        "With chance the game does not end at D ≡ ½",
        r"p = p_\theta,\ q = q_{\pi^{*}},\ b = b^{*}:\; 2\log 2 - L_D = "
        r"\mathrm{KL}(p \,\|\, \mu) + \mathrm{KL}(q \,\|\, \mu) > 0 \text{ unless } q_{\pi^{*}} = p_\theta",
        "Ziebart 2010; Finn et al. 2016, section 2.3.1 calls stochastic dynamics 'largely the same'",
        tier=2,
        preconditions=(
            r"$\pi^{*}$ is the soft-optimal policy, the nearest to $p_\theta$ that there is (H3)",
        ),
        requires=("A2", "H3"),
    ),
    Claim(
        "K7",
        "A product of step discriminators is not the trajectory's",
        r"-\textstyle\sum_t \log\sigma(\ell_t) = \log\sum_{S \subseteq \{1..T\}} e^{-\sum_{t \in S}\ell_t}"
        r"\;>\; -\log\sigma\!\left(\sum_t \ell_t\right) \text{ for } T > 1",
        "Fu, Luo and Levine 2018 against Finn et al. 2016, section 3.1",
        tier=1,
        requires=("A4",),
    ),
    Claim(
        "K8",
        "Discounting the entropy misses the model",
        r"c = \textstyle\sum_t \gamma^t c_t:\; \mathrm{KL}(q_{\pi} \,\|\, p_\theta) = \log Z_\theta - V +"
        r"\sum_t \mathbb{E}_{q_\pi}\mathrm{KL}(\pi \,\|\, \pi^{*}) > \log Z_\theta - V"
        r"\text{ for the optimum } \pi \text{ of } \sum_t \gamma^t (c_t + \log \pi)",
        "Follows from Finn et al. 2016, eq. (2), whose entropy is not discounted",
        tier=2,
        preconditions=(r"$\gamma < 1$",),
        requires=("H3",),
    ),
    Claim(
        "K9",
        "Negatives without weights are biased",
        r"\left(\mathbb{E}_p[c'] - \mathbb{E}_q[c']\right) - \partial_\theta L_{\mathrm{cost}}"
        r"= \mathbb{E}_{p_\theta}[c'] - \mathbb{E}_q[c'], \text{ zero at } q = p_\theta",
        "Kim and Bengio 2016, as compared in Finn et al. 2016, sections 4 and 5",
        tier=2,
        requires=("D1",),
    ),
    Claim(
        "K10",
        "A margin loss calibrates no energy",
        r"q = p,\ 0 \le E \le M \;\Rightarrow\; \mathbb{E}_p[E] + \mathbb{E}_q[\max(0, M - E)] = M"
        r"\text{ for every such } E",
        "Zhao, Mathieu and LeCun 2017 (EBGAN), theorem 1; Finn et al. 2016, section 5",
        tier=2,
    ),
    Claim(
        "K11",
        "The true Z does not balance D",
        r"b = \log Z_\theta \;\Rightarrow\; 1 - 2\,\mathbb{E}_\mu[D] ="
        r"\textstyle\sum h\,(p - p_\theta)(1 - D), \text{ in general not } 0",
        "Follows from B2; Finn et al. 2016, section 3.2.1 identifies the optimum with Z",
        tier=2,
        requires=("B2",),
    ),
    Claim(
        "K12",
        "D ≡ ½ proves nothing about the data",
        r"m = q \;\Rightarrow\; D \equiv \tfrac12,\ L_D = 2\log 2, \text{ whatever } p \text{ is}",
        "Follows from A4; Goodfellow et al. 2014, theorem 1 has it of an unrestricted D alone",
        tier=2,
        requires=("A4",),
    ),
)
