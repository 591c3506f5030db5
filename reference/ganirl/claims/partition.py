"""Family F: the partition function, estimated by importance sampling."""

from .claim import Claim

_COVERED = r"$q > 0$ wherever $e^{-c_\theta} > 0$"
_EXACT = r"$w = e^{-c_\theta}/s$ over the exact sampling density $s$, $0 < w < \infty$"

CLAIMS = (
    Claim(
        "F1",
        "Importance sampling",
        r"\mathbb{E}_q[e^{-c_\theta}/q] = \sum_{q > 0} h\,e^{-c_\theta} \le Z_\theta,"
        r" \quad \text{equal} \Leftrightarrow q > 0 \text{ wherever } c_\theta < \infty",
        "Finn et al. 2016, section 2.3.2; unbiased for every number of samples",
        tier=2,
    ),
    Claim(
        "F2",
        "Importance sampling from the mixture",
        r"\mathbb{E}_\mu[e^{-c_\theta}/\mu] = \sum_{\mu > 0} h\,e^{-c_\theta}, \qquad \mu = \tfrac12(p + q)",
        r"Finn et al. 2016, section 3.2, if the density p of the data were known",
        tier=2,
        requires=("F1",),
    ),
    Claim(
        "F3",
        "Bias of a model of the data in the denominator",
        r"\mathbb{E}_\mu\Big[\frac{e^{-c_\theta}}{\frac12\tilde p + \frac12 q}\Big] - Z_\theta"
        r" = \sum h\,e^{-c_\theta}\,\frac{p - \tilde p}{\tilde p + q}, \qquad"
        r"\tilde p = p_\theta:\; Z_\theta\,(\mathbb{E}_p[D] - \mathbb{E}_{p_\theta}[D])",
        "Finn et al. 2016, eq. (4) and section 4, which calls the estimate unbiased",
        tier=2,
        requires=("F2", "A9"),
    ),
    Claim(
        "F4",
        "log Z is estimated too low",
        r"\mathbb{E}[\log \hat Z_n] = \log Z_\theta - \frac{\mathrm{CV}^2}{2n}"
        r" + \frac{\kappa_3/3 - \frac34 \mathrm{CV}^4}{n^2} + O(n^{-3}) \le \log Z_\theta",
        "Delta method, with CV² = Var(w)/Z² and κ₃ = E(w/Z − 1)³; Jensen for the sign",
        tier=3,
        preconditions=(_EXACT,),
        requires=("F1",),
    ),
    Claim(
        "F5",
        "Bias of the self-normalised gradient",
        r"\mathbb{E}\Big[\frac{\sum_j w_j\,c'_j}{\sum_j w_j}\Big] - \mathbb{E}_{p_\theta}[c']"
        r" = -\frac1n\,\mathbb{E}_s\big[(w/Z)^2\,(c' - \mathbb{E}_{p_\theta}[c'])\big] + O(n^{-2})",
        "Delta method; −∂ log Ẑ is what guided cost learning follows (Finn et al. 2016, section 2.3.2)",
        tier=3,
        preconditions=(_EXACT,),
        requires=("D1", "F4"),
    ),
    Claim(
        "F6",
        "Variance of the importance weights",
        r"\operatorname{Var}_q(w) = Z_\theta^2\,\chi^2(p_\theta \| q), \qquad"
        r"\mathrm{ESS}/n = \frac{1}{1 + \chi^2(p_\theta \| q)}, \qquad w = e^{-c_\theta}/q",
        "Follows from F1; zero only at q = p_θ",
        tier=2,
        preconditions=(_COVERED,),
        requires=("F1",),
    ),
    Claim(
        "F7",
        "Effective sample size of the self-consistent weights",
        r"0 \le w/Z = 2D \le 2; \quad b = b^{*} \;\Rightarrow\; \mathrm{ESS}/n = \frac{1}{\mathbb{E}_\mu[(w/Z)^2]}"
        r" = \frac{1}{4\,\mathbb{E}_\mu[D^2]} \in [\tfrac12, 1], \qquad w = e^{-c_\theta}/\tilde\mu",
        "Follows from B3 and B5; so it cannot show how wrong the cost is",
        tier=1,
        preconditions=(r"$b = b^{*}$ on that batch; Kish's effective sample size needs $n_p = n_q$, too",),
        requires=("A4", "B3", "B5"),
    ),
    Claim(
        "F8",
        "Half from the data, half from the generator",
        r"n \operatorname{Var}_{\text{i.i.d.}} - n \operatorname{Var}_{\text{half/half}}"
        r" = \tfrac14\,(\mathbb{E}_p[w] - \mathbb{E}_q[w])^2, \qquad w = e^{-c_\theta}/\mu",
        "Law of total variance; both means have expectation Z_θ (F2)",
        tier=3,
        preconditions=(r"$\mu = \tfrac12(p + q)$ with the exact $p$",),
        requires=("F2",),
    ),
    Claim(
        "F9",
        "The best proposal",
        r"\mathbb{E}_q[w^2] - Z_\theta^2 = \sum h\,q\,(w - Z_\theta)^2 \ge 0,"
        r" \quad \text{equal} \Leftrightarrow q = p_\theta; \qquad \partial_t \chi^2(p_\theta \| q_t) ="
        r" -\mathbb{E}_{q_t}[(w/Z)^2 s_t] \ne \mathbb{E}_{q_t}[(c_\theta + \log q_t)\,s_t] ="
        r" \partial_t \mathrm{KL}(q_t \| p_\theta)",
        "Finn et al. 2016, section 2.3.2, where KL is minimised to minimise this variance",
        tier=2,
        preconditions=(_COVERED,),
        requires=("F6", "E3"),
    ),
    Claim(
        "F10",
        "Z* solved on a minibatch",
        r"\mathbb{E}[\nabla L_D^{\text{batch}}(\theta, b)] = \nabla L_D(\theta, b) \text{ at fixed } b; \qquad "
        r"k\,\mathbb{E}[\hat b_k - b^{*}] \to \frac{C}{A^2} - \frac{B V}{2 A^3}, \quad "
        r"A = \partial_b^2 L_D,\; B = \partial_b^3 L_D,"
        r"\; V = \operatorname{Var}_p(D) + \operatorname{Var}_q(D),"
        r"\; C = -\operatorname{Cov}_p(D, D(1-D)) - \operatorname{Cov}_q(D, D(1-D))",
        "First-order bias of an M-estimator, k samples a side",
        tier=3,
        preconditions=(r"$q > 0$ wherever $p > 0$, so that every minibatch has a finite $\hat b_k$",),
        requires=("B2", "B3", "C1"),
    ),
)
