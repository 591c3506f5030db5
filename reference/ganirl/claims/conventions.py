"""Family I: conventions of the loss, and what they move."""

from .claim import Claim

CLAIMS = (
    Claim(
        "I1",
        "Scale of the loss: two means, or one over all rows",
        r"\frac{n_p \mathbb{E}_p[-\log D] + n_q \mathbb{E}_q[-\log(1 - D)]}{n_p + n_q}"
        r" = \tfrac12 L_D \ \text{if}\ n_p = n_q;\quad \ell^{*} = \log\frac{n_p\,p}{n_q\,q},"
        r"\ b^{*} = \log Z_\theta + \log\frac{n_q}{n_p} \ \text{at}\ p = p_\theta",
        "Finn et al. 2016, section 2.1 writes two expectations; libraries concatenate",
        tier=1,
        preconditions=("the shift of b* by itself only if the costs contain −log p; else θ moves, too (C6)",),
        requires=("A1", "B2"),
        observables=("discriminator_loss",),
    ),
    Claim(
        "I2",
        "Which label the expert has",
        r"D' = P(\text{generator}) = \sigma(-\ell):\quad \mathbb{E}_p[-\log(1 - D')] + \mathbb{E}_q[-\log D'] = L_D,"
        r"\quad \log(1 - D') - \log D' = \ell",
        "Ho and Ermon 2016 label the policy 1, Finn et al. 2016 the expert",
        tier=1,
        requires=("A4", "A5"),
    ),
    Claim(
        "I3",
        "One-sided label smoothing",
        r"\mathbb{E}_p[-(1 - \varepsilon)\log D - \varepsilon\log(1 - D)] + \mathbb{E}_q[-\log(1 - D)]"
        r" \;\Rightarrow\; m^{*} = \frac{(1 - \varepsilon)\,p\,q}{q + \varepsilon p} \ne p",
        "Salimans et al. 2016 smooth the labels of the data; follows from A1",
        tier=1,
        preconditions=(r"$0 < \varepsilon < 1$; $p$ and $q$ are the weights of the rows in any minibatch",),
        requires=("A1",),
    ),
    Claim(
        "I4",
        "What a regulariser adds",
        r"\partial_\theta\big(L_D + \tfrac\lambda2\|\theta\|^2 + \tfrac\gamma2 \mathbb{E}_p[(\partial_x c)^2]\big)"
        r" = \partial_\theta L_D + \lambda\theta + \gamma\,\mathbb{E}_p[\partial_x c\;\partial_x c'];\quad"
        r"\text{a logit clipped at } \pm\kappa \text{ loses }"
        r" \mathbb{E}_p[1_{|\ell| > \kappa}(1 - D)c'] - \mathbb{E}_q[1_{|\ell| > \kappa} D c'];"
        r"\quad c = \kappa\tanh(u/\kappa): c' = (1 - \tanh^2(u/\kappa))\,u'",
        "Follows from C1: weight decay, gradient penalty, clipping and a bounded cost each change it and B1",
        tier=1,
        requires=("B1", "C1"),
    ),
)
