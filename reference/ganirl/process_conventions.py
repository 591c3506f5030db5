"""What tabular code may choose freely: the entropy, the horizon, what rewards depend on, how visits are counted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import Literal, get_args, get_type_hints

Entropy = Literal["causal", "trajectory"]
Horizon = Literal["fixed", "first_exit", "discounted"]
OccupancyScale = Literal["counts", "discounted", "normalised", "discounted_normalised"]


@dataclass(frozen=True)
class ProcessConventions:
    """The free choices of code that solves a process. Cases respect what it accepts.

    Attributes
    ----------
    entropy : ``"causal"`` is the soft Bellman backup, V = log Σ_a exp(E_s'[−c + γV]) (Ziebart 2010);
        ``"trajectory"`` is p_θ(τ) ∝ h e^{−c}, V = log Σ_a E_s'[exp(−c + V)] (Ziebart et al. 2008), without discount
    horizon : ``"fixed"``: T steps, or fewer where the end comes before; ``"first_exit"``: until the end, without
        limit; ``"discounted"``: for ever, γ < 1
    start : ``"modelled"``: the first state is part of what entropy is about, log Z = log E_ρ0[e^V]; ``"given"``:
        it is not, E_ρ0[V]. Causal entropy always takes it as given
    rewards_on : what features depend on: ``"state"``, ``"state_action"`` or ``"transition"``
    discounts : whether γ below 1 is accepted where the horizon is not ``"discounted"``
    ends : whether there may be an absorbing end; else the last column of P is zero
    deterministic : whether it is right only where the next state is a function of state and action
    last_state : whether the reward of the state after the T-th step counts in values, policy and gradient;
        fixed horizons with rewards on states
    sweeps : of code that stops after this many backups per state (the end is one of them) instead of converging:
        ``"first_exit"`` means episodes of at most ⌊sweeps·(S + 1)⌋ steps, the last backup's policy for all times
    tolerance : ε of code that stops when no value changes by more, where there is no limit
    occupancy_axes : of its occupancy, in order: ``"tsa"``, ``"ts"``, ``"sa"`` or ``"s"``
    occupancy_scale : ``"counts"``, expected visits; ``"discounted"``, a visit at t counts γ^t; ``"normalised"`` and
        ``"discounted_normalised"``, the same over their sum
    visits : ``"steps"``: states that a step leaves from; ``"states"``: the one after the T-th step, too
    objective : what its demonstration gradient descends: ``"dual"``, E_p[c] + log Z or E_p[c] + E_ρ0[V];
        ``"likelihood"``, −E_p[Σ_t log π(a_t|s_t)]. For causal entropy they differ by what chance did
    demonstrations : ``"mean"`` over trajectories, ``"sum"`` over them, or ``"steps"``: mean over all of their steps
    """

    entropy: Entropy = "causal"
    horizon: Horizon = "fixed"
    start: Literal["modelled", "given"] = "modelled"
    rewards_on: Literal["state", "state_action", "transition"] = "transition"
    discounts: bool = False
    ends: bool = True
    deterministic: bool = False
    last_state: bool = False
    sweeps: float | None = None
    tolerance: float = 0.0
    occupancy_axes: Literal["tsa", "ts", "sa", "s"] = "tsa"
    occupancy_scale: OccupancyScale = "counts"
    visits: Literal["steps", "states"] = "steps"
    objective: Literal["dual", "likelihood"] = "dual"
    demonstrations: Literal["mean", "sum", "steps"] = "mean"

    def __post_init__(self) -> None:
        for name, hint in get_type_hints(type(self)).items():
            choices, value = get_args(hint), getattr(self, name)
            if choices and all(isinstance(choice, str) for choice in choices) and value not in choices:
                expected = ", ".join(repr(choice) for choice in choices)
                raise ValueError(f"ProcessConventions({name}={value!r}) is unknown; choose one of {expected}")
        for name in ("discounts", "ends", "deterministic", "last_state"):
            value = getattr(self, name)
            if value not in (True, False):
                raise ValueError(f"ProcessConventions({name}={value!r}) must be True or False")
        if not (_is_finite(self.tolerance) and self.tolerance >= 0.0):
            raise ValueError(
                f"ProcessConventions(tolerance={self.tolerance!r}) must be finite and not negative"
            )
        if self.sweeps is not None and not (_is_finite(self.sweeps) and self.sweeps >= 1):
            raise ValueError(f"ProcessConventions(sweeps={self.sweeps!r}) must be a number of at least 1")
        for wrong, sentence in self._contradictions():
            if wrong:
                raise ValueError(f"ProcessConventions: {sentence}")

    def _contradictions(self) -> tuple[tuple[bool, str], ...]:
        fixed = self.horizon == "fixed"
        trajectory = self.entropy == "trajectory"
        discounting = self.discounts or self.horizon == "discounted"
        return (
            (
                trajectory and discounting,
                "trajectory entropy has no discount here: of c = Σ γ^t c_t its values depend on t",
            ),
            (self.horizon == "first_exit" and not self.ends, 'horizon="first_exit" needs ends=True'),
            (
                self.last_state and not (fixed and self.rewards_on == "state"),
                'last_state=True needs horizon="fixed" and rewards_on="state"',
            ),
            (
                self.visits == "states" and (not fixed or "a" in self.occupancy_axes),
                'visits="states" needs horizon="fixed" and occupancy_axes="ts" or "s"',
            ),
            (not fixed and "t" in self.occupancy_axes, f'horizon="{self.horizon}" has no axis of time'),
            (
                self.horizon == "discounted" and not self.occupancy_scale.startswith("discounted"),
                'horizon="discounted" needs occupancy_scale="discounted" or "discounted_normalised"',
            ),
            (
                self.sweeps is not None and not (trajectory and self.horizon == "first_exit"),
                'sweeps belongs to horizon="first_exit" with entropy="trajectory"',
            ),
            (self.tolerance > 0.0 and fixed, "tolerance belongs to horizons without limit"),
            (
                self.objective == "likelihood" and trajectory,
                'trajectory entropy: its dual is the likelihood already; declare objective="dual"',
            ),
        )


def _is_finite(value: object) -> bool:
    return isinstance(value, Real) and math.isfinite(value)
