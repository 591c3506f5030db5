"""What a derivation is: frozen values, free of SymPy, so that reading about a proof does not import it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol


@dataclass(frozen=True)
class Step:
    """One line of a derivation: a sentence, and the formula (LaTeX, no dollar signs) that it speaks of."""

    text: str
    latex: str


@dataclass(frozen=True)
class Judgement:
    """What the algebra says of a statement.

    Attributes
    ----------
    holds
        The residual, left side minus right side, was reduced to zero (or an inequality was made manifest).
    residual
        The residual in LaTeX, ``"0"`` when it holds.
    witness
        When it does not hold: the value of the residual on a concrete instance that meets every stated
        condition, computed to be non-zero; ``None`` if no such instance was found, which refutes nothing.
    """

    holds: bool
    residual: str
    witness: str | None = None


class Statement(Protocol):
    """A mathematical statement that can be judged and can explain itself."""

    @property
    def name(self) -> str:
        """What is stated, in a phrase."""
        ...

    def judge(self) -> Judgement:
        """Decide the statement, and look for a counterexample if it does not reduce to zero."""
        ...

    def steps(self) -> tuple[Step, ...]:
        """Write the decision down, from the expressions that decided it."""
        ...


@dataclass(frozen=True)
class Twin:
    """The same statement with one mutation; it takes the route of the proof and must be refuted there."""

    name: str
    broken: str
    statement: Statement


@dataclass(frozen=True)
class Derivation:
    """Why a claim is true.

    Attributes
    ----------
    claim, title
        The stable id, and the claim in a line.
    scope
        For what it is proved: "every N, every weighting" and the like.
    opening
        The idea and the definitions, before the algebra speaks.
    statements
        What is decided; all must hold. Empty where a substitute stands in its place.
    twins
        Broken statements; all must be refuted.
    substitute
        What stands in the place of a derivation, or of the part of one that algebra does not reach.
    """

    claim: str
    title: str
    scope: str
    opening: tuple[Step, ...] = ()
    statements: tuple[Statement, ...] = ()
    twins: tuple[Twin, ...] = ()
    substitute: str | None = None

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The whole derivation, in order; printed when it is asked for, since LaTeX takes its time."""
        return self.opening + tuple(step for statement in self.statements for step in statement.steps())


@dataclass(frozen=True)
class TwinResult:
    """Whether a broken twin was refuted, its residual in LaTeX and the value of it on a concrete instance."""

    name: str
    broken: str
    refuted: bool
    residual: str
    witness: str | None = None


@dataclass(frozen=True)
class ProofResult:
    """The outcome of a derivation and its twins.

    Attributes
    ----------
    proved
        At least one statement, and every one holds.
    residual
        ``"0"`` when proved; else the first residual left, in LaTeX; ``""`` where there is no statement.
    statements
        How many statements were decided.
    seconds
        Wall-clock time, building the expressions included.
    carried
        How many of them were decided again with integrals in place of sums, for continuous spaces.
    not_carried
        Those that should have carried over and did not; their names.
    """

    claim: str
    proved: bool
    residual: str
    twins: tuple[TwinResult, ...]
    substitute: str | None
    statements: int
    seconds: float
    carried: int = 0
    not_carried: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Proved with every twin refuted; or nothing to prove, and a substitute named."""
        if self.statements == 0:
            return self.substitute is not None
        twins = bool(self.twins) and all(twin.refuted for twin in self.twins)
        return self.proved and twins and not self.not_carried
