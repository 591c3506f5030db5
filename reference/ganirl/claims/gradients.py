"""Family C: the gradient of the GAN and the gradient of MaxEnt IRL."""

from .claim import Claim

CLAIMS = (
    Claim(
        "C1",
        "Gradient of the discriminator's loss",
        r"\partial_\theta L_D = \mathbb{E}_p[(1 - D)\,c'] - \mathbb{E}_q[D\,c']"
        r" = \mathbb{E}_p[c'] - \tfrac1Z \mathbb{E}_\mu\!\left[\tfrac{e^{-c}}{\tilde\mu}\,c'\right]",
        "Finn et al. 2016, section 3.2.2",
        tier=1,
        requires=("A4",),
        observables=("discriminator_gradient | discriminator_loss",),
    ),
    Claim(
        "C2",
        "The GAN gradient is the IRL gradient",
        r"b = b^{*} \;\Rightarrow\; \partial_\theta L_D = \partial_\theta L_{\mathrm{cost}}^{\tilde\mu}"
        r" = \mathbb{E}_p[c'] - \frac{\mathbb{E}_\mu[w\,c']}{\mathbb{E}_\mu[w]}, \qquad w = e^{-c}/\tilde\mu",
        "Finn et al. 2016, section 3.2.2; the surrogate is eq. (4) with the mixture held constant",
        tier=1,
        preconditions=(
            r"$b = b^{*}$; for any $b$ the difference is at most $\max|c'| \cdot |\partial_b L_D|$",
            r"$\tilde\mu$ and the $Z$ in it are held constant in the derivative",
        ),
        requires=("C1", "B2"),
        observables=("discriminator_gradient | discriminator_loss | irl_gradient | irl_loss",),
    ),
    Claim(
        "C3",
        "No gradient leaks through the mixture or through Z",
        r"\partial_\theta L_{\mathrm{cost}}^{\tilde\mu}"
        r" = \mathbb{E}_p[c'] - \frac{\mathbb{E}_\mu[D c']}{\mathbb{E}_\mu[D]},"
        r"\ \text{not}\ \mathbb{E}_p[c'] - 2\mathbb{E}_\mu[D(1-D)c'],"
        r"\ \text{nor}\ \mathbb{E}_p[c'] - \frac{\mathbb{E}_\mu[D(1-D)c']}{\mathbb{E}_\mu[D(1-D)]}",
        "Finn et al. 2016, section 3.2.2 (what has to be held constant is left unsaid there)",
        tier=1,
        requires=("C1",),
        observables=("irl_gradient | irl_loss",),
    ),
    Claim(
        "C5",
        "Half the likelihood gradient at a converged generator",
        r"q = p_\theta,\ b = \log Z_\theta \;\Rightarrow\;"
        r" \partial_\theta L_D = \tfrac12\,\partial_\theta L_{\mathrm{cost}}"
        r" = \tfrac12\left(\mathbb{E}_p[c'] - \mathbb{E}_{p_\theta}[c']\right)",
        "Follows from C1; section 3.2.2 speaks of equality, which holds for the surrogate (C2)",
        tier=2,
        preconditions=(r"$q = p_\theta$", r"$b = \log Z_\theta$", "generator rows are the whole population"),
        requires=("C1",),
        observables=("discriminator_gradient | discriminator_loss",),
    ),
)
