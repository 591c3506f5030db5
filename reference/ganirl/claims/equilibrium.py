"""Family G: the global optimum of the game."""

from .claim import Claim

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "G1",
        "The only equilibrium without restrictions",
        r"\partial_c L_D = 0,\ q = \operatorname*{arg\,min} L_G \;\Leftrightarrow\;"
        r" q = p_\theta = p,\ b = \log Z_\theta; \qquad D = \tfrac12,\quad L_D = 2 \log 2,\quad L_G = 0",
        "Finn et al. 2016, sections 2.1 and 3.2; Goodfellow et al. 2014, theorem 1",
        tier=2,
        preconditions=(r"$p > 0$ and $q > 0$ everywhere", "cost and generator are unrestricted"),
        requires=("A7", "E2", "E4"),
    ),
    Claim(
        "G2",
        "A free generator makes it maximum likelihood",
        r"q = p_\theta,\ b = \log Z_\theta,\ \partial_\theta L_D = 0 \;\Leftrightarrow\;"
        r" q = p_\theta,\ b = \log Z_\theta,\ \mathbb{E}_p[c'] = \mathbb{E}_{p_\theta}[c']; \qquad"
        r" D = \tfrac12 \text{ there, although } q \ne p",
        "Follows from C5 and E2; so D = ½ is necessary for p = q, and not sufficient",
        tier=2,
        preconditions=(
            "the generator is unrestricted",
            r"stationary in $\theta$; the minimum of $L_D$ if $c$ is affine in $\theta$",
        ),
        requires=("C5", "E2"),
    ),
    Claim(
        "G3",
        "A restricted generator makes it noise contrast",
        r"\sum h\,(p - m)(1 - D)\,(c', 1) = 0, \qquad q = \operatorname*{arg\,min}_{q' \in \mathcal{Q}}"
        r" \mathrm{KL}(q' \,\|\, p_\theta); \qquad \text{in general } \mathbb{E}_p[c'] \ne \mathbb{E}_{p_\theta}[c']",
        "Gutmann and Hyvärinen 2012, with noise q; Finn et al. 2016, section 4, speaks of consistency",
        tier=2,
        preconditions=(r"$p > 0$ wherever $q > 0$, else the cost may be infinite",),
        requires=("C6", "E2"),
    ),
    Claim(
        "G4",
        "Reverse KL for one player, Jensen–Shannon for the other",
        r"D = D^{*} \;\Rightarrow\; L_G = \mathrm{KL}(q \,\|\, p), \quad 2 \log 2 - L_D = 2\,\mathrm{JSD}(p, q), \qquad"
        r" \mathrm{KL}(q \,\|\, p) - 2\,\mathrm{JSD}(p, q) = 2\,\mathrm{KL}(\mu \,\|\, p)",
        "Goodfellow et al. 2014, section 4.1, with Finn et al. 2016, eq. (3) and section 3.2.3",
        tier=2,
        preconditions=(r"$p > 0$ wherever $q > 0$",),
        requires=("A2", "E8"),
    ),
)
