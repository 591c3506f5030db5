"""How each verdict looks: a symbol and a word, so that no meaning hangs on colour alone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from ganirl_properties.report import Counterexample, Report, Verdict, VerdictName


class Look(NamedTuple):
    """Symbol, word, the terminal's style, and what the verdict means in a sentence."""

    symbol: str
    word: str
    style: str
    meaning: str


LOOKS: dict[VerdictName, Look] = {
    "satisfied": Look("✓", "satisfied", "green", "no counterexample within the derived bound"),
    "violated": Look("✗", "violated", "bold red", "a counterexample exceeds the derived bound, or gives NaN"),
    "conditional": Look("◐", "conditional", "yellow", "holds only under the condition that is stated"),
    "inconclusive": Look("?", "inconclusive", "magenta", "not decided: interrupted, or too few cases"),
    "not_addressed": Look(
        "·", "not addressed", "dim", "the adapter shows nothing of it, or it does not apply to this code"
    ),
    "blocked": Look("⊘", "blocked", "red", "its failure is explained by another claim's failure"),
    "error": Look("!", "error", "bold red", "the adapter raised"),
    "waived": Look("○", "waived", "cyan", "differs by design, with the reason that is given"),
}

EQUIVALENCE_SYMBOLS = {"equivalent": "✓", "not equivalent": "✗", "one side only": "◐", "undecided": "?"}
EQUIVALENCE_STYLES = {
    "equivalent": "bold green",
    "not equivalent": "bold red",
    "one side only": "bold yellow",
    "undecided": "bold magenta",
}

# In place of "not equivalent" where the adapter declares that it means to be something else, and is that.
BY_DESIGN = "departs by design, as declared"

# The first that a claim has among its rows speaks for the claim.
SEVERITY: tuple[VerdictName, ...] = (
    "error",
    "violated",
    "blocked",
    "inconclusive",
    "conditional",
    "satisfied",
    "waived",
    "not_addressed",
)


def gravest(verdicts: Iterable[Verdict]) -> VerdictName:
    """Return the verdict that speaks for several rows of one claim."""
    present = {verdict.verdict for verdict in verdicts}
    return next(name for name in SEVERITY if name in present)


def is_by_design(report: Report) -> bool:
    """Whether it is not the paper's algorithm, and nobody says that it is: nothing fails, and something is waived."""
    return report.equivalence.verdict == "not equivalent" and not report.failed


def equivalence_symbol(report: Report) -> str:
    """Return the sign of a report's headline."""
    return LOOKS["waived"].symbol if is_by_design(report) else EQUIVALENCE_SYMBOLS[report.equivalence.verdict]


def equivalence_style(report: Report) -> str:
    """Return the colour of a report's headline on a terminal."""
    return "bold cyan" if is_by_design(report) else EQUIVALENCE_STYLES[report.equivalence.verdict]


def headline(report: Report) -> str:
    """Return the first sentence of every report: ``GAN = IRL = EBM: equivalent``."""
    equivalence = report.equivalence
    sides = equivalence.sides
    if not sides:
        return f"No side of the theorem: {equivalence.verdict}"
    if is_by_design(report):
        return f"{' and '.join(sides)}: {BY_DESIGN}"
    if equivalence.verdict == "one side only":
        return f"{' and '.join(sides)}: one side only"
    joint = {"equivalent": " = ", "not equivalent": " ≠ "}.get(equivalence.verdict, " ? ")
    return f"{joint.join(sides)}: {equivalence.verdict}"


def number(value: float, digits: int = 3) -> str:
    """Write a number for people: 3 significant digits unless told otherwise, NaN and ∞ by name."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value + 0.0:.{digits}g}"  # + 0.0: people read −0 as 0


def apart(got: float, expected: float) -> tuple[str, str]:
    """Write two numbers with as few digits as tell them apart."""
    for digits in (6, 9, 12, 17):
        pair = number(got, digits), number(expected, digits)
        if pair[0] != pair[1]:
            return pair
    return number(got, 6), number(expected, 6)


def argument(found: Counterexample) -> tuple[tuple[str, str], ...]:
    """Return the contradiction as (word, sentence), the word taken off the sentence: Let, Then, However."""
    sentences = (("Let", found.let), ("Then", found.then), ("However", found.however))
    return tuple((word, _without(word, sentence)) for word, sentence in sentences)


def _without(word: str, sentence: str) -> str:
    rest = sentence.removeprefix(word)
    return rest.lstrip(", ") if rest != sentence and not rest[:1].isalpha() else sentence
