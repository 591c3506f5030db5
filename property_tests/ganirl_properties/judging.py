"""From findings to verdicts: what holds, what a convention would mend, what only echoes, and what is wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from ganirl.claims import Claim

from .blocking import blocked_by
from .diagnosis import diagnose
from .mending import mends
from .narrative import counterexample
from .report import Counterexample, Diagnosis, Verdict, VerdictName
from .search import Finding, Search
from .shrink import smallest


def judge_claims(search: Search, claims: Sequence[Claim], preferred: tuple[str, ...]) -> Iterator[Verdict]:
    """Yield a verdict a claim; what a failure means is known only after all claims were looked at."""
    findings: dict[str, Finding] = {}
    waiting: list[Claim] = []
    for claim in claims:
        findings[claim.id] = search.examine(claim.id)
        if findings[claim.id].violated:
            waiting.append(claim)
        else:
            yield _verdict(search, findings[claim.id])
    if not waiting:
        return
    mended = mends(search, findings)
    violated = {claim.id for claim in waiting} - set(mended)
    names = (
        diagnose(search, {claim: findings[claim] for claim in violated}, preferred=preferred)
        if violated
        else {}
    )
    causes = {claim: blocked_by(search, findings[claim], violated) for claim in violated}
    for claim in waiting:
        if claim.id in mended and claim.id not in search.implementation.departures:
            sentence, under = mended[claim.id]
            yield _row(search, under, "conditional", sentence)
        else:
            yield _verdict(search, findings[claim.id], _root(claim.id, causes), names.get(claim.id))


def _root(claim: str, causes: dict[str, str | None]) -> str | None:
    """Return the failed claim at the end of the chain of explanations; None if it fails by itself."""
    seen = [claim]
    while (cause := causes.get(seen[-1])) is not None and cause not in seen:
        seen.append(cause)
    return seen[-1] if len(seen) > 1 else None


def _row(search: Search, finding: Finding, verdict: VerdictName, message: str, **more: object) -> Verdict:
    evidence = f"{finding.cases} cases" if finding.judged else "none"
    row = Verdict(
        finding.claim,
        search.precision.name,
        search.device,
        verdict,
        evidence,
        finding.cases,
        message,
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
        if finding.undecided:
            return _row(search, finding, "inconclusive", "no bound can be given on these cases")
        return _row(search, finding, "not_addressed", "; ".join(dict.fromkeys(finding.unobserved)))
    if not finding.violated:
        condition = _condition(search, finding.claim)
        if condition is not None:
            return _row(search, finding, "conditional", condition)
        return _row(search, finding, "satisfied", "")
    if departure is not None:
        return _row(search, finding, "waived", departure)
    declared = search.implementation.departures.get(cause) if cause is not None else None
    if declared is not None:
        message = f"follows from {cause}, which departs by design: {declared}"
        return _row(search, finding, "waived", message, blocked_by=cause)
    shown = _told(search, finding)
    if cause is not None:
        message = f"follows from {cause}: given what fails there, this is as it should be"
        return _row(
            search, finding, "blocked", message, blocked_by=cause, diagnosis=diagnosis, counterexample=shown
        )
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
    # A case from bytes can be made smaller; a point of a grid is what it is.
    shrinkable = [failure for failure in finding.failures if failure.data is not None]
    plainest = max(shrinkable or finding.failures, key=lambda failure: failure.judgement.ratio)
    failure = smallest(search, plainest)
    return counterexample(finding.claim, failure, search.implementation.name)
