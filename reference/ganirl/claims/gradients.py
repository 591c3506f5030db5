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
        "C1c",
        "Population form of the gradient",
        r"\partial_\theta L_D = \sum h\,(p - m)(1 - D)\,c', \quad \partial_b L_D = \sum h\,(p - m)(1 - D),"
        r"\ \text{while}\ \partial_\theta L_{\mathrm{cost}} = \sum h\,(p - p_\theta)\,c'",
        "Follows from C1 and A9: the residual of the likelihood, weighted by 1 - D = q/(m + q)",
        tier=2,
        preconditions=(
            "generator rows are the whole population: their weights are the density in the logit",
        ),
        requires=("C1", "A9"),
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
        "C4",
        "Envelope: re-solving b changes no gradient",
        r"\frac{d}{d\theta} \min_b L_D(\theta, b) = \partial_\theta L_D(\theta, b)\big|_{b = b^{*}(\theta)},"
        r"\qquad \partial_j F_k = \partial_k F_j \ \text{for}\ F = \partial_\theta L_D|_{b^{*}}",
        "Follows from B2 and B3 (envelope theorem); so the field of C2 is the gradient of one function",
        tier=1,
        preconditions=(r"a finite $b^{*}$ exists",),
        requires=("B2", "B3", "C2"),
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
    Claim(
        "C6",
        "The fixed point is noise contrast, not likelihood",
        r"D = \frac{m}{m + \nu q}:\quad"
        r" \partial_{\theta, b}\big(\mathbb{E}_p[-\log D] + \nu\,\mathbb{E}_q[-\log(1 - D)]\big)"
        r" = \sum h\,(p - m)\,\frac{\nu q}{m + \nu q}\,(c', 1);\quad m = p \Rightarrow 0;"
        r"\quad \nu \to \infty \Rightarrow \sum h\,(p - m)(c', 1)",
        "Finn et al. 2016, section 4 (consistency); noise-contrastive estimation is Gutmann and Hyvärinen 2012",
        tier=2,
        preconditions=("for every q if the costs contain −log p; otherwise the optimum depends on q",),
        requires=("C1c",),
    ),
    Claim(
        "C8",
        "Hessian of the discriminator's loss",
        r"\partial_\theta^2 L_D = \mathbb{E}_p[(1 - D)c''] - \mathbb{E}_q[D c'']"
        r" + 2\,\mathbb{E}_\mu[D(1 - D)c'c'^T];"
        r"\quad q = p = p_\theta \Rightarrow \partial_\theta^2 \min_b L_D = \tfrac12 \operatorname{Cov}_{p_\theta}(c')",
        "Follows from C1; convex in (θ, b) together if the cost is affine in θ (logistic regression)",
        tier=1,
        preconditions=("the second part in the population: half the Fisher information",),
        requires=("C1",),
    ),
)
