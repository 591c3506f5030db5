"""`verify`: load, search, mend, explain, shrink, name, and give one verdict a claim × format."""

from __future__ import annotations

import dataclasses
import multiprocessing
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.context import BaseContext

import numpy as np

from ganirl import OBSERVABLES, PRECISIONS, Implementation, __version__, available_observables
from ganirl.case import Unit
from ganirl.claims import CLAIM_SET, Claim, select
from ganirl.framework import Framework, load_framework
from ganirl.stub import stubs_of, told
from ganirl_symbolic.intervals import certifier

from .equivalence import equivalence
from .errors import UsageError
from .judging import judge_claims
from .lanes import LANES, takes_lanes
from .report import Report, Run, Verdict, summed_up
from .sampled import CONTRACTS, SamplingContract, judged_by_sampling, without_sampled
from .search import PROFILES, Search
from .targets import check_implementation, load_target
from .targets.folders import at_home

Progress = Callable[[Verdict, int, int], None]

UNCERTIFIED = "--certify decides nothing of tabular code, whose verdicts stand on derived error bounds"


def verify(
    implementation: Implementation,
    *,
    claims: Iterable[str] | None = None,
    profile: str = "default",
    device: str = "cpu",
    dtypes: Sequence[str] | None = None,
    seed: int = 0,
    jobs: int = 1,
    certify: bool = False,
    spec: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """Judge an implementation by every claim that it can show.

    Parameters
    ----------
    implementation : an object of the protocol `ganirl.Implementation`
    claims : patterns such as ``"A4"`` or ``"C*"``; all by default
    profile : ``"smoke"`` (6 cases a setting), ``"default"`` (48) or ``"thorough"`` (480); of code that takes many
        problems at once 1,024, 4,096 and 65,536 more
    device : ``"cpu"`` or ``"cuda"``
    dtypes : formats to test in; by default all that the implementation and its framework have
    seed : of the search; the same seed draws the same cases
    jobs : processes, one a format at most
    certify : whether reference values and deciding comparisons are decided again by rigorous intervals; those of
        tabular code (unit ``"process"``) are not, and a warning says so
    spec : what `load_target` found the implementation by, so that other processes find it; needed for jobs > 1
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
    planned = _planned(claims, implementation.conventions.unit)
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
    without_sampled(implementation)  # says what is wrong with the declaration
    plan = [(claim, name) for name in formats for claim in planned if name in claim.dtypes]
    trials = [
        _Trial(
            name,
            tuple(claim for claim, of in plan if of == name),
            PROFILES[profile],
            LANES[profile],
            device,
            seed,
            certify,
            CONTRACTS[profile],
            len(formats),
        )
        for name in formats
    ]
    interrupted = False
    verdicts: list[Verdict] = []
    try:
        rows = _in_processes(spec, trials, jobs) if jobs > 1 else _in_turn(implementation, framework, trials)
        with at_home(implementation):
            for verdict in rows:
                verdicts.append(verdict)
                if progress is not None:
                    progress(verdict, len(verdicts), len(plan))
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
        name=implementation.name,
        conventions=implementation.conventions.declared(),
        departures=dict(implementation.departures),
        observables=available_observables(implementation),
        profile=profile,
        seed=seed,
        device=device,
        dtypes=tuple(formats),
        versions=_versions(implementation, framework, certify=certify),
        started=stamp,
        seconds=round(time.perf_counter() - started, 3),
        interrupted=interrupted,
        certify=certify,
        sampling=summed_up([verdict.sampling for verdict in verdicts if verdict.sampling is not None]),
        framework=implementation.framework,
        lanes=LANES[profile] if takes_lanes(implementation, framework) else 0,
    )
    verdicts = _with_stale_departures(verdicts, implementation)
    order = {(claim.id, name): place for place, (claim, name) in enumerate(plan)}
    verdicts.sort(key=lambda verdict: order[verdict.claim, verdict.dtype])
    stubs = stubs_of(implementation, tuple(OBSERVABLES))
    return Report(
        run,
        tuple(verdicts),
        equivalence(run.observables, implementation.conventions, verdicts),
        warnings=(
            *([told(stubs)] if stubs else []),
            *([UNCERTIFIED] if certify and implementation.conventions.unit == "process" else []),
        ),
    )


def _framework(implementation: Implementation) -> Framework:
    try:
        return load_framework(implementation.framework)
    except LookupError as missing:
        raise UsageError(str(missing)) from missing


def _planned(patterns: Iterable[str] | None, unit: Unit) -> list[Claim]:
    try:
        chosen = select(patterns)
    except LookupError as unknown:
        raise UsageError(str(unknown)) from unknown
    planned = [claim for claim in chosen if claim.shows_in(unit)]
    if not planned:
        names = ", ".join(claim.id for claim in chosen)
        if not all(claim.theory for claim in chosen):
            asked = ", ".join(claim.id for claim in select(None) if claim.shows_in(unit))
            raise UsageError(f'{names}: code of unit "{unit}" shows nothing of it; it shows {asked}')
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
            raise UsageError(
                f"{implementation.name} does not work in {name}; it does in {', '.join(possible)}"
            )
    return list(dict.fromkeys(wanted))


def _versions(implementation: Implementation, framework: Framework, *, certify: bool) -> dict[str, str]:
    versions = {"python": platform.python_version(), "numpy": np.__version__, **framework.versions()}
    if certify:
        library, version = certifier().name.rsplit(" ", 1)
        versions[library] = version
    own: Mapping[str, str] = getattr(implementation, "versions", {})
    return versions | {str(library): str(of) for library, of in dict(own).items()}


def _with_stale_departures(verdicts: list[Verdict], implementation: Implementation) -> list[Verdict]:
    """Turn what holds in spite of a declared departure into errors; one format that departs justifies it for all."""
    departing = {row.claim for row in verdicts if row.verdict not in ("satisfied", "conditional")}
    stale = set(implementation.departures) - departing
    return [
        dataclasses.replace(
            row,
            verdict="error",
            message=f"declared as a departure ({implementation.departures[row.claim]}), but it does not depart: "
            "take the declaration out",
        )
        if row.claim in stale
        else row
        for row in verdicts
    ]


# --- one format -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Trial:
    """What is to be judged in one format."""

    dtype: str
    claims: tuple[Claim, ...]
    cases: int
    lanes: int
    device: str
    seed: int
    certify: bool
    contract: SamplingContract
    formats: int

    def search(self, implementation: Implementation, framework: Framework) -> Search:
        precision = PRECISIONS[self.dtype]
        of_intervals = certifier() if self.certify else None
        return Search(
            implementation,
            framework,
            precision,
            self.device,
            self.cases,
            self.seed,
            certifier=of_intervals,
            lanes=self.lanes,
            planned=tuple(claim.id for claim in self.claims),
        )


def _in_turn(
    implementation: Implementation, framework: Framework, trials: Sequence[_Trial]
) -> Iterator[Verdict]:
    preferred: dict[str, None] = {}
    decided_by_one_call = without_sampled(implementation)
    for trial in trials:
        with framework.arithmetic():
            search = trial.search(decided_by_one_call, framework)
            rows = judge_claims(search, trial.claims, tuple(preferred))
            if decided_by_one_call is not implementation:
                rows = judged_by_sampling(
                    rows, implementation, search, trial.claims, trial.contract, trial.formats
                )
            for verdict in rows:
                if verdict.diagnosis is not None:
                    preferred[verdict.diagnosis.formula] = None
                yield verdict


def _in_processes(spec: str | None, trials: Sequence[_Trial], jobs: int) -> Iterator[Verdict]:
    if spec is None:
        raise UsageError("jobs > 1 needs spec, the words that load_target finds the implementation by")
    # Spawned, not forked: a forked child of a process that has used threads may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(trials)), context) as pool:
        started = [pool.submit(_in_a_process, spec, trial) for trial in trials]
        for trial, rows in zip(trials, started, strict=True):
            try:
                found = rows.result()
            except BrokenProcessPool:
                found = _alone(spec, trial, context)
            yield from found


def _alone(spec: str, trial: _Trial, context: BaseContext) -> list[Verdict]:
    """Judge a format whose process ended, or one beside it, once more; where it ends again, that is the verdict."""
    try:
        with ProcessPoolExecutor(1, context) as pool:
            return pool.submit(_in_a_process, spec, trial).result()
    except BrokenProcessPool:
        message = (
            "the process that judged it ended without a word: the adapter, or a library under it, "
            "called os._exit or crashed"
        )
        return [
            Verdict(claim.id, trial.dtype, trial.device, "error", "none", 0, message)
            for claim in trial.claims
        ]


def _in_a_process(spec: str, trial: _Trial) -> list[Verdict]:
    implementation = load_target(spec)
    return list(_in_turn(implementation, load_framework(implementation.framework), [trial]))
