"""Family B: the discriminator's loss through the mixture, and the optimal Z."""

from .claim import Claim

CLAIMS = (
    Claim(
        "B1",
        "Loss through the mixture",
        r"L_D = b + \mathbb{E}_p[c_\theta] - \mathbb{E}_q[\log q] + 2\,\mathbb{E}_\mu[\log\tilde\mu] + 2\log 2,"
        r"\qquad \tilde\mu = \tfrac12(m + q)",
        "Finn et al. 2016, eq. (8), with the constant 2 log 2 that is missing there",
        tier=1,
        requires=("A4",),
        observables=("discriminator_loss",),
    ),
    Claim(
        "B2",
        "Slope in log Z",
        r"\frac{\partial L_D}{\partial b} = 1 - 2\,\mathbb{E}_\mu[D] = \mathbb{E}_p[1 - D] - \mathbb{E}_q[D]",
        "Finn et al. 2016, section 3.2.1",
        tier=1,
        requires=("A4",),
        observables=("discriminator_gradient | discriminator_loss",),
    ),
    Claim(
        "B3",
        "Strict convexity in log Z",
        r"\frac{\partial^2 L_D}{\partial b^2} = 2\,\mathbb{E}_\mu[D(1 - D)] \in (0, \tfrac12]",
        "Follows from B2; so Z* exists and is unique wherever p and q overlap",
        tier=1,
        requires=("B2",),
        observables=("discriminator_gradient | discriminator_loss",),
    ),
    Claim(
        "B4",
        "The optimal Z is a fixed point",
        r"\frac{\partial L_D}{\partial Z} = \frac1Z - \frac{F(Z)}{Z^2}, \quad"
        r" F(Z) = \mathbb{E}_\mu\!\left[\tfrac{e^{-c}}{\tilde\mu_Z}\right], \quad"
        r" F' = 2\,\mathbb{E}_\mu[D^2] \in (0, 2], \quad F'' < 0;"
        r"\quad Z \mapsto F(Z)\ \text{iterated converges monotonically, at rate}\ "
        r"\rho = 2\,\mathbb{E}_\mu[D^2] = 1 - \partial_b^2 L_D(b^{*}) \in [\tfrac12, 1)",
        "Finn et al. 2016, section 3.2.1 (∂L_D/∂Z = 0 gives the estimate of Z)",
        tier=1,
        preconditions=(r"for the convergence: $p\{q > 0\} > 0$, so that $Z^{*}$ exists",),
        requires=("B2", "B3"),
        observables=("log_partition",),
    ),
    Claim(
        "B5",
        "Balance at the optimal Z",
        r"b = b^{*} \;\Rightarrow\; \mathbb{E}_p[D] + \mathbb{E}_q[D] = 1,"
        r"\ \text{that is}\ \log \mathbb{E}_\mu[e^{-c}/\tilde\mu] = b^{*}",
        "Finn et al. 2016, section 3.2.1 (the optimum in Z)",
        tier=1,
        preconditions=(r"$b = b^{*}$, the minimiser of $L_D$ on that batch",),
        requires=("A4", "B2"),
        observables=("discriminator_probability | discriminator_logit | log_partition",),
    ),
    Claim(
        "B6",
        "The optimal Z is not the true one",
        r"\frac{Z^{*}}{Z_\theta} = \frac{\mathbb{E}_{p_\theta}[1 - D]}{\mathbb{E}_p[1 - D]}"
        r" \in \left[\min\tfrac{p_\theta}{p},\ \max\tfrac{p_\theta}{p}\right], \qquad"
        r" Z^{*} = Z_\theta \Leftrightarrow \sum_\tau h\,(p - p_\theta)(1 - D) = 0\ \text{at}\ b = \log Z_\theta",
        "Finn et al. 2016, section 4 calls the estimate unbiased; it is Z_θ if p = p_θ or q = p_θ, else by accident",
        tier=2,
        preconditions=(r"$D$ at $b = b^{*}$ in the ratio",),
        requires=("A9", "B2", "B3"),
    ),
    Claim(
        "B7",
        "Convex in log Z, not in Z",
        r"\frac{\partial^2 L_D}{\partial Z^2} = \frac{\partial_b^2 L_D - \partial_b L_D}{Z^2},"
        r"\ \text{negative for large}\ Z; \qquad"
        r" \operatorname{sign}\left(\frac{\partial L_D}{\partial Z}\right) = \operatorname{sign}(Z - Z^{*})",
        "Follows from B3; optimise log Z, not Z",
        tier=1,
        preconditions=(r"$p\{q > 0\} > 0$",),
        requires=("B3",),
    ),
    Claim(
        "B8",
        "The optimal Z is the acceptance-ratio estimate",
        r"\partial_b L_D = 0 \Leftrightarrow \mathbb{E}_p[f(\log r - b)] = \mathbb{E}_q[f(b - \log r)],"
        r"\quad r = e^{-c}/q,\ f(x) = \frac{1}{1 + e^x}; \qquad"
        r" -L_D\ \text{is the objective of noise contrast with noise}\ q",
        "Bennett 1976; Meng and Wong 1996; Gutmann and Hyvärinen 2012: data for draws of p_θ, as much noise as data",
        tier=2,
        requires=("A4", "B2"),
    ),
    Claim(
        "B9",
        "The optimal log Z moves with the costs",
        r"\frac{\partial b^{*}}{\partial c(\tau)} = -\frac{h\,(p + q)\,D(1 - D)}{\sum h\,(p + q)\,D(1 - D)},"
        r"\quad b^{*}(c + \delta) - b^{*}(c) \in [-\max\delta,\ -\min\delta];"
        r"\quad b^{*}\ \text{is odd in}\ c + \log q,\ \text{so not convex, although}\ \log Z_\theta\ \text{is}",
        "Follows from B2 and B3 by the implicit function theorem",
        tier=1,
        preconditions=(
            r"the weights stay when $c$ or $\log q$ moves",
            r"odd: $q > 0$ wherever $p > 0$; not convex: $b^{*}$ is not linear, as it is for two rows of equal mass",
        ),
        requires=("B2", "B3"),
    ),
    Claim(
        "B10",
        "A long horizon flattens the loss",
        r"m = p \;\Rightarrow\; \partial_b^2 L_D = \sum_\tau h\,\frac{p\,q}{p + q}"
        r" \le \tfrac12\sum_\tau h\,\sqrt{p\,q}, \qquad"
        r" \text{over}\ T\ \text{independent steps}\ \le \min_{s}\left(\sum p^s q^{1-s}\right)^{T}",
        "Follows from B3 and A7; the rate is Chernoff's (1952)",
        tier=2,
        preconditions=(r"$m = p$: the cost is well specified and $b = b^{*}$",),
        requires=("A7", "B3"),
    ),
)
