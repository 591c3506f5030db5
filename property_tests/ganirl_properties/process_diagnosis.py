"""Which known wrong formula gives the numbers of tabular code, on cases that no claim has seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from .checks import View
from .checks.settled import settled
from .observed import NotObservedError, ObservableError
from .report import Diagnosis
from .search import Finding, Search
from .wrong_formulas.process_formulas import PROCESS_FORMULAS, PROCESS_RIGHT
from .wrong_formulas.process_pipeline import ProcessFormula, numbers_of, together

Array = npt.NDArray[np.float64]

# observable → the claims that a name for it is given to, what it is called, and how it is asked
_OBSERVABLES: dict[str, tuple[tuple[str, ...], str, Callable[[View], npt.ArrayLike]]] = {
    "log_partition": (("H2", "H12"), "value", lambda view: view.observed.log_partition()),
    "soft_values": (("H12",), "soft values", lambda view: view.observed.soft_values()),
    "policy": (("H12",), "policy", lambda view: view.observed.policy()),
    "occupancy": (("D1",), "visits", lambda view: view.observed.occupancy()),
    "demonstration_gradient": (
        ("D3",),
        "demonstration gradient",
        lambda view: view.observed.demonstration_gradient(),
    ),
}


# Two formulas that come this near to each other are the same on what was seen.
_SAME = 1e-12


@dataclass(frozen=True)
class _Seen:
    """What it gave on one case, observable by observable."""

    view: View
    got: dict[str, Array]


def diagnose_process(search: Search, violated: dict[str, Finding], cases: int) -> dict[str, Diagnosis]:
    """Name what is wrong, claim by claim: one formula for all observables, or else one for each of them."""
    tolerance = float(np.sqrt(search.precision.unit_roundoff))
    fresh = [view for _, view in search.fresh(cases).views("process")]
    seen = [_asked(view) for view in (*fresh, *settled(fresh[0]))]
    observables = [name for name in _OBSERVABLES if all(name in each.got for each in seen)]
    if not observables:
        return {}
    conventions = search.implementation.conventions.of_process
    formulas = [formula for formula in PROCESS_FORMULAS if formula.applies(conventions)]
    distances = {
        formula.id: _distances(formula, seen, observables, tolerance)
        for formula in (PROCESS_RIGHT, *formulas)
    }
    named: dict[str, Diagnosis] = {}

    def name(about: list[str], claims: Iterable[str], what: str) -> None:
        wanted = [claim for claim in claims if claim in violated and claim not in named]
        found = _nearest(formulas, distances, about, tolerance)
        if found is None:
            return
        sentence = f"on {cases} fresh cases its {what} of this formula"
        for claim in wanted:
            named[claim] = Diagnosis(found.id, found.title, sentence, cases)

    words = [_OBSERVABLES[name][1] for name in observables]
    name(observables, violated, f"{_joined(words)} {'is that' if words == words[:1] else 'are those'}")
    for observable in observables:
        claims, word, _ = _OBSERVABLES[observable]
        name([observable], claims, f"{word} {'are those' if word.endswith('s') else 'is that'}")
    for observable in observables:
        claims, word, _ = _OBSERVABLES[observable]
        unnamed = [claim for claim in claims if claim in violated and claim not in named]
        if unnamed and (found := _pair(formulas, seen, observable, tolerance)) is not None:
            verb = "are those" if word.endswith("s") else "is that"
            sentence = f"on {cases} fresh cases its {word} {verb} of both formulas together"
            named |= {claim: Diagnosis(found.id, found.title, sentence, cases) for claim in unnamed}
    return named


def _pair(
    formulas: list[ProcessFormula], seen: list[_Seen], observable: str, tolerance: float
) -> ProcessFormula | None:
    """Return the two formulas that give an observable together, where neither gives it alone.

    None where the right formula gives it.
    """
    if _distances(PROCESS_RIGHT, seen, [observable], tolerance)[observable] <= tolerance:
        return None
    found: list[tuple[float, ProcessFormula]] = []
    for first, second in combinations(formulas, 2):
        both = together(first, second)
        # Most pairs fail on the first case.
        if both is None or _distances(both, seen[:1], [observable], tolerance)[observable] > tolerance:
            continue
        distance = _distances(both, seen, [observable], tolerance)[observable]
        if distance <= tolerance:
            found.append((distance, both))
    return min(found, key=lambda each: each[0])[1] if found else None


def _asked(view: View) -> _Seen:
    got = {}
    for name, (_, _, ask) in _OBSERVABLES.items():
        try:
            values = np.asarray(ask(view), dtype=np.float64)
        except (NotObservedError, ObservableError):
            continue
        got[name] = values[: view.case.mdp.horizon] if name == "soft_values" else values
    return _Seen(view, got)


def _distances(
    formula: ProcessFormula, seen: list[_Seen], observables: list[str], tolerance: float
) -> dict[str, float]:
    """Return the largest relative error of each observable; infinite where shapes differ or nothing is finite."""
    worst = dict.fromkeys(observables, 0.0)
    for each in seen:
        try:
            numbers = numbers_of(formula, each.view.process)
        except np.linalg.LinAlgError:
            # Under a wrong formula episodes may never end: its visits have no value.
            return dict.fromkeys(observables, float("inf"))
        for name in observables:
            expected, got = numbers[name], each.got[name]
            if expected.shape != got.shape:
                worst[name] = float("inf")
                continue
            with np.errstate(all="ignore"):
                scale = 1.0 + np.max(np.abs(expected), initial=0.0)
                distance = float(np.max(np.abs(expected - got) / scale, initial=0.0))
            worst[name] = max(worst[name], distance if np.isfinite(distance) else float("inf"))
        if min(worst.values()) > tolerance:
            break
    return worst


def _nearest(
    formulas: list[ProcessFormula],
    distances: dict[str, dict[str, float]],
    about: list[str],
    tolerance: float,
) -> ProcessFormula | None:
    """Return the nearest formula that agrees; None where the right one does, which tells wrong ones apart no more."""

    def distance(formula: ProcessFormula) -> float:
        return max(distances[formula.id][name] for name in about)

    if distance(PROCESS_RIGHT) <= tolerance:
        return None
    found = [formula for formula in formulas if distance(formula) <= tolerance]
    nearest = min((distance(formula) for formula in found), default=0.0)
    # Formulas are listed from the backup on: of two that are the same on what was seen, the later one is meant.
    same = [formula for formula in found if distance(formula) <= nearest + _SAME]
    return same[-1] if same else None


def _joined(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), *names[-1:]] if len(names) > 1 else names)
