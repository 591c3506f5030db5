"""From findings to verdicts: what holds, what a convention would mend, what only echoes, and what is wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence, Set

from ganirl.claims import Claim

from .blocking import blocked_by
from .certification import Certification
from .departing import TO_ANOTHER, formula_of, inexcusable, is_astray, lost, shows_it, strayed
from .diagnosis import LOST_IN_ITS_TAILS, diagnose
from .mending import mends
from .narrative import counterexample
from .relations import relation
from .repeated import another_answer
from .report import BESIDE_THE_REASON, Counterexample, Diagnosis, Verdict, VerdictName
from .search import Failure, Finding, Search
from .shrink import smallest


def judge_claims(search: Search, claims: Sequence[Claim], preferred: tuple[str, ...]) -> Iterator[Verdict]:
    """Yield a verdict a claim; what a failure means is known only after all claims were looked at."""
    certification = Certification(search) if search.certifier is not None else None
    findings: dict[str, Finding] = {}
    waiting: list[Claim] = []
    for claim in claims:
        findings[claim.id] = search.examine(claim.id)
        if findings[claim.id].violated:
            waiting.append(claim)
        else:
            yield _verdict(search, findings[claim.id], certification)
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
    departing = [claim.id for claim in waiting if claim.id in search.implementation.departures]
    found = {claim: strayed(search, claim, names.get(claim)) for claim in departing}
    astray = {claim: other for claim, other in found.items() if other is not None}
    excused = {claim for claim in found.keys() - astray.keys() if not lost(findings[claim])}
    for claim in waiting:
        if claim.id in mended and claim.id not in search.implementation.departures:
            sentence, under = mended[claim.id]
            row = _row(search, under, "conditional", sentence)
            yield row if certification is None else certification.certified(row, under)
        else:
            cause = _root(claim.id, causes)
            told = astray.get(claim.id, names.get(claim.id))
            yield _verdict(search, findings[claim.id], certification, cause, told, excused)


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
    search: Search,
    finding: Finding,
    certification: Certification | None,
    cause: str | None = None,
    diagnosis: Diagnosis | None = None,
    excused: Set[str] = frozenset(),
) -> Verdict:
    if not finding.violated or finding.error is not None:
        row = _unbroken(search, finding)
        return row if certification is None else certification.certified(row, finding)
    departure = _departure(search, finding, cause, excused)
    no_number = lost(finding) if departure is not None else []
    if departure is not None and no_number:
        shown_lost = _clearest(no_number)
        cause, diagnosis = None, inexcusable(search, departure, shown_lost, len(no_number), diagnosis)
    waived = None if no_number else _waived(search, finding, departure, diagnosis)
    failure = _clearest(no_number or finding.failures)
    if waived is None:
        failure = _smallest(search, finding, failure, cause, diagnosis)
        shown = counterexample(finding.claim, failure, search.implementation)
        row = _broken(search, finding, failure, cause, diagnosis, shown)
    else:
        row = waived
    return row if certification is None else certification.certified(row, finding, failure)


def _smallest(
    search: Search, finding: Finding, failure: Failure, cause: str | None, diagnosis: Diagnosis | None
) -> Failure:
    """Return the smallest case to show; of a departure to another formula than it names, one that shows it."""
    if diagnosis is None or diagnosis.formula != TO_ANOTHER:
        return smallest(search, failure, echo=cause is not None)
    stray = shows_it(search, finding.claim, finding.failures)
    if not stray:
        return smallest(search, failure)
    failure = _clearest(stray)
    small = smallest(search, failure)
    return small if is_astray(search, finding.claim, small) else failure


# How much further beyond what is allowed a case of a check's own must be, to be shown for one that was drawn.
_MUCH_CLEARER = 1e3


def _clearest(failures: Sequence[Failure]) -> Failure:
    """Return what to show: a case from bytes can be made smaller; a point of a grid is what it is."""
    drawn = [failure for failure in failures if failure.data is not None]
    worst = max(failures, key=lambda failure: failure.judgement.ratio)
    # A number that is wrong says more than one that has overflowed.
    told = [failure for failure in drawn if _MUCH_CLEARER <= failure.judgement.ratio < float("inf")]
    best = max(told or drawn, key=lambda failure: failure.judgement.ratio, default=worst)
    hidden = not told and worst.judgement.ratio > _MUCH_CLEARER * best.judgement.ratio
    return worst if hidden else best


def _unbroken(search: Search, finding: Finding) -> Verdict:
    if finding.error is not None:
        return _row(search, finding, "error", finding.error)
    if not finding.judged:
        if finding.undecided:
            return _row(search, finding, "inconclusive", "no bound can be given on these cases")
        return _row(search, finding, "not_addressed", "; ".join(dict.fromkeys(finding.unobserved)))
    condition = _condition(search, finding.claim)
    if condition is not None:
        return _row(search, finding, "conditional", condition)
    return _row(search, finding, "satisfied", "")


def _departure(search: Search, finding: Finding, cause: str | None, excused: Set[str]) -> str | None:
    """Return the declared departure that a failure is, or follows from."""
    if finding.claim in search.implementation.departures and (finding.claim in excused or lost(finding)):
        return finding.claim
    return cause if cause in excused else None


def _waived(
    search: Search, finding: Finding, departure: str | None, diagnosis: Diagnosis | None
) -> Verdict | None:
    if departure is None:
        return None
    reason = search.implementation.departures[departure]
    if departure == finding.claim:
        # A declared departure must not hide another one: what the numbers are is said beside the reason.
        known = f"{BESIDE_THE_REASON}{diagnosis.title}" if diagnosis is not None else ""
        if diagnosis is not None and not formula_of(reason):
            known += f"; to hold it to that: Departure(…, formula={diagnosis.formula!r})"
        return _row(search, finding, "waived", reason + known)
    message = f"follows from {departure}, which departs by design: {reason}"
    return _row(search, finding, "waived", message, blocked_by=departure)


def _broken(
    search: Search,
    finding: Finding,
    failure: Failure,
    cause: str | None,
    diagnosis: Diagnosis | None,
    shown: Counterexample,
) -> Verdict:
    if cause is not None:
        message = f"follows from {cause}: given what fails there, this is as it should be"
        return _row(
            search, finding, "blocked", message, blocked_by=cause, diagnosis=diagnosis, counterexample=shown
        )
    if diagnosis is not None and diagnosis.formula == LOST_IN_ITS_TAILS:
        diagnosis = dataclasses.replace(
            diagnosis, title=_with_relation(diagnosis.title, search, finding.claim)
        )
    known = "no known wrong formula gives these numbers"
    if diagnosis is not None:
        message = diagnosis.title
    else:
        message = another_answer(search, failure) or _with_relation(known, search, finding.claim)
    return _row(search, finding, "violated", message, diagnosis=diagnosis, counterexample=shown)


def _with_relation(said: str, search: Search, claim: str) -> str:
    told = relation(search, claim)
    return said if told is None else f"{said}; {told}"


def _condition(search: Search, claim: str) -> str | None:
    conventions = search.implementation.conventions
    if conventions.log_q == "absent" and claim in ("A4", "A9"):
        return "holds if the cost is read as −ℓ − log q: log q is no part of this discriminator, D is unconstrained"
    bonus_of_one_step = conventions.entropy_coefficient and conventions.entropy_in == "rewards"
    if bonus_of_one_step and claim in ("E1", "E3"):
        return (
            f"holds for one step, with the entropy bonus of {conventions.entropy_coefficient:g}: over several steps a "
            "bonus leaves out the entropy of later ones; −log π has to enter the rewards"
        )
    return None
