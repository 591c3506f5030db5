"""What a run found, as frozen data: one row a claim × dtype × device. Renderers and the gate read nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

VerdictName = Literal[
    "satisfied", "violated", "conditional", "inconclusive", "not_addressed", "blocked", "error", "waived"
]
VERDICT_NAMES: tuple[VerdictName, ...] = get_args(VerdictName)

# What fails a gate unless the user says otherwise.
FAILING: frozenset[VerdictName] = frozenset({"violated", "error", "inconclusive", "blocked"})


@dataclass(frozen=True)
class Worst:
    """The comparison that came nearest to, or went farthest beyond, what is allowed.

    ``ratio`` is error / allowed with allowed = S · bound: above 1 (or NaN) it is a violation.
    """

    error: float
    bound: float
    ratio: float


@dataclass(frozen=True)
class Diagnosis:
    """The known wrong formula that gives the implementation's numbers on fresh cases.

    Attributes
    ----------
    formula : id of the wrong formula, ``"no-log-q"``; ``"unknown"`` if none reproduces the numbers
    title : the same in words, "log q is missing from the logit"
    sentence : what was compared and on how many fresh cases
    cases : number of fresh cases on which every compared observable agreed
    """

    formula: str
    title: str
    sentence: str
    cases: int


@dataclass(frozen=True)
class Draws:
    """What was drawn to contradict an expectation, and what a replay is to find.

    Attributes
    ----------
    drawn : the observable that was called
    count : how often
    first_seed : `Case.seed` of the first call; each further call has the next one, modulo 2³¹
    standard_error : of the mean of the draws; NaN where one is not finite
    interval : where the expectation lies, but with a probability of at most ``alpha``; NaN likewise
    range : between which every draw lies; infinite where nothing bounds one
    alpha : bound of the probability that draws like these ever contradict code that is right: of this interval, and of
        each number of a replay
    beta : bound of the probability that a replay calls it fixed where the expectation is ``effect`` or more away
    effect : δ of a replay, no more than what these draws show the expectation to be away
    approximation : by how much the probabilities may be off, where the interval is a normal approximation, else None
    stakes : of how many the wealth is the mean that the interval stands on; 0 of a normal approximation
    smaller : how many smaller cases were tried, among which α was shared
    """

    drawn: str
    count: int
    first_seed: int
    standard_error: float
    interval: tuple[float, float]
    range: tuple[float, float]
    alpha: float
    beta: float
    effect: float
    approximation: float | None = None
    stakes: int = 0
    smaller: int = 0


@dataclass(frozen=True)
class Counterexample:
    """The smallest case found on which the claim fails.

    Attributes
    ----------
    claim, check, observable : what failed, and where
    let, then, however : the contradiction in three sentences
    got, expected, bound, allowed : numbers, of the worst component where there are many
    case : the case as plain JSON data (θ, b, policy logits, rows), exact in its format
    setting : how the case was arranged, ``"batch"``, ``"optimum"``, ``"population"`` …
    rows : (expert rows, generator rows)
    component : index of the number that got and expected are, where there are many; empty for one number
    draws : of an expectation, what it was contradicted by: ``got`` is their mean, ``bound`` what rounding may move it
        by, and ``allowed`` what chance may on top; None where one call decides
    """

    claim: str
    check: str
    observable: str
    let: str
    then: str
    however: str
    got: float
    expected: float
    bound: float
    allowed: float
    case: Mapping[str, Any]
    setting: str
    rows: tuple[int, int]
    component: tuple[int, ...] = ()
    draws: Draws | None = None

    @property
    def file_name(self) -> str:
        """Where it is saved, below ``counterexamples/``."""
        return f"{self.claim}-{self.case['precision']}.json"


@dataclass(frozen=True)
class Sampling:
    """What sequential tests promised and took: of one row, or of a whole run.

    Attributes
    ----------
    alpha : bound of the probability that any of these tests is a false alarm
    beta : bound of the probability that a test finds nothing where an expectation is δ away
    effect : δ, as a share of the range that the case gives a draw; the largest of these tests
    tests : numbers that were judged
    draws : calls that it took
    approximate : how many of the tests are normal approximations, for want of a range
    approximation : by how much their probabilities may be off, by Berry and Esseen's inequality; the largest
    family : α of the whole run
    """

    alpha: float
    beta: float
    effect: float
    tests: int
    draws: int
    approximate: int = 0
    approximation: float = 0.0
    family: float = 0.0

    def __str__(self) -> str:
        rates = f"α={self.family:.3g} of the run, β={self.beta:.3g}, δ={self.effect:.3g} of the range"
        by = (
            f", by a normal approximation, off by {self.approximation:.2g} at most"
            if self.approximate
            else ""
        )
        return f"statistical({rates}), {self.draws} draws{by}"


def summed_up(parts: Sequence[Sampling]) -> Sampling | None:
    """Return the statement of a run from those of its rows; None where nothing was sampled."""
    if not parts:
        return None
    return Sampling(
        alpha=sum(part.alpha for part in parts),
        beta=max(part.beta for part in parts),
        effect=max(part.effect for part in parts),
        tests=sum(part.tests for part in parts),
        draws=sum(part.draws for part in parts),
        approximate=sum(part.approximate for part in parts),
        approximation=max(part.approximation for part in parts),
        family=parts[0].family,
    )


@dataclass(frozen=True)
class Verdict:
    """One claim judged in one dtype on one device."""

    claim: str
    dtype: str
    device: str
    verdict: VerdictName
    evidence: str
    cases: int
    message: str
    worst: Worst | None = None
    diagnosis: Diagnosis | None = None
    counterexample: Counterexample | None = None
    blocked_by: str | None = None
    sampling: Sampling | None = None


@dataclass(frozen=True)
class Equivalence:
    """The headline: which sides of the theorem this implementation has, and whether they are the same.

    Attributes
    ----------
    sides : of ``"GAN"``, ``"IRL"``, ``"EBM"``
    verdict : ``"equivalent"``, ``"not equivalent"``, ``"one side only"`` or ``"undecided"``
    because : one sentence
    """

    sides: tuple[str, ...]
    verdict: Literal["equivalent", "not equivalent", "one side only", "undecided"]
    because: str


# What a waived row says beside its reason, for the reader of the row: what its numbers are, where they have a name.
BESIDE_THE_REASON = "; its numbers: "


@dataclass(frozen=True)
class Run:
    """What was run, on what, when.

    ``certify`` says whether intervals decided; ``isolated`` whether it ran in an environment of its own, and
    ``requirements`` what was installed there by request. ``framework`` is whose arrays the target computes with.
    ``target`` is what runs it again; ``name`` is what it calls itself. ``lanes`` says about how many
    small problems more it was asked in each setting that has lanes, hundreds in a call; 0 if it does not take them.
    """

    ganirl: str
    claim_set: str
    target: str
    conventions: Mapping[str, Any]
    departures: Mapping[str, str]
    observables: tuple[str, ...]
    profile: str
    seed: int
    device: str
    dtypes: tuple[str, ...]
    versions: Mapping[str, str]
    started: str
    seconds: float
    interrupted: bool = False
    certify: bool = False
    isolated: bool = False
    requirements: tuple[str, ...] = ()
    sampling: Sampling | None = None
    framework: str = ""
    name: str = ""
    lanes: int = 0


@dataclass(frozen=True)
class Report:
    """The outcome of `verify`."""

    run: Run
    verdicts: tuple[Verdict, ...]
    equivalence: Equivalence
    schema: str = "https://ganirl.dev/schema/report-1.json"
    warnings: tuple[str, ...] = field(default=())

    @property
    def summary(self) -> dict[str, int]:
        """Count of each verdict; ``planned`` equals the sum of the rest."""
        counts = {"planned": len(self.verdicts)}
        for name in VERDICT_NAMES:
            counts[name] = sum(verdict.verdict == name for verdict in self.verdicts)
        return counts

    @property
    def failed(self) -> bool:
        """Whether the default gate fails: anything violated, error, inconclusive or blocked."""
        return any(verdict.verdict in FAILING for verdict in self.verdicts)

    @property
    def verified(self) -> int:
        """Rows on which something was observed."""
        return sum(verdict.verdict not in ("not_addressed", "waived") for verdict in self.verdicts)

    def reconciled(self) -> str:
        """Return the last line of a run: ``planned 42 = 31 satisfied + 2 violated + 9 not addressed``."""
        summary = self.summary
        parts = [f"{summary[name]} {name.replace('_', ' ')}" for name in VERDICT_NAMES if summary[name]]
        return f"planned {summary['planned']} = {' + '.join(parts) or '0'}"
