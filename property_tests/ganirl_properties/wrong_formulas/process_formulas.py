"""Formulas of tabular code that are wrong, each the right pipeline with a node replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ganirl import Process, ProcessConventions
from ganirl.process_solution import costs_of_states
from ganirl.process_truth import ProcessTruth

from .process_pipeline import Nodes, ProcessFormula, causal_backup, trajectory_backup

Array = npt.NDArray[np.float64]

_ALL = ("H2", "H12", "D1", "D3")
_VALUES, _FORWARD = ("H2", "H12"), ("D1", "D3")


def _fixed(of: ProcessConventions) -> bool:
    return of.horizon == "fixed"


def _discounting(of: ProcessConventions) -> bool:
    return of.discounts or of.horizon == "discounted"


def _settling(of: ProcessConventions) -> bool:
    return _fixed(of) and (of.ends or of.discounts)


def _with_discount(change: Callable[[float], float]) -> Callable[[Process], Process]:
    return lambda process: replace(process, discount=change(process.discount))


def _with_start(process: Process) -> Process:
    return replace(process, start=np.full(process.states, 1.0 / process.states))


def _without_end(process: Process) -> Process:
    """P renormalised over the states that are left when the end is dropped."""
    live = process.transition[:, :, :-1]
    total = live.sum(axis=-1, keepdims=True)
    kept = np.where(total > 0, live / np.where(total > 0, total, 1.0), 0.0)
    return replace(process, transition=np.concatenate([kept, 1.0 * (total == 0)], axis=-1))


def _backup_of(change: Callable[[Process], Process]) -> Callable[..., Array]:
    """The declared backup of a process that is another one for the backup alone."""

    def backup(process: Process, costs: Array, onward: Array, of: ProcessConventions) -> Array:
        right = causal_backup if of.entropy == "causal" else trajectory_backup
        return right(change(process), costs, onward)

    return backup


def _possible(process: Process) -> Process:
    return replace(process, transition=1.0 * (process.transition > 0))


def _next_state_costs(costs: Array, process: Process) -> Array:
    of_next = np.append(costs_of_states(process, costs), 0.0)
    return np.array(np.broadcast_to(of_next, costs.shape))


def _softmax(action_values: Array, _: Array) -> Array:
    grown = np.exp(action_values - action_values.max(axis=-1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=-1, keepdims=True))


def _greedy(action_values: Array, _: Array) -> Array:
    best = action_values == action_values.max(axis=-1, keepdims=True)
    return np.asarray(best / best.sum(axis=-1, keepdims=True))


def _over_states(action_values: Array, _: Array) -> Array:
    grown = np.exp(action_values - action_values.max(axis=-2, keepdims=True))
    return np.asarray(grown / grown.sum(axis=-2, keepdims=True))


def _highest(action_values: Array) -> Array:
    return np.asarray(action_values.max(axis=-1))


def _log_mean(action_values: Array) -> Array:
    return np.asarray(np.logaddexp.reduce(action_values, axis=-1) - np.log(action_values.shape[-1]))


# --- where backups end before the horizon ------------------------------------------------------------------

# Of code that iterates until nothing changes: some stop at a change that is small, not gone.
_SMALL, _GONE = 1e-4, 1e-7


def _changes_little(value: Array, before: Array, _: Process) -> bool:
    return bool(np.abs(value - before).max() < _SMALL)


def _changes_nothing(value: Array, before: Array, _: Process) -> bool:
    return bool(np.array_equal(value, before))


def _start_changes_nothing(value: Array, before: Array, process: Process) -> bool:
    return bool(np.abs(value - before)[process.start > 0].max() < _GONE)


def _nothing_is_left(value: Array, action_value: Array) -> tuple[Array, Array]:
    """Arrays of zeros that nothing was written into: values, and a policy that takes no action."""
    return np.zeros_like(value), np.full_like(action_value, -np.inf)


# --- visits and gradients ---------------------------------------------------------------------------------


def _averaged(truth: ProcessTruth, visits: Array, last: Array) -> Array:
    return truth.counted(visits, last) / truth.process.horizon


def _undiscounted(truth: ProcessTruth) -> ProcessTruth:
    return replace(truth, case=replace(truth.case, process=replace(truth.process, discount=1.0)))


def _counted_as(**fields: object) -> Callable[[ProcessTruth, Array, Array], Array]:
    """Visits counted under other conventions, where those say something about these axes."""

    def counts(truth: ProcessTruth, visits: Array, last: Array) -> Array:
        other = replace(truth.conventions, **fields)  # type: ignore[arg-type]
        return replace(truth, declared=replace(truth.declared, process=other)).counted(visits, last)

    return counts


def _last_in_data(truth: ProcessTruth) -> Array:
    """Features of the states of a demonstration, the one after its last step among them."""
    steps, process = truth.case.expert.steps, truth.process
    length = steps.mask.sum(axis=1)
    state = steps.next_state[np.arange(len(length)), length - 1]
    lasting = state < process.states
    power = process.discount ** length.astype(float)
    of_last = process.state_features[np.where(lasting, state, 0)]
    return np.asarray(truth.data_features + (truth.weight * lasting * power) @ of_last)


def _last_in_model(truth: ProcessTruth, visits: Array, last: Array) -> Array:
    of_last = last @ truth.process.state_features
    return np.asarray(truth.model_features(visits, last) + truth.powers[-1] * of_last)


def _model_undiscounted(truth: ProcessTruth, visits: Array, last: Array) -> Array:
    return _undiscounted(truth).model_features(visits, last)


def _data_undiscounted(truth: ProcessTruth) -> Array:
    return _undiscounted(truth).data_features


def _uphill(truth: ProcessTruth, data: Array, model: Array) -> Array:
    return truth.scale * (model - data)


def _data_added_up(truth: ProcessTruth, data: Array, model: Array) -> Array:
    return truth.scale * (len(truth.case.expert) * data - model)


def _model_averaged(truth: ProcessTruth, data: Array, model: Array) -> Array:
    return truth.scale * (data - model / truth.process.horizon)


def _states_counted(of: ProcessConventions) -> bool:
    return _fixed(of) and of.rewards_on == "state" and not of.last_state


PROCESS_FORMULAS: tuple[ProcessFormula, ...] = (
    ProcessFormula(
        "trajectory-backup",
        "the backup is trajectory entropy's log E[e^{−c + γV}], which seeks risk, not causal entropy's E[−c + γV]",
        Nodes(backup=lambda process, costs, onward, _: trajectory_backup(process, costs, onward)),
        _ALL,
        lambda of: of.entropy == "causal",
    ),
    ProcessFormula(
        "causal-backup",
        "the backup is E[−c + V], of causal entropy, in place of trajectory entropy's log E[e^{−c + V}]",
        Nodes(
            backup=lambda process, costs, onward, _: causal_backup(process, costs, onward),
            tilted=False,
        ),
        _ALL,
        lambda of: of.entropy == "trajectory",
    ),
    ProcessFormula(
        "hard-max",
        "values are max_a Q, not log Σ_a e^Q; the policy is the softmax of Q",
        Nodes(soft=_highest, policy=_softmax),
        _ALL,
    ),
    ProcessFormula(
        "greedy",
        "values are max_a Q, and the policy takes the best action",
        Nodes(soft=_highest, policy=_greedy),
        _ALL,
    ),
    ProcessFormula(
        "log-mean-over-actions",
        "values are the log of the mean of e^Q over actions: log A is lost at every step",
        Nodes(soft=_log_mean, policy=_softmax),
        _VALUES,
    ),
    ProcessFormula(
        "reward-sign", "the cost is taken for the reward", Nodes(costs=lambda costs, _: -costs), _ALL
    ),
    ProcessFormula(
        "discount-missing",
        "the discount is missing: γ = 1 everywhere",
        Nodes(process=_with_discount(lambda _: 1.0)),
        _ALL,
        lambda of: of.discounts and of.horizon != "discounted",
    ),
    ProcessFormula(
        "discount-missing-in-values",
        "the discount is missing in the backup: γ = 1 there",
        Nodes(backup=_backup_of(_with_discount(lambda _: 1.0))),
        _ALL,
        lambda of: of.discounts and of.horizon != "discounted",
    ),
    ProcessFormula(
        "discount-twice",
        "the discount is applied twice: γ² in the backup",
        Nodes(backup=_backup_of(_with_discount(lambda gamma: gamma * gamma))),
        _ALL,
        _discounting,
    ),
    ProcessFormula(
        "visits-discounted-twice",
        "visits are discounted twice, by γ^{2t}",
        Nodes(
            process=lambda process: process,
            counts=lambda truth, visits, last: replace(
                truth,
                case=replace(truth.case, process=replace(truth.process, discount=truth.process.discount**2)),
            ).counted(visits, last),
        ),
        ("D1",),
        lambda of: _discounting(of) and _fixed(of) and of.occupancy_scale.startswith("discounted"),
    ),
    ProcessFormula(
        "reward-of-the-next-state",
        "the reward is that of the next state, not of the state that the step leaves",
        Nodes(costs=_next_state_costs),
        _ALL,
        lambda of: of.rewards_on == "state",
    ),
    ProcessFormula(
        "end-goes-on",
        "the absorbing end is a state like others: the entropy of choosing there, log A a step, is counted",
        Nodes(end=lambda later, actions: later + float(np.log(actions))),
        _ALL,
        lambda of: of.ends and (_fixed(of) or of.sweeps is not None),
    ),
    ProcessFormula(
        "end-dropped",
        "the end is dropped, and P renormalised over the states that are left",
        Nodes(process=_without_end),
        _ALL,
        lambda of: of.ends and _fixed(of),
    ),
    ProcessFormula(
        "dynamics-left-out",
        "next states are summed over without their probabilities: Z belongs to another measure",
        Nodes(backup=_backup_of(_possible)),
        _ALL,
        lambda of: not of.deterministic,
    ),
    ProcessFormula(
        "stops-where-little-changes",
        f"backups stop before the horizon once no value changes by {_SMALL:g}, and the steps left take the last one's",
        Nodes(stops=_changes_little),
        _ALL,
        _settling,
    ),
    ProcessFormula(
        "stops-where-the-start-settles",
        "backups stop before the horizon once the first states' values stay the same, as they do while others change",
        Nodes(stops=_start_changes_nothing),
        _ALL,
        _fixed,
    ),
    ProcessFormula(
        "stops-and-leaves-zeros",
        "backups stop before the horizon once nothing changes, and values and policy of the steps left stay zero",
        Nodes(stops=_changes_nothing, rest=_nothing_is_left),
        _ALL,
        lambda of: of.ends and _fixed(of),
    ),
    ProcessFormula(
        "start-uniform",
        "every state starts alike: ρ0 is left out",
        Nodes(process=_with_start),
        ("H2", "D1", "D3"),
    ),
    ProcessFormula(
        "policy-over-states",
        "the policy is normalised over states instead of actions",
        Nodes(policy=_over_states),
        ("H12", *_FORWARD),
    ),
    ProcessFormula(
        "first-policy-for-all",
        "the policy of the first step is used at every step",
        Nodes(policies=lambda policies: np.broadcast_to(policies[:1], policies.shape)),
        ("H12", *_FORWARD),
        _fixed,
    ),
    ProcessFormula(
        "policy-untilted",
        "visits are those of the policy in the true dynamics, not those of p_θ, which tilts start and next states",
        Nodes(tilted=False),
        _FORWARD,
        lambda of: of.entropy == "trajectory",
    ),
    ProcessFormula(
        "visits-averaged",
        "visits are divided by the horizon",
        Nodes(counts=_averaged),
        ("D1",),
        lambda of: _fixed(of) and not of.occupancy_scale.endswith("normalised"),
    ),
    ProcessFormula(
        "visits-after-the-last-step",
        "the state after the last step is counted: T + 1 visits for T rewards",
        Nodes(counts=_counted_as(visits="states"), data=_last_in_data, model=_last_in_model),
        _FORWARD,
        lambda of: _states_counted(of) and of.visits == "steps" and of.occupancy_axes == "s",
    ),
    ProcessFormula(
        "gradient-after-the-last-step",
        "the gradient counts the state after the last step: T + 1 visits for the T rewards that values are made of",
        Nodes(data=_last_in_data, model=_last_in_model),
        ("D3",),
        _states_counted,
    ),
    ProcessFormula(
        "model-after-the-last-step",
        "the model's side of the gradient counts the state after the last step, the data's does not",
        Nodes(model=_last_in_model),
        ("D3",),
        _states_counted,
    ),
    ProcessFormula(
        "data-after-the-last-step",
        "the data's side of the gradient counts the state after the last step, the model's does not",
        Nodes(data=_last_in_data),
        ("D3",),
        _states_counted,
    ),
    ProcessFormula(
        "gradient-undiscounted",
        "the gradient's features are not discounted, on either side",
        Nodes(data=_data_undiscounted, model=_model_undiscounted),
        ("D3",),
        _discounting,
    ),
    ProcessFormula(
        "data-undiscounted",
        "the demonstrations' features are not discounted, the model's are",
        Nodes(data=_data_undiscounted),
        ("D3",),
        _discounting,
    ),
    ProcessFormula(
        "model-undiscounted",
        "the model's features are not discounted, the demonstrations' are",
        Nodes(model=_model_undiscounted),
        ("D3",),
        lambda of: of.discounts and _fixed(of),
    ),
    ProcessFormula("gradient-uphill", "the gradient has the other sign", Nodes(gradient=_uphill), ("D3",)),
    ProcessFormula(
        "data-added-up",
        "the demonstrations' features are added up, not averaged, beside one expectation of the model",
        Nodes(gradient=_data_added_up),
        ("D3",),
    ),
    ProcessFormula(
        "model-averaged",
        "the model's visits are divided by the horizon in the gradient, the demonstrations' are not",
        Nodes(gradient=_model_averaged),
        ("D3",),
        _fixed,
    ),
)
PROCESS_RIGHT = ProcessFormula("right", "the right formula", Nodes(), ())
