"""The floors joined: for each claim what it says, why it is true, and where it is computed and tested."""

# Floors and rich are imported when the command runs: `ganirl --help` should not wait for SymPy.
# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ganirl.claims import Claim


@dataclass(frozen=True)
class Entry:
    """A row of the matrix; a cell says in a line what a floor does, or ``none:`` and the reason.

    Attributes
    ----------
    derivation : floor 2, what is proved and which broken twins are refuted
    enumeration : floor 1, what is computed exactly
    property : floor 3, the checks that search an implementation, and the problems that are drawn
    torch : floor 4, what is computed in PyTorch, and read of the PyTorch implementation
    needs : what it needs of an implementation
    catches : ids of the wrong formulas that it is expected to catch
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
    needs: str
    catches: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return the row as JSON data."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }


CELLS = ("derivation", "enumeration", "property", "torch", "needs")


def matrix(claims: Iterable[Claim]) -> tuple[Entry, ...]:
    """Join the floors for the given claims."""
    return tuple(_entry(claim) for claim in claims)


@dataclass(frozen=True)
class Glance:
    """A row of the catalogue, for which nothing has to be built."""

    claim: Claim
    proved: bool
    enumerated: bool
    property: bool
    torch: bool


def glance(claims: Iterable[Claim]) -> tuple[Glance, ...]:
    """Say of each claim which floors it stands on, at once."""
    from ganirl.enumeration import ENUMERATIONS
    from ganirl_properties.checks import CHECKS
    from ganirl_symbolic.catalogue import CLAIMS, SUBSTITUTED

    in_torch, checked = _torch_checks(), {check.claim for check in CHECKS}
    return tuple(
        Glance(
            claim=each,
            proved=each.id in CLAIMS and each.id not in SUBSTITUTED,
            enumerated=each.id in ENUMERATIONS,
            property=each.id in ENUMERATIONS or each.id in checked,
            torch=each.id in in_torch or (bool(in_torch) and each.shows_in("trajectory")),
        )
        for each in claims
    )


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
        needs=_needs(claim),
        catches=_catches(claim),
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
    text = f"{found.description}; refuted twin: {found.twin}"
    return f"{text} (the degenerate instance hides it: {found.hidden})" if found.hidden else text


def _property(claim: Claim) -> str:
    from ganirl.enumeration import ENUMERATIONS
    from ganirl_properties.checks import CHECKS
    from ganirl_properties.wrong_formulas import COUNTERCLAIMS, WRONG_FORMULAS

    parts = [f"{check.name} ({check.description})" for check in CHECKS if check.claim == claim.id]
    parts += [
        f"planted as {formula.id} ({formula.title}), which {', '.join(formula.expected)} catch"
        for formula in WRONG_FORMULAS
        if formula.id in COUNTERCLAIMS.get(claim.id, ())
    ]
    if claim.id in ENUMERATIONS:
        parts.append(DRAWN)
    return "; ".join(parts) or "none: no check reads its observables yet"


def _torch(claim: Claim) -> str:
    from ganirl_properties.targets import list_targets

    parts = []
    check = _torch_checks().get(claim.id)
    if check is not None:
        parts.append(f"{check.description}; refuted twin: {check.twin}")
    elif any(target.name == "torch" and not target.available for target in list_targets()):
        return "none: PyTorch is not installed here, so that floor 4 cannot be read"
    if claim.shows_in("trajectory"):
        parts.append(f"target torch: {', '.join(claim.observables)}")
    return "; ".join(parts) or "none: no PyTorch check of it yet"


def _torch_checks() -> Mapping[str, Any]:
    try:
        from ganirl_gpu.claims import TORCH_CHECKS
    except ModuleNotFoundError as missing:
        if missing.name != "torch":
            raise
        return {}
    return TORCH_CHECKS


def _needs(claim: Claim) -> str:
    if claim.theory:
        return "nothing: theory, which no implementation shows; it is proved, enumerated and drawn"
    return " and ".join(each.replace(" | ", " or ") for each in claim.observables)


def _catches(claim: Claim) -> tuple[str, ...]:
    from ganirl_properties.wrong_formulas import WRONG_FORMULAS
    from ganirl_properties.wrong_formulas.process_formulas import PROCESS_FORMULAS

    known = [(formula.id, formula.expected) for formula in WRONG_FORMULAS]
    known += [(formula.id, formula.expected) for formula in PROCESS_FORMULAS]
    return tuple(name for name, expected in known if claim.id in expected)


DRAWN = (
    "holds on every problem drawn at each of three doors, MDPs, sequences and plain spaces "
    "(ganirl_properties.drawn.examine_claim)"
)
