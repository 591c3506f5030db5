"""H: dynamics in the densities and in Z, where the base measure is the dynamics. Finn et al. (2016), 2.3.1."""

from __future__ import annotations

from .proof import Derivation, Step
from .statements import RowIdentity, SumIdentity
from .steps import log_pi, log_transition, over_time, step_cost, t
from .symbols import D, Expr, b, c, h, i, model, q, sp, total


def H1() -> Derivation:
    """Derive that the dynamics cancel in D."""
    full = h[i] * model / (h[i] * model + h[i] * q[i])
    odds = over_time(log_transition[t] - step_cost[t]) - over_time(log_transition[t] + log_pi[t])
    whole = RowIdentity("D from full densities, h m and h q, is D from e^{−c−b} and Π π", full, D)
    steps = SumIdentity(
        "step by step, for every horizon: ℓ + b has no log P",
        odds,
        -over_time(step_cost[t]) - over_time(log_pi[t]),
    )
    one_sided = h[i] * q[i]
    return Derivation(
        "H1",
        "the dynamics cancel between model and generator",
        "every trajectory, every dynamics h > 0 (the start density is its first factor), every horizon T",
        (
            Step(
                "Both full densities carry one factor: the start density times the transition probabilities.",
                r"h(\tau) = \prod_{t=1}^{T} P_t, \qquad \log h = \sum_{t=1}^{T} \log P_t",
            ),
        ),
        (whole, steps),
        (
            whole.twin(
                "dynamics in q only",
                "the generator's full density against e^{−c−b}",
                lhs=model / (model + one_sided),
            ),
            steps.twin(
                "dynamics in q only",
                "Σ log P added to log q alone",
                lhs=-over_time(step_cost[t]) - over_time(log_transition[t] + log_pi[t]),
            ),
        ),
    )


def H2() -> Derivation:
    """Derive which Z goes with which log q."""
    full = h[i] * q[i]

    def estimate(cost: Expr, density: Expr) -> Expr:
        """E_q[e^{−cost}/density], drawn from h q whatever is said under the bar."""
        return total(h[i] * q[i] * sp.exp(-cost) / density)

    policy_only = SumIdentity("E_q[e^{−c}/q] = Σ h e^{−c}", estimate(c, q[i]), total(h[i] * sp.exp(-c)))
    counted = SumIdentity("E_q[e^{−c}/(h q)] = Σ e^{−c}", estimate(c, full), total(sp.exp(-c)))
    carried = c - sp.log(h[i])
    moved = SumIdentity(
        "with log h carried over to the cost, the full density estimates the Z of h",
        estimate(carried, full),
        total(h[i] * sp.exp(-c)),
    )
    other_model = sp.exp(-carried - b)
    same = RowIdentity("and D is the same function of τ", other_model / (other_model + full), D)
    return Derivation(
        "H2",
        "Z belongs to the base measure that log q leaves out",
        "every N, every dynamics h > 0, every cost; rows with q > 0",
        (
            Step(
                "Samples come from h q. What is divided by says with respect to which measure c is meant.",
                r"E_q[f] = \sum h q f, \qquad h(\tau) = \rho_0(s_0) \prod_t P(s_{t+1}|s_t, a_t)",
            ),
        ),
        (policy_only, counted, moved, same),
        (
            policy_only.twin(
                "mixed", "the full density under the bar, for the Z of h", lhs=estimate(c, full)
            ),
            counted.twin("mixed", "the policy's density, for the Z of counting", lhs=estimate(c, q[i])),
            moved.twin(
                "log h the wrong way", "c + log h for c − log h", lhs=estimate(c + sp.log(h[i]), full)
            ),
            same.twin("the cost left as it was", "e^{−c−b} against h q", lhs=model / (model + full)),
        ),
    )
