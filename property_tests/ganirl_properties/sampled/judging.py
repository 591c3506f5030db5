"""From draws to verdicts: a row a claim, beside what the search says of the rest of the implementation."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ganirl import Implementation
from ganirl.claims import Claim
from ganirl.sequential import Rates
from ganirl_properties.case_data import case_data
from ganirl_properties.observed import NotObservedError, ObservableError
from ganirl_properties.report import Sampling, Verdict, VerdictName
from ganirl_properties.search import Search

from .contract import SamplingContract
from .contradiction import Failed, contradiction
from .drawing import NOT_FINITE, Outcome, Source, first_seed, outcome
from .plan import Plan, Trial, plan

# A test takes no fewer draws than that before its values are called the same every time.
_FEWEST_TO_BE_CONSTANT = 8


@dataclass(frozen=True)
class _Drawn:
    """What sampling says of one claim."""

    verdict: VerdictName
    message: str
    sampling: Sampling | None = None
    cases: int = 0
    failed: Failed | None = None


def judged_by_sampling(
    rows: Iterable[Verdict],
    implementation: Implementation,
    search: Search,
    claims: Sequence[Claim],
    contract: SamplingContract,
    formats: int,
) -> Iterator[Verdict]:
    """Yield the rows of a search for counterexamples, each with what sampling says of its claim.

    Parameters
    ----------
    rows : of the implementation without what it samples
    implementation : with it
    search : the search that the rows are of
    claims : that are judged
    contract : what the run promises
    formats : among how many the budget α of the run is shared
    """
    planned = plan(implementation, search, claims, contract)
    share = contract.alpha / formats / max(planned.numbers, 1)
    for row in rows:
        drawn = _drawn(row.claim, planned, share, implementation, search, contract)
        yield _together(row, drawn, implementation, search)


def _drawn(
    claim: str,
    planned: Plan,
    share: float,
    implementation: Implementation,
    search: Search,
    contract: SamplingContract,
) -> _Drawn | None:
    if claim not in planned.trials:
        return _Drawn("not_addressed", planned.unseen[claim]) if claim in planned.unseen else None
    trials, rates = planned.trials[claim], Rates(share, contract.beta)
    source = Source(implementation, search.framework, search.device)
    found: list[Outcome] = []
    unobserved: list[str] = []
    for number, trial in enumerate(trials):
        try:
            first = first_seed(*_entropy(claim, search, number))
            found.append(outcome(trial, rates, contract.most_free, source, first))
        except NotObservedError as why:
            unobserved.append(str(why))
        except ObservableError as why:
            return _Drawn("error", str(why))
        if found and found[-1].verdict == "failed" and not is_constant(found[-1]):
            break
    if not found:
        return _Drawn("not_addressed", "; ".join(dict.fromkeys(unobserved)))
    sampling = _sampling(trials, found, rates, contract)
    failed = [each for each in found if each.verdict == "failed"]
    undecided = [each for each in found if each.verdict == "inconclusive"]
    if failed:
        verdict: VerdictName = "error" if is_constant(failed[-1]) else "violated"
        of_case = Failed(
            failed[-1],
            rates,
            contract,
            search.redeclared(implementation.conventions),
            source,
            _entropy(claim, search, found.index(failed[-1])),
        )
        return _Drawn(verdict, told(failed[-1]), sampling, len(found), of_case)
    if undecided and all(_draws_nothing(each) for each in found):
        return _Drawn("error", told(undecided[-1]), sampling, len(found))
    if undecided:
        return _Drawn("inconclusive", told(undecided[0]), sampling, len(found))
    return _Drawn("satisfied", "", sampling, len(found))


def _entropy(claim: str, search: Search, number: int) -> tuple[int, ...]:
    """Return what decides the seeds of a trial."""
    return search.seed, zlib.crc32(f"{claim} {search.precision.name}".encode()), number


def is_constant(found: Outcome) -> bool:
    """Whether every draw was the same, of enough of them to say so."""
    return found.constant and found.draws >= _FEWEST_TO_BE_CONSTANT


def _draws_nothing(found: Outcome) -> bool:
    """Whether it was the same every time and is not what is claimed, which no normal approximation may judge."""
    return found.approximation is not None and found.verdict == "inconclusive" and is_constant(found)


def _sampling(
    trials: Sequence[Trial], found: Sequence[Outcome], rates: Rates, contract: SamplingContract
) -> Sampling:
    approximate = [each.approximation for each in found if each.approximation is not None]
    return Sampling(
        alpha=rates.alpha * sum(len(trial.quantity) for trial in trials),
        beta=rates.beta,
        effect=max(trial.share for trial in trials),
        tests=sum(len(each.trial.quantity) for each in found),
        draws=sum(each.draws for each in found),
        approximate=sum(len(each.trial.quantity) for each in found if each.approximation is not None),
        approximation=max(approximate, default=0.0),
        family=contract.alpha,
    )


def told(found: Outcome) -> str:
    """Say in a sentence what was drawn, and why it fails, or decides nothing."""
    label, drawn = found.trial.quantity.label, found.trial.drawn
    if found.because == NOT_FINITE:
        return f"a draw of {drawn} is not finite: it has no expectation"
    numbers = f"{label} is {found.mean:.6g} on average over {found.draws} draws, where {found.expected:.6g} is claimed"
    by = f" (by a normal approximation: {found.because})" if found.approximation is not None else ""
    if is_constant(found) and (found.verdict == "failed" or _draws_nothing(found)):
        return (
            f"{numbers}, and every draw is the same: if {drawn} draws nothing, take it out of "
            "Conventions(sampled=…); if it does, let it draw anew at each call, by case.seed or none"
        )
    if found.verdict == "inconclusive":
        why = f": {found.undecided}" if found.undecided else ""
        return f"{numbers}, and that is not enough to tell{by}{why}"
    remark = f"; {found.trial.quantity.remark}" if found.trial.quantity.remark else ""
    return f"{numbers}{by}{remark}"


def _together(row: Verdict, drawn: _Drawn | None, implementation: Implementation, search: Search) -> Verdict:
    """Return one row of both: what fails speaks first, and what was not seen last."""
    if drawn is None:
        return _explained(row, implementation)
    if drawn.sampling is not None:
        seen = f"{row.evidence}; " if row.worst is not None else ""
        row = replace(
            row,
            evidence=f"{seen}{drawn.sampling}",
            cases=max(row.cases, drawn.cases),
            sampling=drawn.sampling,
        )
    if row.verdict == "not_addressed" or (
        row.verdict in ("satisfied", "conditional", "inconclusive") and drawn.verdict in ("violated", "error")
    ):
        reason = implementation.departures.get(row.claim)
        if drawn.verdict == "violated" and reason is not None:
            return replace(row, verdict="waived", message=f"{reason}; {drawn.message}")
        if drawn.verdict == "violated" and drawn.failed is not None:
            return _shown(replace(row, verdict="violated", message=drawn.message), drawn.failed)
        return replace(row, verdict=drawn.verdict, message=drawn.message, counterexample=None)
    if row.verdict == "satisfied" and drawn.verdict == "inconclusive":
        return replace(row, verdict=drawn.verdict, message=drawn.message)
    return row


def _shown(row: Verdict, failed: Failed) -> Verdict:
    """Return a violated row with its counterexample; the message has the numbers of the case that decided it."""
    shown = contradiction(failed)
    decided = case_data(failed.outcome.trial.quantity.view.case)
    where = "" if shown.case == decided else "on a larger case, "
    return replace(row, message=f"{where}{row.message}", counterexample=shown)


def _explained(row: Verdict, implementation: Implementation) -> Verdict:
    """Say of what is not addressed that an observable is there, and why it says nothing."""
    if row.verdict != "not_addressed":
        return row
    hidden = [name for name in implementation.conventions.sampled if name in row.message]
    if not hidden:
        return row
    return replace(
        row,
        message=f"{' and '.join(hidden)} is sampled: its expectation is judged, and this claim is of single values",
    )
