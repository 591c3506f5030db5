"""The right pipeline of tabular code, reward → backup → values → policy → visits → gradient, with a node replaced.

It works the way that libraries do, by backups until nothing changes where there is no limit, so that a formula with
another backup has values, a policy and visits of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace

import numpy as np
import numpy.typing as npt

from ganirl import Process, ProcessConventions
from ganirl.logspace import log_sum_exp
from ganirl.process_solution import backups, costs_of_states, first_states, log_of, occupied, with_end
from ganirl.process_truth import ProcessTruth

Array = npt.NDArray[np.float64]

# Backups after which wrong values have settled or never will.
_BACKUPS = 4000


@dataclass(frozen=True)
class Nodes:
    """What a formula does at each node; the defaults are right.

    Attributes
    ----------
    process : the process that is solved
    costs : (S, A, S + 1), from those that are right
    backup : Q(s,a) from the process, its costs and γ-less V of what comes next, (S + 1,)
    end : V of the absorbing end, from that of one step later and the number of actions
    soft : V(s) from Q(s,a)
    policy : π from Q and V
    policies : all of them, from the first step's to the last's
    stops : whether backups end before the horizon, from V, that of one step later, and the process
    rest : V and Q of the steps that are left then, from the last of them
    tilted : whether next states are those of p_θ where entropy is that of trajectories
    counts : visits along the declared axes, from (truth, visits, last) of the own policy
    gradient : from (truth, data features, model features)
    solves : conventions under which data and visits are discounted and counted
    """

    process: Callable[[Process], Process] = lambda process: process
    costs: Callable[[Array, Process], Array] = lambda costs, _: costs
    backup: Callable[[Process, Array, Array, ProcessConventions], Array] | None = None
    end: Callable[[float, int], float] = lambda _, __: 0.0
    soft: Callable[[Array], Array] = lambda action_values: log_sum_exp(action_values, axis=-1)
    policy: Callable[[Array, Array], Array] = lambda q, v: np.exp(q - v[..., None])
    policies: Callable[[Array], Array] = lambda policies: policies
    stops: Callable[[Array, Array, Process], bool] = lambda _, __, ___: False
    rest: Callable[[Array, Array], tuple[Array, Array]] = lambda value, action_value: (value, action_value)
    tilted: bool = True
    counts: Callable[[ProcessTruth, Array, Array], Array] = lambda truth, visits, last: truth.counted(
        visits, last
    )
    gradient: Callable[[ProcessTruth, Array, Array], Array] = lambda truth, data, model: (
        truth.scale * (data - model)
    )
    data: Callable[[ProcessTruth], Array] = lambda truth: truth.data_features
    model: Callable[[ProcessTruth, Array, Array], Array] = lambda truth, visits, last: truth.model_features(
        visits, last
    )


@dataclass(frozen=True)
class ProcessFormula:
    """One way in which tabular code may be wrong.

    Attributes
    ----------
    id : stable
    title : what is wrong, in words
    nodes : what it does
    expected : claims that see it
    applies : whether it says anything under these conventions
    """

    id: str
    title: str
    nodes: Nodes
    expected: tuple[str, ...]
    applies: Callable[[ProcessConventions], bool] = field(default=lambda _: True)


def together(first: ProcessFormula, second: ProcessFormula) -> ProcessFormula | None:
    """Return two formulas as one; None where both replace the same node."""
    right = Nodes()
    changed = [
        {
            each.name: value
            for each in fields(Nodes)
            if (value := getattr(of.nodes, each.name)) is not getattr(right, each.name)
        }
        for of in (first, second)
    ]
    if changed[0].keys() & changed[1].keys():
        return None
    return ProcessFormula(
        f"{first.id} + {second.id}",
        f"{first.title}; and {second.title}",
        Nodes(**changed[0], **changed[1]),
        tuple(dict.fromkeys((*first.expected, *second.expected))),
        lambda conventions: first.applies(conventions) and second.applies(conventions),
    )


def right_backup(process: Process, costs: Array, onward: Array, conventions: ProcessConventions) -> Array:
    """Q(s,a) of the declared entropy."""
    return (causal_backup if conventions.entropy == "causal" else trajectory_backup)(process, costs, onward)


def causal_backup(process: Process, costs: Array, onward: Array) -> Array:
    """E_s'[−c + γV]."""
    return np.asarray((process.transition * (process.discount * onward - costs)).sum(axis=-1))


def trajectory_backup(process: Process, costs: Array, onward: Array) -> Array:
    """Log E_s'[e^{−c + γV}]."""
    return log_sum_exp(log_of(process.transition) - costs + process.discount * onward, axis=-1)


def numbers_of(formula: ProcessFormula, truth: ProcessTruth) -> dict[str, Array]:
    """What a formula gives for each observable of a case; what has no value is left out.

    Parameters
    ----------
    truth : of the case, whose process and conventions are read and nothing else
    """
    nodes, conventions, case = formula.nodes, truth.conventions, truth.case
    process = nodes.process(case.mdp)
    costs = nodes.costs(np.where(process.transition > 0, process.costs(case.theta), 0.0), process)
    with np.errstate(all="ignore"):
        values, action_values, onward = _solve(nodes, process, costs, conventions)
        policy = nodes.policies(nodes.policy(action_values, values[: len(action_values)]))
        value, start = first_states(process.start, values[0], conventions)
        kernel = np.broadcast_to(process.transition, (len(policy), *process.transition.shape))
        if conventions.entropy == "trajectory" and nodes.tilted:
            log_kernel = log_of(process.transition) - costs + onward[:, None, None, :]
            kernel = np.exp(log_kernel - log_sum_exp(log_kernel, axis=-1)[..., None])
        else:
            start = process.start
        fixed = conventions.horizon == "fixed"
        found = {
            "log_partition": np.asarray(value),
            "soft_values": values[: len(action_values)] if fixed else values[:1],
            "policy": policy,
        }
        own = ProcessTruth(replace(case, process=process), truth.declared, truth.arithmetic)
        visits, last = occupied(process, start, policy, kernel, conventions)
        found["occupancy"] = nodes.counts(own, visits, last)
        found["demonstration_gradient"] = nodes.gradient(own, nodes.data(own), nodes.model(own, visits, last))
    return found


def _solve(
    nodes: Nodes, process: Process, costs: Array, conventions: ProcessConventions
) -> tuple[Array, Array, Array]:
    """V (T + 1, S), Q (T, S, A) and V of what comes next (T, S + 1); or one of each."""
    backup = nodes.backup or right_backup
    value, end = np.zeros(process.states), 0.0
    if conventions.last_state:
        value = -costs_of_states(process, costs)
    values, action_values, onwards = [value], [], []
    fixed, most = conventions.horizon == "fixed", _BACKUPS
    if conventions.sweeps is not None:
        # Z of a state is 0 until a backup has reached the end from there.
        value, most = np.full(process.states, -np.inf), backups(process, conventions)
        values = [value]
    for _ in range(process.horizon if fixed else most):
        onward = with_end(values[-1])
        onward[-1] = end
        action_value = backup(process, costs, onward, conventions)
        before, value, end = end, nodes.soft(action_value), nodes.end(end, process.actions)
        if fixed:
            values.append(value)
            action_values.append(action_value)
            onwards.append(onward)
            if nodes.stops(value, values[-2], process):
                break
            continue
        if conventions.sweeps is not None:
            # Where a backup changes nothing, no further one does.
            settled = before == end and np.array_equal(value, values[-1])
            values, action_values, onwards = [value], [action_value], [onward]
            if settled:
                break
            continue
        settled = np.abs(value - values[-1]).max() <= 1e-14 * (1.0 + np.abs(value).max())
        values, action_values, onwards = [value], [action_value], [onward]
        if settled or not np.isfinite(value).all():
            break
    left = process.horizon - len(action_values) if fixed else 0
    if left:
        value, action_value = nodes.rest(values[-1], action_values[-1])
        onwards += [with_end(values[-1]), *[with_end(value)] * (left - 1)]
        values += [value] * left
        action_values += [action_value] * left
    return np.stack(values[::-1]), np.stack(action_values[::-1]), np.stack(onwards[::-1])
