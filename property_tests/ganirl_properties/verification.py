"""`verify`: load, search, mend, explain, shrink, name, and give one verdict a claim × format."""

from __future__ import annotations

import dataclasses
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
from ganirl import PRECISIONS, Implementation, __version__, available_observables
from ganirl.claims import CLAIM_SET, Claim, select
from ganirl.framework import Framework, load_framework

from .blocking import ancestors, blocked_by
from .diagnosis import diagnose
from .equivalence import equivalence
from .errors import UsageError
from .mending import mends
from .narrative import counterexample
from .report import Counterexample, Diagnosis, Report, Run, Verdict, VerdictName
from .search import PROFILES, Finding, Search
from .shrink import smallest
from .targets import check_implementation

Progress = Callable[[Verdict, int, int], None]


def verify(
    implementation: Implementation,
    *,
    claims: Iterable[str] | None = None,
    profile: str = "default",
    device: str = "cpu",
    dtypes: Sequence[str] | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Report:
    """Judge an implementation by every claim that it can show.

    Parameters
    ----------
    implementation : an object of the protocol `ganirl.Implementation`
    claims : patterns such as ``"A4"`` or ``"C*"``; all by default
    profile : ``"smoke"`` (6 cases a setting), ``"default"`` (48) or ``"thorough"`` (480)
    device : ``"cpu"`` or ``"cuda"``
    dtypes : formats to test in; by default all that the implementation and its framework have
    seed : of the search; the same seed draws the same cases
    jobs : processes, one a format at most
    progress : called after every claim with (verdict, done, planned)

    Raises
    ------
    UsageError
        For an option that does not exist or cannot be had here, or an object that is no Implementation.
    """
    check_implementation(implementation)
    started = time.perf_counter()
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    framework = _framework(implementation)
    planned = _planned(claims)
    formats = _formats(implementation, framework, dtypes)
    if profile not in PROFILES:
        raise UsageError(f"there is no profile {profile!r}; there are {', '.join(PROFILES)}")
    if device not in framework.devices():
        raise UsageError(
            f"device {device!r} cannot be had with {framework.name} here; there are {', '.join(framework.devices())}"
        )
    unknown = sorted(set(implementation.departures) - {claim.id for claim in select(None)})
    if unknown:
        raise UsageError(f"{implementation.name} declares a departure from {unknown[0]}, which is no claim")
    plan = [(claim, name) for name in formats for claim in planned if name in claim.dtypes]
    verdicts: list[Verdict] = []
    interrupted = False
    with framework.arithmetic():
        try:
            for name in formats:
                search = Search(implementation, framework, PRECISIONS[name], device, PROFILES[profile], seed)
                mine = [claim for claim, of in plan if of == name]
                verdicts.extend(_judge_format(search, mine, len(verdicts), len(plan), progress))
        except KeyboardInterrupt:
            interrupted = True
    done = {(verdict.claim, verdict.dtype) for verdict in verdicts}
    verdicts.extend(
        Verdict(claim.id, name, device, "inconclusive", "none", 0, "interrupted before it was judged")
        for claim, name in plan
        if (claim.id, name) not in done
    )
    run = Run(
        ganirl=__version__,
        claim_set=CLAIM_SET,
        target=implementation.name,
        conventions=dataclasses.asdict(implementation.conventions),
        departures=dict(implementation.departures),
        observables=available_observables(implementation),
        profile=profile,
        seed=seed,
        device=device,
        dtypes=tuple(formats),
        versions=_versions(implementation, framework),
        started=stamp,
        seconds=round(time.perf_counter() - started, 3),
        interrupted=interrupted,
    )
    return Report(run, tuple(verdicts), equivalence(run.observables, implementation.conventions, verdicts))


def _framework(implementation: Implementation) -> Framework:
    try:
        return load_framework(implementation.framework)
    except LookupError as missing:
        raise UsageError(str(missing)) from missing


def _planned(patterns: Iterable[str] | None) -> list[Claim]:
    try:
        chosen = select(patterns)
    except LookupError as unknown:
        raise UsageError(str(unknown)) from unknown
    planned = [claim for claim in chosen if not claim.theory]
    if not planned:
        names = ", ".join(claim.id for claim in chosen)
        raise UsageError(f"{names}: theory alone, which `ganirl prove` proves; nothing of it shows in code")
    return planned


def _formats(implementation: Implementation, framework: Framework, wanted: Sequence[str] | None) -> list[str]:
    declared = implementation.conventions.precisions
    possible = [name for name in framework.precisions() if declared is None or name in declared]
    if wanted is None:
        return possible
    for name in wanted:
        if name not in PRECISIONS:
            raise UsageError(f"there is no dtype {name!r}; there are {', '.join(PRECISIONS)}")
        if name not in possible:
            raise UsageError(f"{implementation.name} does not work in {name}; it does in {', '.join(possible)}")
    return list(dict.fromkeys(wanted))


def _versions(implementation: Implementation, framework: Framework) -> dict[str, str]:
    versions = {"python": platform.python_version(), "numpy": np.__version__, **framework.versions()}
    own: Mapping[str, str] = getattr(implementation, "versions", {})
    return versions | dict(own)


# --- one format -------------------------------------------------------------------------------------------


def _judge_format(
    search: Search, claims: list[Claim], done: int, planned: int, progress: Progress | None
) -> list[Verdict]:
    findings: dict[str, Finding] = {}
    for claim in claims:
        findings[claim.id] = search.examine(claim.id)
        if progress is not None:
            done += 1
            progress(_verdict(search, findings[claim.id]), done, planned)
    mended = mends(search, findings) if any(finding.violated for finding in findings.values()) else {}
    violated = {claim for claim, finding in findings.items() if finding.violated} - set(mended)
    explained = {claim: blocked_by(search, findings[claim], violated) for claim in violated}
    names = diagnose(search, {claim: findings[claim] for claim in violated}) if violated else {}
    verdicts = []
    for claim in claims:
        finding = findings[claim.id]
        if claim.id in mended:
            sentence, under = mended[claim.id]
            verdict = _row(search, under, "conditional", sentence)
        else:
            verdict = _verdict(search, finding, explained.get(claim.id), names.get(claim.id))
        verdicts.append(verdict)
    return verdicts


def _row(search: Search, finding: Finding, verdict: VerdictName, message: str, **more: object) -> Verdict:
    evidence = f"{finding.cases} cases" if finding.judged else "none"
    row = Verdict(
        finding.claim, search.precision.name, search.device, verdict, evidence, finding.cases, message,
        worst=finding.worst_numbers,
    )
    return dataclasses.replace(row, **more)  # type: ignore[arg-type]


def _verdict(
    search: Search, finding: Finding, cause: str | None = None, diagnosis: Diagnosis | None = None
) -> Verdict:
    departure = search.implementation.departures.get(finding.claim)
    if finding.error is not None:
        return _row(search, finding, "error", finding.error)
    if not finding.judged:
        if finding.cases and not finding.unobserved:
            return _row(search, finding, "inconclusive", "no bound can be given on these cases")
        return _row(search, finding, "not_addressed", "; ".join(dict.fromkeys(finding.unobserved)))
    if not finding.violated:
        if departure is not None:
            message = f"declared as a departure ({departure}), but it does not depart: take the declaration out"
            return _row(search, finding, "error", message)
        condition = _condition(search, finding.claim)
        if condition is not None:
            return _row(search, finding, "conditional", condition)
        return _row(search, finding, "satisfied", "")
    if departure is not None:
        return _row(search, finding, "waived", departure)
    shown = _told(search, finding)
    if cause is not None:
        message = f"follows from {cause}: given what fails there, this is as it should be"
        return _row(search, finding, "blocked", message, blocked_by=cause, diagnosis=diagnosis, counterexample=shown)
    message = diagnosis.title if diagnosis is not None else "no known wrong formula gives these numbers"
    return _row(search, finding, "violated", message, diagnosis=diagnosis, counterexample=shown)


def _condition(search: Search, claim: str) -> str | None:
    conventions = search.implementation.conventions
    if conventions.log_q == "absent" and claim in ("A4", "A9"):
        return "holds if the cost is read as −ℓ − log q: log q is no part of this discriminator, D is unconstrained"
    if conventions.entropy_coefficient and claim in ("E1", "E3"):
        return (
            f"holds for one step, with the entropy bonus of {conventions.entropy_coefficient:g}: over several steps a "
            "bonus leaves out the entropy of later ones; −log π has to enter the rewards"
        )
    return None


def _told(search: Search, finding: Finding) -> Counterexample:
    failure = smallest(search, finding.failures[0])
    return counterexample(finding.claim, failure, search.implementation.name)


__all__ = ["ancestors", "verify"]
