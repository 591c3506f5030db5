"""The floors joined: for each claim what it says, why it is true, and where it is computed and tested."""

# Floors and rich are imported when the command runs: `ganirl --help` should not wait for SymPy.
# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ganirl.claims import Claim


@dataclass(frozen=True)
class Entry:
    """A row of the matrix; the last four say in a line what each floor does, or why it does nothing.

    Attributes
    ----------
    derivation : floor 2, what is proved and which broken twins are refuted
    enumeration : floor 1, what is computed exactly
    property : floor 3, the checks that search an implementation for a counterexample
    torch : floor 4, what is read of the PyTorch implementation
    """

    id: str
    title: str
    statement: str
    citation: str
    tier: int
    preconditions: tuple[str, ...]
    requires: tuple[str, ...]
    observables: tuple[str, ...]
    derivation: str
    enumeration: str
    property: str
    torch: str

    def document(self) -> dict[str, Any]:
        """Return the row as JSON data."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }


def matrix(claims: Iterable[Claim]) -> tuple[Entry, ...]:
    """Join the floors for the given claims."""
    return tuple(_entry(claim) for claim in claims)


def _entry(claim: Claim) -> Entry:
    return Entry(
        id=claim.id,
        title=claim.title,
        statement=claim.statement,
        citation=claim.citation,
        tier=claim.tier,
        preconditions=claim.preconditions,
        requires=claim.requires,
        observables=claim.observables,
        derivation=_derivation(claim),
        enumeration=_enumeration(claim),
        property=_property(claim),
        torch=_torch(claim),
    )


def _derivation(claim: Claim) -> str:
    from ganirl_symbolic.catalogue import derivation

    try:
        found = derivation(claim.id)
    except KeyError:
        return "none: nothing in it that algebra could decide"
    if not found.statements:
        return f"none: {found.substitute}"
    twins = "; ".join(f"{twin.name} ({twin.broken})" for twin in found.twins)
    text = f"SymPy, {found.scope}; refuted twins: {twins}"
    return f"{text}; beside it: {found.substitute}" if found.substitute else text


def _enumeration(claim: Claim) -> str:
    from ganirl.enumeration import ENUMERATIONS

    found = ENUMERATIONS.get(claim.id)
    if found is None:
        return "none: it is about floating point or code, which has no exact value to compute"
    return f"{found.description}; refuted twin: {found.twin}"


def _property(claim: Claim) -> str:
    from ganirl_properties.checks import CHECKS

    names = [f"{check.name} ({check.description})" for check in CHECKS if check.claim == claim.id]
    if names:
        return "; ".join(names)
    return _THEORY if claim.theory else "none: no check reads its observables yet"


def _torch(claim: Claim) -> str:
    if claim.theory:
        return _THEORY
    return f"target torch: {', '.join(claim.observables)}"


_THEORY = "none: theory, proved and enumerated; an implementation shows nothing of it"
