"""Family D: maximum-entropy IRL as an energy-based model."""

from .claim import Claim

CLAIMS = (
    Claim(
        "D1",
        "Derivatives of log Z",
        r"\partial_\theta \log Z_\theta = -\mathbb{E}_{p_\theta}[c'], \qquad"
        r"\partial_\theta^2 \log Z_\theta = \operatorname{Cov}_{p_\theta}(c') - \mathbb{E}_{p_\theta}[c'']",
        "Finn et al. 2016, section 2.3.1, eq. (1)",
        tier=2,
    ),
)
