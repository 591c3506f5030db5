"""D: maximum-entropy IRL as an energy-based model. Section 2.3.1 of Finn et al. (2016)."""

from __future__ import annotations

from .proof import Derivation, Step
from .statements import NamedSumIdentity
from .symbols import Expr, c, c_jk, h, i, sp, theta, theta_j, theta_k, total


def _under_model(f: Expr, energy: Expr) -> Expr:
    """E_{p_θ}[f] = Σ h e^{−c} f / Σ h e^{−c}."""
    return total(h[i] * sp.exp(-energy) * f) / total(h[i] * sp.exp(-energy))


def D1() -> Derivation:
    """Derive gradient and Hessian of log Z, the Hessian with the curvature of the cost."""
    log_partition = sp.log(total(h[i] * sp.exp(-c)))
    dc, ddc = sp.Derivative(c, theta), sp.Derivative(c, theta, theta)
    mean = _under_model(dc, c)
    variance = _under_model(dc**2, c) - mean**2
    gradient = NamedSumIdentity("∂ log Z = −E_{p_θ}[c']", sp.diff(log_partition, theta), -mean)
    hessian = NamedSumIdentity(
        "∂² log Z = Var_{p_θ}(c') − E_{p_θ}[c'']",
        sp.diff(log_partition, theta, theta),
        variance - _under_model(ddc, c),
    )
    dj, dk, djk = (sp.Derivative(c_jk, *wrt) for wrt in ((theta_j,), (theta_k,), (theta_j, theta_k)))
    covariance = _under_model(dj * dk, c_jk) - _under_model(dj, c_jk) * _under_model(dk, c_jk)
    entry = NamedSumIdentity(
        "an entry off the diagonal: ∂_j ∂_k log Z = Cov_{p_θ}(∂_j c, ∂_k c) − E_{p_θ}[∂_j ∂_k c]",
        sp.diff(sp.log(total(h[i] * sp.exp(-c_jk))), theta_j, theta_k),
        covariance - _under_model(djk, c_jk),
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
                "second moment", "E[c'²] for the variance", rhs=variance + mean**2 - _under_model(ddc, c)
            ),
            entry.twin("no ∂_j ∂_k c", "the curvature of the cost dropped", rhs=covariance),
        ),
    )
