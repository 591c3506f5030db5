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
        "H2",
        "Z belongs to the measure that log q leaves out",
        r"\mathbb{E}_q\Big[\frac{e^{-c}}{q}\Big] = \sum_\tau h\,e^{-c} = Z_\theta, \qquad "
        r"\mathbb{E}_q\Big[\frac{e^{-c}}{h\,q}\Big] = \sum_\tau e^{-c}, \qquad "
        r"\mathbb{E}_q\Big[\frac{e^{-(c - \log h)}}{h\,q}\Big] = Z_\theta",
        "Finn et al. 2016, section 2.3.1, which leaves the measure of stochastic dynamics open",
        tier=2,
        preconditions=(r"$q > 0$ wherever $h > 0$",),
        requires=("H1",),
        observables=("log_partition",),
        units=("process",),
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
    Claim(
        "H4",
        "The cost of a causal expert is not the optimum",
        r"-\sum_t \log \pi_E(a_t\mid s_t) = c(\tau) + V(s_0) + M(\tau), \qquad "
        r"M = \sum_t \big(V(s_{t+1}) - c_t - \mathbb{E}_{s'}[V(s') - c]\big), \qquad "
        r"L_D(c, b) - \min L_D = \sum_\tau h\,(p + q)\,\mathrm{KL}\big(\mathrm{Ber}(D^*)\,\|\,\mathrm{Ber}(D)\big)",
        "Ziebart 2010 with Finn et al. 2016, eq. (3): the expert is soft-optimal for c, p = ∏ π_E",
        tier=2,
        preconditions=(r"$c$ is an optimum for some $b$ iff $V(s_0) + M(\tau)$ is constant",),
        requires=("A1", "H3"),
    ),
    Claim(
        "H5",
        "What a discriminator of transitions learns",
        r"f_t^*(s,a) = \log \pi_E(a\mid s) + \log \frac{d^E_t(s)}{d^\pi_t(s)}",
        "Fu et al. 2018 (AIRL), section 4 and appendix A, for marginals that match",
        tier=2,
        preconditions=("a free f at each time; pairs that both visit",),
        requires=("A1",),
    ),
    Claim(
        "H6",
        "The reward of a step",
        r"\log D - \log(1 - D) = f - \log \pi, \qquad "
        r"\nabla\,\mathbb{E}_\pi\Big[\sum_t (f_t - \log \pi_t)\Big] = \mathbb{E}_\pi\Big[\sum_t s_t \sum_{u} f_u\Big]"
        r" + \sum_t \mathbb{E}_\pi[\nabla H_t] + \mathbb{E}_\pi\Big[\sum_t s_t \sum_{u > t} H_u\Big], "
        r"\qquad H_t = H(\pi(\cdot\mid s_t))",
        "Fu et al. 2018 (AIRL), appendix A.3, for γ = 1; an entropy bonus a step has not the last term",
        tier=2,
        requires=("A5", "E3"),
    ),
    Claim(
        "H7",
        "Trajectories and their steps",
        r"D(\tau) = \sigma\Big(\sum_t \ell_t\Big) = \frac{\prod_t D_t}{\prod_t D_t + \prod_t (1 - D_t)}, \qquad "
        r"\mathrm{KL}(q \,\|\, p) = \sum_t \mathbb{E}_{d_t}\,\mathrm{KL}(\pi \,\|\, \pi_E)"
        r" = \mathrm{KL}(d_t \,\|\, d^E_t) + \mathrm{KL}(q \,\|\, p\,d_t/d^E_t)",
        "Fu et al. 2018 (AIRL), section 4, changes from the one to the other; chain rule of KL",
        tier=2,
        requires=("A4", "E2"),
    ),
    Claim(
        "H8",
        "Shaping and the discriminator",
        r"\sum_t \gamma^t\big(\gamma\Phi(s_{t+1}) - \Phi(s_t)\big) = \gamma^T\Phi(s_T) - \Phi(s_0), \qquad "
        r"\ell \mapsto \ell + \Phi(s_T) - \Phi(s_0) \ \text{ at } \gamma = 1",
        "Ng, Harada and Russell 1999; Fu et al. 2018 (AIRL), section 5",
        tier=2,
        preconditions=(
            r"a gauge, absorbed by $b$, iff $\Phi(s_T) - \Phi(s_0)$ is the same on every trajectory",
        ),
        requires=("A6",),
    ),
    Claim(
        "H9",
        "A discounted cost wants undiscounted entropy",
        r"c = \sum_t \gamma^t c_t: \qquad \min_\pi \mathrm{KL}(q_\pi \,\|\, p_\theta) = \log Z_\theta - V_0, \qquad "
        r"V_t = \log\sum_a e^{\,\mathbb{E}_{s'}[-\gamma^t c + V_{t+1}(s')]}",
        "Ziebart 2010 with discounted costs; Finn et al. 2016, eq. (2), has no discount",
        tier=2,
        preconditions=(
            "zero without chance and with one start, where discounted-entropy RL stays away from p_θ",
        ),
        requires=("H3",),
    ),
    Claim(
        "H10",
        "A constant a step, where lengths vary",
        r"c_t \mapsto c_t - k: \qquad p_\theta \mapsto \frac{h\,e^{-c + kT(\tau)}}{\sum h\,e^{-c + kT}}, \qquad "
        r"\frac{\partial \log Z_\theta}{\partial k} = \mathbb{E}_{p_\theta}[T]",
        "Finn et al. 2016, eq. (1), for trajectories of several lengths: sums over steps that exist, V = 0 after them",
        tier=2,
        preconditions=("b is one constant a trajectory; a constant a step is a gauge only of one length",),
        requires=("A6", "D1"),
    ),
    Claim(
        "H11",
        "Rewards with a sign prefer a length",
        r"-\log(1 - D) > 0 > \log D; \qquad q = p,\ D_t \equiv \tfrac12: \quad "
        r"\nabla\,\mathbb{E}_q\Big[\sum_t -\log(1 - D_t)\Big] = \log 2\;\nabla\,\mathbb{E}_q[T]"
        r" = -\nabla\,\mathbb{E}_q\Big[\sum_t \log D_t\Big], \qquad \nabla\,\mathbb{E}_q\Big[\sum_t \ell_t\Big] = 0",
        "Kostrikov et al. 2019 (DAC), section 4.1: the absorbing end has an implicit reward of 0",
        tier=2,
        preconditions=("zero for a fixed length, or with absorbing transitions up to the horizon",),
        requires=("A5", "E3"),
    ),
    Claim(
        "H12",
        "Which entropy a backup belongs to",
        r"\max_\pi \mathbb{E}_\pi\Big[\sum_t -c_t - \log \pi_t\Big] = \mathbb{E}_{\rho_0} V,\ "
        r"V = \log\sum_a e^{\,\mathbb{E}_{s'}[-c + V]}; \qquad "
        r"\log Z_\theta = \log \mathbb{E}_{\rho_0} e^{V},\ V = \log\sum_a \mathbb{E}_{s'}\big[e^{-c + V}\big]",
        "Ziebart 2010 (causal entropy); Ziebart et al. 2008 (trajectories), the model of Finn et al. 2016, eq. (1)",
        tier=2,
        requires=("H3",),
        observables=("soft_values | policy | log_partition",),
        units=("process",),
    ),
)
