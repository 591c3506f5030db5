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
        observables=("occupancy",),
        units=("process",),
    ),
    Claim(
        "D2",
        "Likelihood is entropy plus divergence",
        r"L_{\mathrm{cost}} = \mathbb{E}_p[c_\theta] + \log Z_\theta = H(p) + \mathrm{KL}(p \,\|\, p_\theta) \ge H(p)",
        "Finn et al. 2016, section 2.3.1, eq. (1): the negative log-likelihood; entropy with respect to h",
        tier=2,
        requires=("D1",),
    ),
    Claim(
        "D3",
        "Convex, with matched features",
        r"c'' = 0 \;\Rightarrow\;"
        r" \partial_\theta^2 L_{\mathrm{cost}} = \operatorname{Cov}_{p_\theta}(\varphi) \ge 0,"
        r"\qquad \partial_\theta L_{\mathrm{cost}} = 0 \Leftrightarrow"
        r" \mathbb{E}_p[\varphi] = \mathbb{E}_{p_\theta}[\varphi]",
        "Finn et al. 2016, section 2.3.1; Ziebart et al. 2008",
        tier=2,
        preconditions=(
            r"$c$ affine in $\theta$",
            r"the optimum is finite iff $\mathbb{E}_p[\varphi]$ is in the relative interior of "
            r"$\operatorname{conv}\{\varphi(\tau)\}$",
        ),
        requires=("D1",),
        observables=("demonstration_gradient | demonstration_loss",),
        units=("process",),
    ),
    Claim(
        "D4",
        "A constant in the cost is invisible",
        r"c \mapsto c + k \text{ leaves } p_\theta, L_{\mathrm{cost}} \text{ and } \partial_\theta L_{\mathrm{cost}}"
        r" \text{ unchanged};\quad p_{\theta} = p_{\theta'} \Leftrightarrow c_\theta - c_{\theta'} \text{ is constant}",
        "Follows from eq. (1): only the distribution is identified",
        tier=2,
        observables=("irl_gradient | irl_loss",),
    ),
    Claim(
        "D5",
        "MaxEnt IRL is the energy-based model with base measure h",
        r"h\,p_\theta = \frac{e^{-(c_\theta - \log h)}}{\sum e^{-(c_\theta - \log h)}}, \qquad"
        r" H(p_\theta) - H(r) = \mathbb{E}_{p_\theta}[c_\theta] - \mathbb{E}_r[c_\theta]"
        r" + \mathrm{KL}(r \,\|\, p_\theta)",
        "Finn et al. 2016, sections 2.3.1 and 4: energy is cost; with respect to what is left unsaid there",
        tier=2,
        preconditions=(
            r"$h$ is the dynamics, $\rho_0 \prod P$; counting measure instead is another model unless $h$ is constant",
        ),
        requires=("D2",),
    ),
    Claim(
        "D6",
        "A learned normaliser that is the likelihood",
        r"\mathbb{E}_p[c] + b + e^{-b}\,\mathbb{E}_q[e^{-c}/q] - 1"
        r" = L_{\mathrm{cost}} + e^x - 1 - x \ge L_{\mathrm{cost}}, \qquad x = \log Z_\theta - b",
        "Not in the paper: by e^x ≥ 1 + x; a positive control for C5 and C6 (Pihlaja, Gutmann and Hyvärinen 2010)",
        tier=2,
        preconditions=(r"$q > 0$ wherever $c < \infty$",),
        requires=("D1",),
    ),
)
