"""The claims about tabular code as NumPy.

Values are backups, written out. Visits and gradients are their derivatives (claims D1 and D3), taken by a complex
step, f(x + ih)/h in its imaginary part: there is no difference in it, so that it is right to the last digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from ganirl import Case, Conventions, ProcessConventions
from ganirl.bounds import FloatModel
from ganirl.conventions import SAMPLING
from ganirl.framework import load_framework
from ganirl.process_conventions import Horizon
from ganirl.process_solution import backups
from ganirl.process_truth import ProcessTruth
from ganirl.truth import SAFETY, SAFETY_ACCELERATOR

from .formula import Formula, Subject, Term

# Enough for V to settle without a limit: every backup brings it nearer by 0.9, or e^-¼.
SETTLED = 1000
TINY = "1e-30"


def process_terms(subject: Subject) -> tuple[Term, ...]:
    """Return what formulas of tabular code may name; ``V`` and ``Q`` are of all times, the first one first."""
    backup = _backup(subject, "V[0]", "")
    steps = "expert.steps"
    power = "" if _discount(subject) == 1.0 else f" * m.discount ** np.arange({steps}.mask.shape[1])[:, None]"
    seen = [f"seen = np.einsum('n,ntd->d', share, {steps}.features{power})  # E_p[Σ γ^t φ]"]
    if subject.conventions["last_state"]:
        seen = [
            *seen,
            f"lasting = share * ({steps}.mask & ~{steps}.done)[:, -1]  # the state after the T-th step counts, too",
            f"seen += m.discount**m.horizon * lasting @ m.features[{steps}.next_state[:, -1] % len(m.start), 0, 0]",
        ]
    return (
        Term(("expert",), ("expert = exact.expert",)),
        Term(("share",), ("share = expert.weight / expert.weight.sum()",)),
        Term(("seen",), tuple(seen)),
        Term(
            ("V", "Q"),
            (
                f"c, V, Q = m.features @ exact.theta, [{_beyond(subject, 'exact.theta')}], []",
                f"for _ in range({_times(subject)}):  # backward in time",
                f"    Q.insert(0, {backup})",
                "    V.insert(0, np.log(np.exp(Q[0]).sum(axis=1)))",
            ),
        ),
    )


def process_formula(claim: str, subject: Subject) -> Formula | None:
    """Return the formula of a comparison; None for one that has none."""
    make = _OF_CLAIM.get((claim, subject.check))
    return None if make is None else make(subject)


# --- pieces ---------------------------------------------------------------------------------------------------


def _fixed(subject: Subject) -> bool:
    horizon: Horizon = subject.conventions["horizon"]
    return horizon == "fixed"


def _discount(subject: Subject) -> float:
    return float(subject.case.mdp.discount)


def _times(subject: Subject) -> str:
    if subject.conventions["sweeps"] is not None:
        return str(backups(subject.case.mdp, declared_conventions(subject.conventions).of_process))
    return "m.horizon" if _fixed(subject) else str(SETTLED)


def _beyond(subject: Subject, theta: str) -> str:
    """V after the last step."""
    if subject.conventions["sweeps"] is not None:
        return "np.full(len(m.start), -np.inf)"
    if subject.conventions["last_state"]:
        return f"-(m.features @ {theta})[:, 0, 0]"
    return "np.zeros(len(m.start))"


def _backup(subject: Subject, following: str, extra: str) -> str:
    """Q from the V that follows; ``extra`` costs (S, A) are taken off."""
    onward = f"np.append({following}, 0)"
    if subject.conventions["entropy"] == "trajectory":
        return f"np.log((m.transition * np.exp({onward} - c)).sum(axis=2)){extra}"
    discounted = onward if _discount(subject) == 1.0 else f"m.discount * {onward}"
    return f"(m.transition * ({discounted} - c)).sum(axis=2){extra}"


def _start(subject: Subject, values: str) -> str:
    """Log Z, or V of the start."""
    if subject.conventions["entropy"] == "trajectory" and subject.conventions["start"] == "modelled":
        return f"np.log(m.start @ np.exp({values}))"
    return f"m.start @ {values}"


def _whole(name: str, subject: Subject) -> str:
    """Expression for an array whose axis of time is left out where there is no limit."""
    return f"arrays.numpy(target.{name}(case))" + ("" if _fixed(subject) else "[None]")


def _scale(subject: Subject) -> str:
    """The factor of the objective, before a product."""
    return {
        "mean": "",
        "sum": "len(exact.expert) * ",
        "steps": "1 / (share @ exact.expert.steps.mask.sum(axis=1)) * ",
    }[subject.conventions["demonstrations"]]


def _says(subject: Subject) -> str:
    causal = subject.conventions["entropy"] == "causal"
    return "V = log Σ_a exp E[−c + γV′]" if causal else "V = log Σ_a E[exp(−c + V′)]"


# --- claims ---------------------------------------------------------------------------------------------------


def _log_partition(subject: Subject) -> Formula:
    modelled = "np.exp" in _start(subject, "V")
    what = "log Z = log E_ρ0[e^V]" if modelled else "E_ρ0[V]"
    return Formula(f"{what}, {_says(subject)}", subject.scalar("log_partition"), _start(subject, "V[0]"))


def _soft_values(subject: Subject) -> Formula:
    return Formula(_says(subject), _whole("soft_values", subject), "np.array(V)")


def _policy(subject: Subject) -> Formula:
    return Formula(
        f"π = e^(Q − V), {_says(subject)}",
        _whole("policy", subject),
        "np.exp(np.array(Q) - np.array(V[: len(Q)])[..., None])",
    )


def _occupancy(subject: Subject) -> Formula | None:
    of = subject.conventions
    if of["sweeps"] is not None:
        return None  # its policy is no longer that of its own V
    axes, scale = of["occupancy_axes"], of["occupancy_scale"]
    at = dict(zip(axes, subject.component, strict=True))
    place = ", ".join(str(at[axis]) if axis in at else ":" for axis in ("tsa" if _fixed(subject) else "sa"))
    states = of["visits"] == "states"
    shape = (
        f"(m.horizon{' + 1' if states else ''}, *m.transition.shape[:2])"
        if _fixed(subject)
        else "m.transition.shape[:2]"
    )
    beyond = _beyond(subject, "exact.theta") + (" - extra[-1][:, 0]" if states else "")
    more = " - extra[t]" if _fixed(subject) else " - extra"
    weighed = _fixed(subject) and scale in ("counts", "normalised") and _discount(subject) != 1.0
    before = (
        "def value(extra):  # log Z or V of the start, as costs c + extra have it",
        f"    c, v = m.features @ exact.theta, {beyond}",
        f"    for t in reversed(range({_times(subject)})):",
        f"        v = np.log(np.exp({_backup(subject, 'v', more)}).sum(axis=1))",
        f"    return {_start(subject, 'v')}",
        f"each = np.full({shape}, {TINY}j)  # a tiny change of every cost",
        # V discounts what is late: a visit counts 1, whenever it is.
        *(("each /= m.discount ** np.arange(len(each))[:, None, None]",) if weighed else ()),
        "extra = np.zeros_like(each)  # and of this one alone",
        f"extra[{place}] = each[{place}]",
    )
    normal = scale.endswith("normalised")
    should = "value(extra).imag / value(each).imag" if normal else f"-value(extra).imag / {TINY}"
    index = f"[{', '.join(map(str, subject.component))}]"
    return Formula(
        "visits = −∂ log Z/∂c, here by a complex step",
        f"arrays.numpy(target.occupancy(case)){index}",
        should,
        before,
        indexed=True,
    )


def _gradient(subject: Subject) -> Formula | None:
    of = subject.conventions
    if of["sweeps"] is not None:
        return None
    own = subject.own_gradient("demonstration_gradient", "demonstration_loss", "theta")
    scale = _scale(subject)
    should = (
        f"np.array([objective(exact.theta + {TINY}j * e).imag / {TINY} for e in np.eye(len(exact.theta))])"
    )
    before: tuple[str, ...]
    if of["objective"] == "dual":
        before = (
            "def objective(theta):  # E_p[c] + log Z, or V of the start",
            f"    c, v = m.features @ theta, {_beyond(subject, 'theta')}",
            f"    for _ in range({_times(subject)}):",
            f"        v = np.log(np.exp({_backup(subject, 'v', '')}).sum(axis=1))",
            f"    return {scale}(seen @ theta + {_start(subject, 'v')})",
        )
        return Formula("∂/∂θ of E_p[c] + log Z, here by a complex step", own, should, before)
    time = "t" if _fixed(subject) else "0"
    before = (
        "def objective(theta):  # −E_p[Σ log π]",
        f"    c, v, q = m.features @ theta, [{_beyond(subject, 'theta')}], []",
        f"    for _ in range({_times(subject)}):",
        f"        q.insert(0, {_backup(subject, 'v[0]', '')})",
        "        v.insert(0, np.log(np.exp(q[0]).sum(axis=1)))",
        "    state, action = expert.steps.state, expert.steps.action",
        "    at = [(n, t, state[n, t], action[n, t]) for n, t in zip(*expert.steps.mask.nonzero())]",
        f"    return -{scale}sum(share[n] * (q[{time}][s, a] - v[{time}][s]) for n, t, s, a in at)",
    )
    return Formula("∂/∂θ of −E_p[Σ log π], here by a complex step", own, should, before)


# --- against itself -------------------------------------------------------------------------------------------


def _own_value(subject: Subject) -> str | None:
    """Expression for its own log Z or V in ``case``."""
    if "log_partition" in subject.observables:
        return subject.scalar("log_partition")
    if "soft_values" in subject.observables:
        return _start(subject, f"{_whole('soft_values', subject)}[0]")
    return None


def _around(subject: Subject) -> tuple[dict[str, Case], str]:
    """The case at θ_k ± h, as the search looked at it, and 2h."""
    index = subject.component[0] if subject.component else 0
    conventions = declared_conventions(subject.conventions)
    framework = load_framework(subject.framework)
    model = FloatModel(subject.case.precision, framework.kappa(subject.case.precision_name, subject.device))
    truth = ProcessTruth(subject.case, conventions, model)
    noise = float(truth.log_partition.bound) if subject.check == "own value" else truth.objective_error
    safety = SAFETY if subject.device == "cpu" else SAFETY_ACCELERATOR
    # As wide as the search took it: what is allowed is for that step.
    size = 1.0 + float(np.abs(subject.case.mdp.features[..., index]).max())
    step = min(1 / 32, float((15.0 * safety * noise) ** (1.0 / 3.0)) / size)
    moved, at = {}, []
    for name, by in (("low", -step), ("high", step)):
        theta = subject.case.theta.copy()
        theta[index] = subject.case.precision.round(theta[index] + by)
        moved[name] = replace(subject.case, theta=theta)
        at.append(float(theta[index]))
    return moved, repr(at[1] - at[0])


def _own_objective(subject: Subject) -> Formula | None:
    own = subject.own_gradient("demonstration_gradient", "demonstration_loss", "theta")
    index = subject.component[0] if subject.component else 0
    value = _own_value(subject)
    if "demonstration_loss" in subject.observables:
        loss = subject.scalar("demonstration_loss")
    elif value is None:
        return None
    else:
        loss = f"{_scale(subject)}(seen @ exact.theta + {value})"
    moved, width = _around(subject)
    return Formula(
        "its demonstration gradient is that of its own objective",
        f"{own}[{index}]",
        f"(own(high) - own(low)) / {width}",
        functions={"own": loss},
        others=moved,
        indexed=True,
    )


def _own_visits(subject: Subject) -> Formula | None:
    of, value = subject.conventions, _own_value(subject)
    timed, of_actions = "t" in of["occupancy_axes"], "a" in of["occupancy_axes"]
    # The state after the last step counts in visits, and not in the value.
    beyond = of["visits"] == "states" and not of["last_state"]
    if value is None or (beyond and not timed):
        return None
    index = subject.component[0] if subject.component else 0
    visits = f"arrays.numpy(target.occupancy(case)){'[:-1]' if beyond else ''}"
    if timed:
        counts = of["occupancy_scale"] == "counts" and _discount(subject) != 1.0
        times = f"m.horizon{' + 1' if of['last_state'] else ''}"
        visits = (
            f"np.tensordot(m.discount ** np.arange({times}), {visits}, 1)"
            if counts
            else f"{visits}.sum(axis=0)"
        )
    if of_actions:
        features = f"-np.einsum('sa,sax,sax->', {visits}, m.transition, m.features[..., {index}])"
    else:
        features = f"-{visits} @ m.features[:, 0, 0, {index}]"
    moved, width = _around(subject)
    return Formula(
        "its visits are the derivative of its own log Z or V",
        features,
        f"(own(high) - own(low)) / {width}",
        functions={"own": value},
        others=moved,
        indexed=True,
    )


def declared_conventions(declared: Mapping[str, Any]) -> Conventions:
    """Return the conventions that `Conventions.declared` gave, of tabular code."""
    own = {name: declared[name] for name in ("weights", "precisions", *SAMPLING) if name in declared}
    of = {name: value for name, value in declared.items() if name not in (*own, "unit")}
    return Conventions(unit="process", **own, process=ProcessConventions(**of))


_OF_CLAIM: Mapping[tuple[str, str], Callable[[Subject], Formula | None]] = MappingProxyType(
    {
        ("H2", "log Z"): _log_partition,
        ("H12", "value"): _log_partition,
        ("H12", "soft values"): _soft_values,
        ("H12", "policy"): _policy,
        ("D1", "visits"): _occupancy,
        ("D1", "own value"): _own_visits,
        ("D3", "gradient"): _gradient,
        ("D3", "own objective"): _own_objective,
    }
)
