"""What a script computes: the implementation's number, the number that the claim implies, and the words for both.

Formulas are lines of NumPy. A *term* is a line that defines names; a formula takes in whichever terms it names, so that
a script holds what it needs and a sceptic can read all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ganirl import Case


@dataclass(frozen=True)
class Subject:
    """Whose numbers they are, and on what.

    Attributes
    ----------
    framework, observables : of the target
    conventions : as it declares them
    case : NumPy, exact in its format
    device : where it computes
    check, observable : which comparison failed
    component : of it
    """

    framework: str
    observables: tuple[str, ...]
    conventions: Mapping[str, Any]
    case: Case
    device: str
    check: str
    observable: str
    component: tuple[int, ...]

    def rows(self, name: str) -> str:
        """Return an expression for an observable of rows of both sides, the expert's first."""
        call = f"arrays.numpy(target.{name}(case, side)).ravel()"
        return f"np.concatenate([{call} for side in (case.expert, case.generator)])"

    def scalar(self, name: str) -> str:
        """Return an expression for an observable that is one number."""
        return f"arrays.numpy(target.{name}(case)).item()"

    def gradient(self, loss: str, leaf: str) -> str:
        """Return an expression for the gradient of a loss in ``theta``, ``b`` or ``policy_logits``."""
        if self.framework == "torch":
            unused = "allow_unused=True, materialize_grads=True"
            return f"arrays.numpy(torch.autograd.grad(target.{loss}(case), case.{leaf}, {unused})[0])"
        if self.framework == "jax":
            return f'arrays.differentiated(target.{loss}, case, ("{leaf}",))[1][0]'
        return f'arrays.gradients(target.{loss}(case), case, ("{leaf}",))[0]'

    def own_gradient(self, observable: str, loss: str, leaf: str) -> str:
        """Return an expression for a gradient: the adapter's own where it gives one, else that of its loss."""
        if observable in self.observables:
            return f"arrays.numpy(target.{observable}(case))"
        return self.gradient(loss, leaf)

    @property
    def scales(self) -> tuple[float, float]:
        """(α_p, α_q) of the loss as declared."""
        factor, n_p, n_q = (
            float(self.conventions["loss_factor"]),
            len(self.case.expert),
            len(self.case.generator),
        )
        if self.conventions["loss_scale"] == "sum_of_means":
            return factor, factor
        total = n_p + n_q if self.conventions["loss_scale"] == "mean_of_all" else 1
        return factor * n_p / total, factor * n_q / total

    @property
    def scale_texts(self) -> tuple[str, str]:
        """The same as a reader sees where they come from: ``2 / 5``, of a batch of 2 and one of 3."""
        factor, rows = (
            float(self.conventions["loss_factor"]),
            (len(self.case.expert), len(self.case.generator)),
        )
        before = "" if factor == 1.0 else f"{factor!r} * "
        if self.conventions["loss_scale"] == "sum_of_means":
            return repr(factor), repr(factor)
        over = f" / {sum(rows)}" if self.conventions["loss_scale"] == "mean_of_all" else ""
        return f"{before}{rows[0]}{over}", f"{before}{rows[1]}{over}"


@dataclass(frozen=True)
class Formula:
    """One comparison in NumPy.

    Attributes
    ----------
    says : the claim in a few symbols, for the first line of the script
    found, should : expressions
    before : lines that come first; ``functions`` are lines of what these call, name → expression in ``exact``
    case : in place of the saved one, where the check makes another of it
    others : further cases, name → case
    indexed : whether both expressions are the component that failed already
    draw : one draw from ``case``, where ``found`` is a mean of them
    """

    says: str
    found: str
    should: str
    before: tuple[str, ...] = ()
    functions: Mapping[str, str] = field(default_factory=dict)
    case: Case | None = None
    others: Mapping[str, Case] = field(default_factory=dict)
    indexed: bool = False
    draw: str = ""


@dataclass(frozen=True)
class Term:
    """A line, or several, that defines names."""

    names: tuple[str, ...]
    lines: tuple[str, ...]


def needed(terms: Sequence[Term], texts: Iterable[str]) -> list[str]:
    """Return the lines of the terms that texts name, and of those that these name, in the order of the terms."""
    words = set(_words(texts))
    chosen = []
    for term in reversed(terms):
        if words & set(term.names):
            chosen.append(term)
            words |= set(_words(term.lines))
    return [line for term in reversed(chosen) for line in term.lines]


def inlined(lines: Sequence[str]) -> list[str]:
    """Return the lines without names that are used once: what they stand for is written there."""
    kept = list(lines)
    for original in lines:
        # A line may have grown by now.
        line = next((each for each in kept if each.startswith(original.partition(" = ")[0] + " = ")), "")
        name, _, meaning = line.split("  #")[0].partition(" = ")
        users = [other for other in kept if other != line and name in _words([other])]
        used = sum(_words([other]).count(name) for other in users)
        if not name.isidentifier() or used != 1 or name in _COMPARED:
            continue
        longer = re.sub(rf"(?<![\w.]){name}\b", f"({meaning})" if " " in meaning else meaning, users[0])
        if len(longer) <= _LONGEST:
            kept[kept.index(users[0])] = longer
            kept.remove(line)
    return kept


_LONGEST = 130
# What the last lines of a script name.
_COMPARED = ("drawn", "found", "should")


def _words(texts: Iterable[str]) -> list[str]:
    # A comment names nothing, and an attribute is no term: "p" is none of exact.p.
    return [word for text in texts for word in re.findall(r"(?<![\w.])[A-Za-z_]\w*", text.split("  #")[0])]
