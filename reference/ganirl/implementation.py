"""The protocol that a library's adapter meets, and the three-line way to meet it with plain callables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

from .case import Case, Rows
from .conventions import Conventions
from .stub import Stub


class Gradient(NamedTuple):
    """A gradient in the discriminator's parameters: ``theta`` (d,), and ``b`` (scalar) or None if it has no b."""

    theta: Any
    b: Any = None


class Departure(str):
    """Why a claim is departed from by design, and to which formula.

    >>> from ganirl import Departure
    >>> departures = {"E1": Departure("GAIL's reward", formula="reward-minus-log-one-minus-d")}

    The reason alone, a plain string, excuses any finite number; with a formula, only the numbers of that formula.

    Attributes
    ----------
    formula : id of the wrong formula that is meant, of `ganirl power --list`; empty if none is named
    """

    __slots__ = ("formula",)
    formula: str

    def __new__(cls, reason: str, formula: str = "") -> Departure:
        """Make one of a reason in words."""
        made = super().__new__(cls, reason)
        made.formula = formula
        return made

    def __reduce__(self) -> tuple[type[Departure], tuple[str, str]]:
        return Departure, (str(self), self.formula)


@runtime_checkable
class Implementation(Protocol):
    """What is under test. Every observable is optional; at least one is needed.

    An adapter is any object with these attributes and whichever of the `OBSERVABLES` the library has. Each is
    called with a `Case` whose arrays belong to ``framework``: ``"numpy"``, ``"torch"``, or a plug-in of the
    entry-point group ``ganirl.frameworks``. An attribute ``versions``, library → version, goes into reports.

    An attribute ``lanes = True`` says that its observables are pure functions of the case, which may be asked about
    thousands of small problems in a few calls: in PyTorch and JAX by ``vmap``, so that they are written for one
    problem; in NumPy with one axis more in front of every array, and of what is returned (``len(rows)`` stays n),
    beside the cases that come one at a time.
    """

    @property
    def name(self) -> str:
        """How reports call it."""
        ...

    @property
    def conventions(self) -> Conventions:
        """Its free choices, declared."""
        ...

    @property
    def departures(self) -> Mapping[str, str]:
        """Claim id → reason, or a `Departure`, for what it does differently by design."""
        ...

    @property
    def framework(self) -> str:
        """Whose arrays it computes with."""
        ...


# name → signature and meaning; the adapter's author sees these in error messages and in the documentation.
OBSERVABLES: dict[str, str] = {
    "discriminator_logit": "(case, rows) -> (n,): ℓ before the sigmoid",
    "discriminator_probability": "(case, rows) -> (n,): D",
    "discriminator_loss": "(case) -> scalar: L_D as optimised",
    "discriminator_gradient": "(case) -> Gradient(theta, b): of the loss; autodiff of discriminator_loss if left out",
    "discriminator_policy_gradient": "(case) -> (S, A): ∂L_D/∂policy logits as the code sees it; autodiff if left out",
    "generator_reward": "(case, rows) -> (n,): what the policy optimiser is fed for each row",
    "generator_loss": "(case) -> scalar: L_G",
    "generator_gradient": "(case) -> (S, A): ∂L_G/∂policy logits, the policy gradient; autodiff of policy_loss",
    "policy_loss": "(case) -> scalar: the surrogate whose gradient in the policy logits trains the generator",
    "irl_loss": "(case) -> scalar: the guided-cost-learning loss, without a discriminator",
    "irl_gradient": "(case) -> (d,): its gradient in θ; autodiff of irl_loss if left out",
    "log_partition": "(case) -> scalar: the estimate of log Z, log E_μ[e^{−c}/μ̃] at the case's b; of a process, log Z "
    "or E_ρ0[V]",
    "log_q": "(case, rows) -> (n,): Σ_t log π(a_t|s_t) of the given actions under the case's policy",
    "soft_values": "(case) -> (T, S) or (T + 1, S), or (S,) without a limit: V of what is yet to come, of a process",
    "policy": "(case) -> (T, S, A), or (S, A) without a limit: π(a|s) of a process",
    "occupancy": "(case) -> visits of a process, along the declared axes and at the declared scale",
    "demonstration_gradient": "(case) -> (d,): ∂/∂θ, downhill, of E_p[c] + log Z over the demonstrations case.expert; "
    "autodiff of demonstration_loss if left out",
    "demonstration_loss": "(case) -> scalar: what that is the gradient of, in the code's own words",
}

Observable = Callable[..., Any]


# What is called so was given no name.
UNNAMED = "wrapped callables"


@dataclass(frozen=True)
class Wrapped:
    """An `Implementation` made of plain callables; see `wrap`."""

    name: str
    conventions: Conventions
    departures: Mapping[str, str]
    framework: str
    observables: Mapping[str, Observable] = field(repr=False)
    lanes: bool = False

    def __getattr__(self, name: str) -> Observable:
        observables: Mapping[str, Observable] = self.__dict__.get("observables", {})
        if name in observables:
            return observables[name]
        raise AttributeError(f"{self.__dict__.get('name', 'this implementation')} has no observable {name!r}")


def wrap(
    *,
    name: str = UNNAMED,
    framework: str = "numpy",
    conventions: Conventions | None = None,
    departures: Mapping[str, str] | None = None,
    lanes: bool = False,
    **observables: Observable,
) -> Wrapped:
    """Make an `Implementation` of plain callables.

    >>> from ganirl import wrap
    >>> target = wrap(discriminator_logit=lambda case, rows: -(rows.features @ case.theta) - case.b - rows.log_q)

    ``lanes`` says that all of them may be asked about many problems in one call; see `Implementation`.

    Raises
    ------
    TypeError
        If an observable is unknown or cannot be called, or if there is none.
    """
    if not observables:
        raise TypeError(f"wrap() needs at least one observable; there are {', '.join(OBSERVABLES)}")
    for observable, function in observables.items():
        if observable not in OBSERVABLES:
            raise TypeError(f"there is no observable {observable!r}; there are {', '.join(OBSERVABLES)}")
        if not callable(function) and not isinstance(function, Stub):
            raise TypeError(f"{observable} must be callable as {OBSERVABLES[observable]}, not {function!r}")
    return Wrapped(
        name, conventions or Conventions(), dict(departures or {}), framework, dict(observables), lanes
    )


def available_observables(implementation: object) -> tuple[str, ...]:
    """Names of the observables that an implementation has."""
    return tuple(name for name in OBSERVABLES if callable(getattr(implementation, name, None)))


__all__ = [
    "OBSERVABLES",
    "UNNAMED",
    "Case",
    "Departure",
    "Gradient",
    "Implementation",
    "Observable",
    "Rows",
    "Wrapped",
    "available_observables",
    "wrap",
]
