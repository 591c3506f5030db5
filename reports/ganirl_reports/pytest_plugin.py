"""The pytest plugin: one test a claim, for the tests of a library of one's own.

    from ganirl_reports import parametrize_with_claims

    @parametrize_with_claims("my_adapter:target", expected_failures={"E1": "the reward is f alone"})
    def test_claims(claim_result):
        claim_result.check()

The verification runs once for each implementation and its settings, at the first test that looks at it.
Imports of ganirl wait until then, so that the plugin costs nothing in a suite that does not use it.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from ganirl.case import Unit
    from ganirl.implementation import Implementation
    from ganirl_properties.report import Report

    from .claim_result import ClaimResult
    from .settings import Settings

Function = TypeVar("Function", bound=Callable[..., object])
PROPERTY = "ganirl"


@dataclass(frozen=True)
class Request:
    """One claim of one implementation with the settings that its test gives; None leaves it to an option."""

    implementation: Implementation | str
    claim: str
    planned: tuple[str, ...]
    expected_failures: tuple[tuple[str, str], ...]
    profile: str | None
    seed: int | None
    dtypes: tuple[str, ...] | None
    device: str


def parametrize_with_claims(
    implementation: Implementation | str,
    *,
    expected_failures: Mapping[str, str] | None = None,
    claims: Iterable[str] | None = None,
    profile: str | None = None,
    seed: int | None = None,
    dtypes: Sequence[str] | None = None,
    device: str = "cpu",
) -> Callable[[Function], Function]:
    """Make a test of every claim: ``test_claims[C2]``. The test takes the argument ``claim_result``.

    Parameters
    ----------
    implementation : an `Implementation`, or what the command line calls TARGET
    expected_failures : claim id → reason; each has to fail, and one that no longer does is a failure
    claims : ids or patterns, ``["A4", "C*"]``; all by default
    profile, seed, dtypes : as on the command line; ``--ganirl-profile``, ``--ganirl-seed`` and
        ``--ganirl-dtypes`` go before them

    Raises
    ------
    ValueError
        If an expected failure or a claim is not among those that can be tested.
    """
    __tracebackhide__ = True
    planned = _planned(claims, _unit_of(implementation))
    expected = dict(expected_failures or {})
    for claim in expected:
        if claim not in planned:
            raise ValueError(
                f"expected_failures names {claim!r}, which is not among the claims of this test: "
                + ", ".join(planned)
            )
    requests = [
        Request(
            implementation,
            claim,
            planned,
            tuple(expected.items()),
            profile,
            seed,
            None if dtypes is None else tuple(dtypes),
            device,
        )
        for claim in planned
    ]
    return pytest.mark.parametrize(
        "claim_result", [pytest.param(each, id=each.claim) for each in requests], indirect=True
    )


def _unit_of(implementation: Any) -> Unit:
    """What kind of code it is; what cannot be loaded is told by its first test."""
    if isinstance(implementation, str):
        from ganirl_properties.targets import load_target

        try:
            implementation = load_target(implementation)
        except Exception:
            return "trajectory"
    unit: Unit = getattr(getattr(implementation, "conventions", None), "unit", "trajectory")
    return unit


def _planned(claims: Iterable[str] | None, unit: Unit) -> tuple[str, ...]:
    __tracebackhide__ = True
    from ganirl.claims import select

    try:
        chosen = select([claims] if isinstance(claims, str) else claims)
    except LookupError as error:
        raise ValueError(str(error.args[0])) from None
    planned = tuple(claim.id for claim in chosen if claim.shows_in(unit))
    if not planned:
        raise ValueError(
            f"{', '.join(claim.id for claim in chosen)}: theory alone, nothing that a test could observe"
            if all(claim.theory for claim in chosen)
            else f'{", ".join(claim.id for claim in chosen)}: code of unit "{unit}" shows nothing of it'
        )
    return planned


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options ``--ganirl-*``."""
    group = parser.getgroup("ganirl", "verification of GAN-IRL implementations")
    group.addoption(
        "--ganirl-profile",
        choices=("smoke", "default", "thorough"),
        help="how hard to search for counterexamples",
    )
    group.addoption("--ganirl-seed", type=int, metavar="N", help="seed of the search")
    group.addoption("--ganirl-dtypes", metavar="NAMES", help="formats, float64,float32")
    group.addoption(
        "--ganirl-report", metavar="DIR", help="write report.json, report.html and summary.md there"
    )


class Verifications:
    """The reports of this session, each made when it is first asked for."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.reports: dict[tuple[object, ...], Report] = {}
        self._refusals: dict[tuple[object, ...], str] = {}
        self._told: dict[tuple[object, ...], str] = {}  # the claim whose test has told a refusal
        self._kept: list[object] = []  # an implementation that is kept alive keeps its id to itself

    def report(self, request: Request) -> Report:
        """Return the report that a request belongs to; fail its test with one sentence if there can be none."""
        __tracebackhide__ = True
        settings = self._settings(request)
        subject = request.implementation
        key = self._key(request)
        if key not in self.reports and key not in self._refusals:
            self._kept.append(subject)
            found = _verify(subject, settings)
            if isinstance(found, str):
                self._refusals[key] = found
            else:
                self.reports[key] = found
        if key in self._refusals:
            # Once is enough: the first test fails with the sentence, and the others say that it has been told.
            told = self._told.setdefault(key, request.claim)
            if told != request.claim:
                pytest.skip(f"not verified: the test of {told} says why")
            pytest.fail(self._refusals[key], pytrace=False)
        return self.reports[key]

    def finished(self, request: Request) -> Report | None:
        """Return the report if there is one, without any work."""
        return self.reports.get(self._key(request))

    def _key(self, request: Request) -> tuple[object, ...]:
        subject = request.implementation
        return (subject if isinstance(subject, str) else id(subject), *self._settings(request).values())

    @cached_property
    def _declared(self) -> Settings:
        from .settings import SettingsError, read_settings

        try:
            return read_settings(self.config.rootpath)
        except SettingsError as error:
            pytest.exit(str(error), pytest.ExitCode.USAGE_ERROR)

    def _settings(self, request: Request) -> dict[str, Any]:
        """Return what the options say, then the decorator, then ``[tool.ganirl]``, then the defaults."""
        from .settings import split

        option, declared = self.config.getoption, self._declared
        dtypes = request.dtypes or declared.dtype
        if option("--ganirl-dtypes"):
            dtypes = split(str(option("--ganirl-dtypes")))
        seeds = (option("--ganirl-seed"), request.seed, declared.seed)
        return {
            "claims": request.planned,
            "profile": option("--ganirl-profile") or request.profile or declared.profile or "default",
            "seed": next((each for each in seeds if each is not None), 0),
            "dtypes": dtypes,
            "device": request.device,
        }


def _verify(subject: Any, settings: Mapping[str, Any]) -> Report | str:
    """Return the report, or the sentence about what the user can mend."""
    from dataclasses import replace

    from ganirl_properties import UsageError, verify
    from ganirl_properties.targets import load_target

    try:
        if not isinstance(subject, str):
            report = verify(subject, **settings)
        else:
            report = verify(load_target(subject), **settings)
            report = replace(report, run=replace(report.run, target=subject))
    except UsageError as error:
        return str(error)
    if report.run.interrupted:
        raise KeyboardInterrupt
    return report


_VERIFICATIONS = pytest.StashKey[Verifications]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin without any report."""
    config.stash[_VERIFICATIONS] = Verifications(config)


@pytest.fixture
def claim_result(request: pytest.FixtureRequest) -> Iterator[ClaimResult]:
    """One claim of the implementation that `parametrize_with_claims` names."""
    from .claim_result import ClaimResult

    asked = getattr(request, "param", None)
    if not isinstance(asked, Request):
        pytest.fail(
            "claim_result needs the decorator @parametrize_with_claims(implementation)", pytrace=False
        )
    verifications = request.config.stash[_VERIFICATIONS]
    result = ClaimResult(asked.claim, dict(asked.expected_failures), lambda: verifications.report(asked))
    yield result
    if not result.looked_at:
        pytest.fail("the test never looked at its claim: call claim_result.check()", pytrace=False)
    report = verifications.finished(asked)
    if report is None:  # the test itself has told why
        return
    # Properties travel from the workers of pytest-xdist, which the reports themselves do not.
    rows = [[report.run.target, row.claim, row.dtype, row.device, row.verdict] for row in result.verdicts]
    request.node.user_properties.append((PROPERTY, rows))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the documents that ``--ganirl-report`` asks for."""
    directory = session.config.getoption("--ganirl-report")
    verifications = session.config.stash.get(_VERIFICATIONS, None)
    if not directory or verifications is None or not verifications.reports:
        return
    from pathlib import Path

    from .documents.output_directory import write_report

    reports = list(verifications.reports.values())
    for index, report in enumerate(reports, 1):
        folder = Path(directory) if len(reports) == 1 else Path(directory) / str(index)
        try:
            write_report(report, folder)
        except OSError as error:
            raise pytest.UsageError(
                f"cannot write --ganirl-report {folder}: {error.strerror or error}"
            ) from None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Reconcile what was looked at, one line an implementation."""
    counts: dict[str, dict[str, int]] = {}
    seen: set[tuple[str, ...]] = set()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, rows in getattr(report, "user_properties", ()):
                for row in rows if name == PROPERTY else ():
                    if tuple(row) not in seen:
                        seen.add(tuple(row))
                        of_target = counts.setdefault(row[0], {})
                        of_target[row[4]] = of_target.get(row[4], 0) + 1
    for target, of_target in counts.items():
        parts = " + ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in of_target.items())
        terminalreporter.write_line(f"ganirl: {target}: planned {sum(of_target.values())} = {parts}")
