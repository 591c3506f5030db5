"""D: maximum-entropy IRL as an energy-based model. Section 2.3.1 of Finn et al. (2016)."""

from __future__ import annotations

from .instance import UNIT_DATA, UNIT_MODEL
from .likelihood import POPULATION, likelihood, under_data, under_model
from .proof import Derivation, Step
from .statements import NamedSumIdentity, SumIdentity
from .symbols import b, c, c_jk, dc, h, i, model, p, sp, theta, theta_j, theta_k, total


def D1() -> Derivation:
    """Derive gradient and Hessian of log Z, the Hessian with the curvature of the cost."""
    log_partition = sp.log(total(h[i] * sp.exp(-c)))
    ddc = sp.Derivative(c, theta, theta)
    mean = under_model(dc)
    variance = under_model(dc**2) - mean**2
    gradient = NamedSumIdentity("∂ log Z = −E_{p_θ}[c']", sp.diff(log_partition, theta), -mean)
    hessian = NamedSumIdentity(
        "∂² log Z = Var_{p_θ}(c') − E_{p_θ}[c'']",
        sp.diff(log_partition, theta, theta),
        variance - under_model(ddc),
    )
    dj, dk, djk = (sp.Derivative(c_jk, *wrt) for wrt in ((theta_j,), (theta_k,), (theta_j, theta_k)))
    covariance = under_model(dj * dk, c_jk) - under_model(dj, c_jk) * under_model(dk, c_jk)
    entry = NamedSumIdentity(
        "an entry off the diagonal: ∂_j ∂_k log Z = Cov_{p_θ}(∂_j c, ∂_k c) − E_{p_θ}[∂_j ∂_k c]",
        sp.diff(sp.log(total(h[i] * sp.exp(-c_jk))), theta_j, theta_k),
        covariance - under_model(djk, c_jk),
    )
    return Derivation(
        "D1",
        "gradient and Hessian of log Z: −E[c'] and Cov(c') − E[c'']",
        "every N, every base measure, every twice differentiable cost, any number of parameters",
        (
            Step(
                "Differentiate the log-partition function.",
                r"\log Z_\theta = \log \sum_i h_i e^{-c_\theta(\tau_i)}",
            ),
        ),
        (gradient, hessian, entry),
        (
            gradient.twin("sign", "+E[c']", rhs=mean),
            gradient.twin("not normalised", "−Σ h e^{−c} c' without 1/Z", rhs=-total(h[i] * sp.exp(-c) * dc)),
            hessian.twin("no c''", "the Hessian said to be the covariance", rhs=variance),
            hessian.twin(
                "second moment", "E[c'²] for the variance", rhs=variance + mean**2 - under_model(ddc)
            ),
            entry.twin("no ∂_j ∂_k c", "the curvature of the cost dropped", rhs=covariance),
        ),
    )


def D5() -> Derivation:
    """Derive that MaxEnt IRL is the energy-based model with base measure h, and of greatest entropy under h."""
    energy, log_model = c - sp.log(h[i]), -c - b
    counted = under_data(energy) + sp.log(total(sp.exp(-energy)))
    bare = under_data(c) + sp.log(total(sp.exp(-c)))
    partition = SumIdentity(
        "under counting measure, the energy c − log h has the partition function Σ h e^{−c}",
        total(sp.exp(-energy)),
        total(h[i] * sp.exp(-c)),
    )
    value = NamedSumIdentity(
        "its likelihood is L_cost − E_p[log h], which differs by no function of θ",
        counted - likelihood(),
        -under_data(sp.log(h[i])),
    )
    slope = NamedSumIdentity(
        "so that its gradient is that of MaxEnt IRL", sp.diff(counted, theta), sp.diff(likelihood(), theta)
    )
    most = -total(h[i] * model * log_model)
    entropies = most + under_data(sp.log(p[i]))
    costs = total(h[i] * model * c) - under_data(c)
    divergence = under_data(sp.log(p[i]) - log_model)
    greatest = NamedSumIdentity(
        "H(p_θ) − H(p) = E_{p_θ}[c] − E_p[c] + KL(p‖p_θ), for every density p: among those of its mean cost, p_θ has "
        "the greatest entropy with respect to h",
        entropies,
        costs + divergence,
        (UNIT_DATA, UNIT_MODEL),
    )
    in_counting = -total(h[i] * model * (log_model + sp.log(h[i]))) + under_data(sp.log(p[i]) + sp.log(h[i]))
    return Derivation(
        "D5",
        "MaxEnt IRL is the energy-based model with energy c and base measure h",
        POPULATION + " and cost; h is the dynamics, ρ0 Π P",
        (Step("Write h e^{−c} as e^{−(c − log h)}.", r"h\, e^{-c} = e^{-(c - \log h)}"),),
        (partition, value, slope, greatest),
        (
            partition.twin("no h", "Σ e^{−c}", lhs=total(sp.exp(-c))),
            value.twin("sign", "+E_p[log h]", rhs=under_data(sp.log(h[i]))),
            slope.twin("counting measure", "energy c with Σ e^{−c}", lhs=sp.diff(bare, theta)),
            greatest.twin(
                "entropy under counting measure", "−Σ P log P of the whole density", lhs=in_counting
            ),
            greatest.twin("no KL", "costs alone", rhs=costs),
        ),
    )
