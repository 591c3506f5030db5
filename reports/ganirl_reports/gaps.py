"""What was not addressed, told apart: what the adapter could still show, and what does not apply to this code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ganirl import OBSERVABLES
from ganirl_properties.report import Report, Run, Verdict

from .tabulation import catalogued

# How the two kinds begin, the claims and the words beside them.
WOULD = "would be judged if the adapter had"
NEVER = "does not apply"


@dataclass(frozen=True)
class Gap:
    """Claims that were not addressed for one reason.

    Attributes
    ----------
    claims : ids, in order
    words : the observables that would show them, or why they do not apply
    """

    claims: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Gaps:
    """All that was not addressed.

    Attributes
    ----------
    would : what observables would show
    never : what does not apply to this code
    """

    would: tuple[Gap, ...]
    never: tuple[Gap, ...]

    @property
    def kinds(self) -> tuple[tuple[str, tuple[Gap, ...]], ...]:
        """(how it begins, the gaps), what is there alone."""
        return tuple((kind, gaps) for kind, gaps in ((WOULD, self.would), (NEVER, self.never)) if gaps)

    @property
    def none(self) -> bool:
        """Whether everything was addressed."""
        return not self.kinds


def gaps(report: Report) -> Gaps:
    """Sort what was not addressed by what it is, claims of one reason together."""
    found: dict[tuple[bool, str], dict[str, None]] = {}
    for verdict in report.verdicts:
        if verdict.verdict == "not_addressed":
            wanted = wanting(verdict, report.run)
            key = (wanted is not None, wanted or never(verdict, report.run))
            found.setdefault(key, {})[verdict.claim] = None
    return Gaps(
        *(
            tuple(Gap(tuple(claims), words) for (would, words), claims in found.items() if would is kind)
            for kind in (True, False)
        )
    )


def told(verdict: Verdict, run: Run) -> str:
    """Say of one row that was not addressed which of the two it is."""
    wanted = wanting(verdict, run)
    return f"{NEVER}: {never(verdict, run)}" if wanted is None else f"{WOULD} {wanted}"


def never(verdict: Verdict, run: Run) -> str:
    """Return why a row does not apply."""
    return _excluded(verdict.claim, run) or verdict.message


def wanting(verdict: Verdict, run: Run) -> str | None:
    """Return the observables that would show a row, ``"discriminator_loss or irl_loss"``; None where none would."""
    lacking = _lacking(verdict.message)
    if not lacking or _excluded(verdict.claim, run):
        return None
    entry = catalogued(verdict.claim)
    needed = [] if entry is None else [each.split(" | ") for each in entry.observables]
    has = set(run.observables) - set(lacking)
    missing = [each for each in needed if not has.intersection(each)] or needed
    parts = [_enough(each, has, verdict.claim, run) for each in missing]
    stubs = _named(_SAYS_STUB, verdict.message)
    marked = [
        [f"{name} (still a stub)" if name in stubs else name for name in each] for each in (*parts, lacking)
    ]
    return " and ".join(" or ".join(each) for each in marked[:-1] if each) or " or ".join(marked[-1])


# --- what a row's sentence says ---------------------------------------------------------------------------

_ANY = "|".join(sorted(OBSERVABLES, key=len, reverse=True))
_SAYS_MISSING = re.compile(rf"it has no ((?:{_ANY})(?: and no (?:{_ANY}))*)\b")
_SAYS_STUB = re.compile(rf"\b((?:{_ANY})(?: and (?:{_ANY}))*) is still a stub")
_SAYS_IN_PLACE_OF = (
    re.compile(rf"\b({_ANY}) cannot be differentiated here"),
    re.compile(rf"\b({_ANY}) would show"),
)


def _lacking(message: str) -> list[str]:
    """Return the observables that a sentence asks for, in order; empty where it asks for none."""
    found = _named(_SAYS_MISSING, message) + _named(_SAYS_STUB, message)
    for says in _SAYS_IN_PLACE_OF:
        found += [GRADIENT_OF.get(name, name) for name in says.findall(message)]
    return list(dict.fromkeys(found))


def _named(says: re.Pattern[str], message: str) -> list[str]:
    return [name for each in says.findall(message) for name in re.findall(_ANY, each)]


# --- what would do ----------------------------------------------------------------------------------------

# The gradient that an adapter may give in place of a loss that is differentiated.
GRADIENT_OF: Mapping[str, str] = {
    "discriminator_loss": "discriminator_gradient",
    "policy_loss": "generator_gradient",
    "irl_loss": "irl_gradient",
    "demonstration_loss": "demonstration_gradient",
}
_ALSO_A_GRADIENT = {"discriminator_policy_gradient"}

# Of any other framework it is not known here: a gradient does in all of them.
_DIFFERENTIATING = ("torch", "jax")


def _enough(alternatives: Iterable[str], has: set[str], claim: str, run: Run) -> list[str]:
    """Return those of the alternatives that are missing and would do, one of a loss and its gradient."""
    missing = [
        name for name in alternatives if name not in has and not _in_vain(claim, name, run.conventions)
    ]
    if run.framework in _DIFFERENTIATING:
        given = {GRADIENT_OF[name] for name in missing if name in GRADIENT_OF}
        given |= _ALSO_A_GRADIENT if "discriminator_loss" in missing else set()
        return [name for name in missing if name not in given]
    gradients = set(missing) & {*GRADIENT_OF.values(), *_ALSO_A_GRADIENT}
    return [name for name in missing if not (name in GRADIENT_OF and gradients)]


def _in_vain(claim: str, name: str, declared: Mapping[str, Any]) -> bool:
    """Whether an observable would not show a claim under these conventions."""
    if (claim, name) == ("H12", "log_partition"):  # it is log Z, of which H2 speaks
        return declared.get("entropy") == "trajectory"
    # Without b the slope in it is seen by differences of the loss.
    return claim in ("B2", "B3") and name == "discriminator_gradient" and declared.get("log_z") == "absent"


# --- what no observable would show ------------------------------------------------------------------------

# Claims that a declared convention rules out, though an observable is missing as well.
_EXCLUDED: Mapping[str, tuple[Callable[[Run], bool], str]] = {
    "A6": (
        lambda run: run.conventions.get("log_z") == "absent",
        "it has no log Z, so that nothing can be shifted between c and b",
    ),
    "B2": (
        lambda run: run.conventions.get("log_z") == "absent" and "discriminator_gradient" in run.observables,
        "it has no log Z, so that its gradient has no part in b",
    ),
    "I1": (
        lambda run: bool(run.conventions.get("equal_batches")),
        "it takes batches of one size only, where every mean is the same but for ½",
    ),
    "H2": (
        lambda run: run.conventions.get("entropy") == "causal",
        "with causal entropy its log_partition is V_soft and not log Z: H12 judges it",
    ),
}


def _excluded(claim: str, run: Run) -> str:
    """Return why a claim is ruled out by what is declared; empty if it is not."""
    rules_out, why = _EXCLUDED.get(claim, (lambda _: False, ""))
    return why if rules_out(run) else ""
