"""The search for counterexamples: seeded batches of cases, each observable asked once a case, every claim judged."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from ganirl import PRECISIONS, Case, Conventions, Implementation, Precision
from ganirl.bounds import FloatModel
from ganirl.certified import Certifier
from ganirl.framework import Framework
from ganirl.stub import stubs_of
from ganirl.truth import Truth

from .cases import SETTINGS, Setting, at_optimum, case_from_bytes, generic_bytes
from .checks import CHECKS, Check, Comparison, View
from .lanes import AT_ONCE, SETTINGS_OF_LANES, Lanes, Screened, drawn_lanes, screen, takes_lanes
from .observed import NotObservedError, ObservableError, Observed
from .report import Worst

Array = npt.NDArray[np.float64]

# Cases drawn for each setting.
PROFILES = {"smoke": 6, "default": 48, "thorough": 480}

# Beside the seed: what is drawn in lanes is drawn anew, and not what is asked about alone.
_OF_LANES = 1

# Error over what is allowed of a lane that alone is within it: what is added up in another order is beyond by no such
# factor.
OTHERWISE = 2.0


@dataclass(frozen=True)
class Redeclared:
    """An implementation under other conventions than its own: what it would be if it had declared them."""

    implementation: Implementation
    conventions: Conventions

    @property
    def name(self) -> str:
        """As declared."""
        return self.implementation.name

    @property
    def departures(self) -> Mapping[str, str]:
        """As declared."""
        return self.implementation.departures

    @property
    def framework(self) -> str:
        """As declared."""
        return self.implementation.framework

    def __getattr__(self, name: str) -> Any:
        return getattr(self.implementation, name)


@dataclass(frozen=True)
class Judgement:
    """One comparison, judged: the worst component's numbers, and error / allowed (inf for NaN)."""

    comparison: Comparison
    index: int
    ratio: float
    error: float
    bound: float
    allowed: float

    @property
    def failed(self) -> bool:
        """Whether it is beyond what is allowed; NaN is."""
        return not self.ratio <= 1.0

    @property
    def got(self) -> float:
        """The worst component."""
        return float(np.ravel(self.comparison.got)[self.index])

    @property
    def expected(self) -> float:
        """What it should have been."""
        return float(np.ravel(self.comparison.expected)[self.index])


def judge(comparison: Comparison, safety: float) -> Judgement | None:
    """Judge a comparison; None where its bound says nothing (inf or NaN)."""
    error, bound = (
        np.ravel(comparison.error),
        np.ravel(np.broadcast_to(comparison.bound, comparison.error.shape)),
    )
    if not np.isfinite(bound).all():
        return None
    allowed = safety * bound
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(error == 0.0, 0.0, error / allowed)
    ratio = np.where(np.isnan(ratio), np.inf, ratio)
    index = int(np.argmax(ratio))
    return Judgement(
        comparison,
        index,
        float(ratio[index]),
        float(error[index]),
        float(bound[index]),
        float(allowed[index]),
    )


@dataclass(frozen=True)
class Failure:
    """A case on which a check failed; ``data`` are its bytes, None for a check that makes its own cases."""

    check: Check
    case: Case
    data: bytes | None
    judgement: Judgement


@dataclass
class Finding:
    """All that was seen of one claim in one format."""

    claim: str
    judged: int = 0
    cases_of: dict[str, int] = field(default_factory=dict)  # check → cases on which it said something
    undecided: int = 0  # comparisons whose bound says nothing
    worst: Judgement | None = None
    worst_at: tuple[Check, View] | None = None
    failures: list[Failure] = field(default_factory=list)
    unobserved: list[str] = field(default_factory=list)
    error: str | None = None

    @property
    def cases(self) -> int:
        """Cases that were looked at; several checks may look at the same ones."""
        return max(self.cases_of.values(), default=0)

    @property
    def worst_numbers(self) -> Worst | None:
        """Numbers for the report."""
        if self.worst is None:
            return None
        return Worst(self.worst.error, self.worst.bound, self.worst.ratio)

    @property
    def violated(self) -> bool:
        """Whether a counterexample was found."""
        return bool(self.failures)


@dataclass
class Search:
    """One implementation in one format on one device. Cases are drawn once and shared by all claims.

    Besides the cases that are asked about one at a time, code that takes lanes is asked about ``lanes`` more.
    """

    implementation: Implementation
    framework: Framework
    precision: Precision
    device: str
    cases: int
    seed: int
    certifier: Certifier | None = None
    lanes: int = 0
    found: dict[Setting, list[bytes]] = field(
        default_factory=dict
    )  # what failed in lanes: drawn from then on
    planned: tuple[str, ...] = ()  # claims that will be asked for; lanes are drawn once for all of them
    _of_lanes: dict[Check, Screened] = field(default_factory=dict, repr=False)
    _views: dict[Setting, list[tuple[bytes, View]]] = field(default_factory=dict, repr=False)

    @property
    def model(self) -> FloatModel:
        """The arithmetic under test."""
        return FloatModel(self.precision, self.framework.kappa(self.precision.name, self.device))

    def redeclared(self, conventions: Conventions, cases: int | None = None) -> Search:
        """Return the same search under other conventions; of few cases, without lanes but for what failed there."""
        other = Redeclared(self.implementation, conventions)
        return Search(
            other,
            self.framework,
            self.precision,
            self.device,
            cases or self.cases,
            self.seed,
            lanes=0 if cases else self.lanes,
            found={setting: list(each) for setting, each in self.found.items()},
            planned=self.planned,
        )

    def fresh(self, cases: int) -> Search:
        """Return the same search on cases that no claim has seen."""
        return Search(
            self.implementation, self.framework, self.precision, self.device, cases, self.seed + 7919
        )

    def view(self, data: bytes, setting: Setting) -> View:
        """Decode bytes and put the implementation beside the truth."""
        case = case_from_bytes(data, setting, self.precision, self.implementation.conventions)
        return self.view_in(setting, case)

    def view_in(self, setting: Setting, case: Case) -> View:
        """Put the implementation beside the truth about a case, or lanes, as the setting has it."""
        view = self.view_of(case)
        if setting != "optimum":
            return view
        b = view.truth.near_optimum if view.observed.lanes else view.truth.optimum.b
        return view.at(at_optimum(case, b, self.implementation.conventions))

    def view_of(self, case: Case) -> View:
        """Put the implementation beside the truth about a case."""
        observed = Observed(self.implementation, self.framework, case, self.device)
        return View(observed, Truth(case, self.implementation.conventions, self.model))

    def drawn(self, setting: Setting) -> Iterator[bytes]:
        """Yield the bytes of the cases of a setting; the same seed yields the same."""
        rng = np.random.default_rng([self.seed, SETTINGS.index(setting)])
        generic = generic_bytes(rng, setting, PRECISIONS["float64"], self.implementation.conventions)
        yield from islice(generic, self.cases)
        yield from self.found.get(setting, ())

    def views(self, setting: Setting) -> list[tuple[bytes, View]]:
        """Return the drawn cases of a setting."""
        if setting not in self._views:
            self._views[setting] = [(data, self.view(data, setting)) for data in self.drawn(setting)]
        return self._views[setting]

    def examine(self, claim: str, without: Container[str] = ()) -> Finding:
        """Run every check of a claim, but for those named otherwise, on every case that suits it."""
        finding = Finding(claim)
        for check in self.checks(claim):
            if check.kind in without:
                continue
            missing = [name for name in check.observables if not self.implementation_has(name)]
            if missing:
                stubs = stubs_of(self.implementation, tuple(missing))
                said = f"it has no {' and no '.join(missing)}"
                finding.unobserved.append(f"{' and '.join(stubs)} is still a stub" if stubs else said)
                continue
            try:
                with np.errstate(all="ignore"):
                    for data, view in self.suited(check):
                        self._look(check, data, view, finding)
                    self._look_at_lanes(check, finding)
            except NotObservedError as why:
                finding.unobserved.append(str(why))
            except ObservableError as why:
                finding.error = str(why)
                return finding
        return finding

    def lane_views(self, setting: Setting, at_once: int = AT_ONCE) -> Iterator[tuple[Lanes, View]]:
        """Yield the lanes drawn for a setting, so many in a call; none for code that takes none."""
        asked = self.lanes > 0 and takes_lanes(self.implementation, self.framework)
        if setting not in SETTINGS_OF_LANES or not asked:
            return
        at_once = min(at_once, self.lanes)
        rng = np.random.default_rng([self.seed, SETTINGS.index(setting), _OF_LANES])
        drawn = drawn_lanes(rng, setting, self.precision.name, self.implementation.conventions, at_once)
        for lanes in islice(drawn, self.lanes // at_once):
            yield lanes, self.view_in(setting, lanes.case)

    def _screened(self, check: Check, setting: Setting) -> Screened:
        """Return what a check says of the lanes of its setting, on which all that will be asked for is run at once."""
        if check not in self._of_lanes:
            claims = self.planned or (check.claim,)
            asked = [
                each
                for claim in claims
                for each in self.checks(claim)
                if each.setting == setting and all(map(self.implementation_has, each.observables))
            ]
            self._of_lanes |= dict(zip(asked, screen(self.lane_views(setting), asked), strict=True))
        return self._of_lanes[check]

    def checks(self, claim: str) -> Iterator[Check]:
        """Yield the checks of a claim that this unit's code could show."""
        unit = self.implementation.conventions.unit
        return (check for check in CHECKS if check.claim == claim and check.suits(unit))

    def implementation_has(self, observable: str) -> bool:
        """Whether the adapter has an observable."""
        return callable(getattr(self.implementation, observable, None))

    def suited(self, check: Check) -> Iterator[tuple[bytes | None, View]]:
        """Yield the cases that a check looks at, each with the bytes that it was decoded from."""
        if check.setting is not None:
            yield from self.views(check.setting)
        elif check.instances is not None:
            first = self.views("batch")[0][1]
            for view in check.instances(first):
                yield None, view

    def _look_at_lanes(self, check: Check, finding: Finding) -> None:
        """Judge a check on all lanes, and by themselves the worst of all and the first ones that fail."""
        setting = check.setting
        if setting is None or not self.lanes:
            return
        screened = self._screened(check, setting)
        if screened.raised is not None:
            raise screened.raised
        known, cases = set(self.found.get(setting, ())), finding.cases_of.get(check.name, 0)
        for data in screened.alone:
            if data in known:
                continue
            view, before = self.view(data, setting), len(finding.failures)
            self._look(check, data, view, finding)
            if len(finding.failures) > before:
                # From here on it is a case like those that are drawn: for other claims, and other conventions.
                self.found.setdefault(setting, []).append(data)
                self.views(setting).append((data, view))
        finding.judged += screened.counted
        finding.cases_of[check.name] = cases + screened.counted
        if screened.worst is not None and screened.worst[0] > OTHERWISE and not finding.failures:
            raise ObservableError(
                f"asked about {' and '.join(check.observables) or check.claim} of many problems at once, it says "
                f"otherwise than of each alone ({screened.worst[0]:.3g} times what is allowed): its lanes are not "
                "independent; take `lanes` out"
            )

    def _look(self, check: Check, data: bytes | None, view: View, finding: Finding) -> None:
        said = False
        for judgement in judged(check, view):
            if judgement is None:
                finding.undecided += 1
                continue
            said = True
            finding.judged += 1
            if finding.worst is None or judgement.ratio > finding.worst.ratio:
                finding.worst, finding.worst_at = judgement, (check, view)
            if judgement.failed:
                finding.failures.append(Failure(check, view.case, data, judgement))
        finding.cases_of[check.name] = finding.cases_of.get(check.name, 0) + said


def judged(check: Check, view: View) -> Iterator[Judgement | None]:
    """Run a check and judge its comparisons."""
    comparisons = iter(check.run(view))
    while True:
        with np.errstate(all="ignore"):  # what overflows is judged, not printed
            comparison = next(comparisons, None)
        if comparison is None:
            return
        yield judge(comparison, view.safety)
