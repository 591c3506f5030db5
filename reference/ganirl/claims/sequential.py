"""Family H: what sequences and stochastic dynamics change."""

from .claim import Claim

CLAIMS = (
    Claim(
        "H1",
        "Dynamics cancel in the discriminator",
        r"\frac{h\,e^{-c-b}}{h\,e^{-c-b} + h\prod_t \pi} = \frac{e^{-c-b}}{e^{-c-b} + \prod_t \pi},"
        r"\qquad h = \rho_0(s_0)\prod_t P(s_{t+1}\mid s_t, a_t)",
        "Finn et al. 2016, section 2.3.1 and 3.1",
        tier=2,
        requires=("A4",),
    ),
    Claim(
        "H3",
        "The model that no policy reaches",
        r"\min_\pi \mathrm{KL}(q_\pi \,\|\, p_\theta) = \log Z_\theta - \mathbb{E}_{\rho_0} V(s_0), \qquad "
        r"V = \log\sum_a e^{\,\mathbb{E}_{s'}[-c + V(s')]}",
        "Ziebart 2010; section 2.3.1 calls stochastic dynamics 'largely the same'",
        tier=2,
        preconditions=(
            r"gap zero iff $-c(s,a,s') + V(s')$ is almost surely constant given $(s,a)$, and $V(s_0)$ over starts",
        ),
        requires=("E2",),
    ),
)
