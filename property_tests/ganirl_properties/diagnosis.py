"""Which known wrong formula gives the implementation's numbers, on cases that no claim has seen."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .fitting import (
    SAME,
    candidates_of,
    coherent,
    distance_of,
    nearest_of,
    of_observable,
    sound_nodes,
    uncontradicted,
)
from .pairs import pairs_named, pairs_that_fit
from .process_diagnosis import diagnose_process
from .readings import (
    CLAIMS_OF,
    Reading,
    batch_policy_gradients,
    claims_of_observable,
    far_rewards,
    judged_by,
    moderate_rewards,
    rare_readings,
    readings,
    rewards_before_the_bonus,
    rewards_far_out,
)
from .report import Diagnosis
from .search import Finding, Search
from .tails import explains, form_of
from .wrong_formulas import RIGHT, Pipeline, WrongFormula

Array = npt.NDArray[np.float64]

FRESH_CASES = 10

# A reward that is right where D is moderate alone.
LOST_IN_ITS_TAILS = "reward-lost-in-its-tails"

# Claims about the loss, which its form explains where nothing else does.
_OF_THE_LOSS = ("A6", "A7", "B1", "B2", "B3", "C1", "C2", "C5", "I1", "N1", "N1b", "N2")

# What an expectation is judged by.
_EXPECTED = "policy gradient"

# A tolerance of more than some per cent is that of a coarse format.
_COARSE = 0.01

# A formula that gives its numbers to this many units in the last place tells an error that √u does not resolve.
_TO_THE_LAST_DIGITS = 64.0


def diagnose(
    search: Search, violated: dict[str, Finding], preferred: tuple[str, ...] = ()
) -> dict[str, Diagnosis]:
    """Name what is wrong, claim by claim.

    First a single wrong formula is looked for that gives *every* observable on fresh cases. Where there is none,
    each observable is looked at by itself, the loss and the reward given the implementation's own logits, so that
    two independent errors are both named. Two formulas at once are tried then, which have to give every observable
    but those that depart by design: a departure is given, and the cause of nothing else. What is left of the loss may
    be a matter of floating point, or of a formula that differs by less than the square root of the unit roundoff.

    Parameters
    ----------
    violated : what is to be explained
    preferred : ids that a finer format has named: in a coarse one √u is some per cent, and several names may fit

    Returns
    -------
    claim → diagnosis; a claim without one matches no known formula.
    """
    if search.implementation.conventions.unit == "process":
        return diagnose_process(search, violated, FRESH_CASES)
    tolerance = float(np.sqrt(search.precision.unit_roundoff))
    candidates = list(candidates_of(search))

    # In a coarse format D itself has rounded to 0 or 1, and one observable alone looks like that of many formulas:
    # there it takes a name that a finer format has given.
    known = [pipeline for pipeline in candidates if pipeline.formula.id in preferred]
    of_one = known if preferred and tolerance > _COARSE else candidates

    naming = _Naming(search, violated.keys(), preferred)
    seen = readings(search, FRESH_CASES)
    observables = list(dict.fromkeys(reading.observable for reading in seen))
    claims_of = {observable: claims_of_observable(observable, observables) for observable in observables}
    spoken = {claim for claims in claims_of.values() for claim in claims}
    verb = "is that" if len(observables) == 1 else "are those"
    naming.tell(seen, spoken, f"{_joined(observables)} {verb} of this formula", candidates, tolerance)
    for observable in observables:
        among = uncontradicted(of_one, seen, observable, tolerance)
        among = coherent(search, among, seen, observable, tolerance)
        what = f"{observable} is that of this formula"
        naming.tell(of_observable(seen, observable), claims_of[observable], what, among, tolerance)
    naming.tell_of_rare_actions(seen, of_one, tolerance)
    if naming.unnamed:
        given = _telling(readings(search, FRESH_CASES, given_own_logits=True), seen)
        for observable in dict.fromkeys(reading.observable for reading in given):
            what = f"{observable}, given its own logits, is that of this formula"
            naming.tell(of_observable(given, observable), claims_of[observable], what, of_one, tolerance)
    if "E1" in naming.unnamed and search.implementation.conventions.entropy_coefficient:
        given = rewards_before_the_bonus(search, FRESH_CASES)
        naming.tell(given, ("E1",), "reward, before the bonus, is that of this formula", of_one, tolerance)
    if naming.unnamed & spoken:
        judged = _given_departures(search, seen)
        shown = list(dict.fromkeys(reading.observable for reading in judged))
        pairs = _pairs(search, candidates, judged, preferred)
        others = spoken - search.implementation.departures.keys()
        naming.tell(judged, others, f"{_joined(shown)} {verb} of both formulas together", pairs, tolerance)
    # A policy gradient that is wrong beside a reward that is right is no matter of the reward's digits.
    claims = {"E1", "E3"} if "E1" in violated and _EXPECTED not in observables else {"E1"}
    of_reward = naming.unnamed & claims
    in_tails = of_reward and _is_lost_far_out(search, violated["E1"])
    saturating = _saturating_reward(search, tolerance, preferred) if in_tails else None
    if saturating is not None:
        naming.named |= dict.fromkeys(of_reward, saturating)
    of_loss = naming.unnamed & set(_OF_THE_LOSS)
    form = form_of(search, preferred) if of_loss else None
    if form is not None:
        of_loss = {claim for claim in of_loss if explains(form, search, violated[claim])}
        sentence = (
            "in the tails and on fresh cases its loss and gradient are those of this formula, rounded as here"
        )
        naming.named |= dict.fromkeys(of_loss, Diagnosis(form.id, form.title, sentence, FRESH_CASES))
    fine = _TO_THE_LAST_DIGITS * search.precision.unit_roundoff
    if naming.unnamed & spoken and fine < tolerance:
        for observable in observables:
            what = f"{observable} is that of this formula to the last digits"
            among = coherent(search, candidates, seen, observable, tolerance)
            naming.tell(of_observable(seen, observable), claims_of[observable], what, among, fine)
    return naming.named


def agrees(search: Search, claim: str, formula: WrongFormula) -> bool:
    """Whether what a claim is judged by is that of a formula on fresh cases, of its logits or of the right ones.

    An entropy bonus that is declared is another matter, and left out.
    """
    tolerance = float(np.sqrt(search.precision.unit_roundoff))
    conventions = search.implementation.conventions
    pipelines = [Pipeline(formula, conventions, own_score) for own_score in (False, True)]
    for given_own_logits in (False, True):
        seen = readings(search, FRESH_CASES, given_own_logits=given_own_logits)
        seen += far_rewards(search, given_own_logits=given_own_logits)
        pool = judged_by(seen, claim)
        if conventions.entropy_coefficient and any(each.observable == "reward" for each in seen):
            pool = rewards_before_the_bonus(search, FRESH_CASES)
        if pool and min(distance_of(each, pool, tolerance) for each in pipelines) <= tolerance:
            return True
    return False


def _telling(given: list[Reading], seen: list[Reading]) -> list[Reading]:
    """Leave out what is one number on all cases because the logit is: formulas that differ agree on one number."""
    if not _is_one_number(of_observable(seen, "logit")):
        return given
    return [each for each in given if not _is_one_number(of_observable(given, each.observable))]


def _is_one_number(pool: list[Reading]) -> bool:
    if not pool:
        return False
    got = np.concatenate([np.ravel(each.got) for each in pool])
    with np.errstate(invalid="ignore"):
        return bool(np.ptp(got) <= SAME * np.abs(got).max())


@dataclass
class _Naming:
    """What is violated, and what of it has a name by now."""

    search: Search
    violated: Set[str]
    preferred: tuple[str, ...]
    named: dict[str, Diagnosis] = field(default_factory=dict)

    @property
    def unnamed(self) -> set[str]:
        return set(self.violated - self.named.keys())

    def tell(
        self, pool: list[Reading], claims: Iterable[str], what: str, among: list[Pipeline], tolerance: float
    ) -> None:
        """Name those of the claims that are violated and have no name by the formula that gives the readings."""
        wanted = [claim for claim in claims if claim in self.unnamed]
        if not wanted or not pool or not among:
            return
        expected = any(reading.observable == _EXPECTED for reading in pool)
        further = self._policy_gradients if expected else list
        found = nearest_of(pool, among, tolerance, self.preferred, further)
        if found is None:
            return
        sentence = f"on {FRESH_CASES} fresh cases its {what}"
        reached = self._reached(found, pool)
        self.named |= {
            claim: Diagnosis(found.id, found.title, sentence, FRESH_CASES)
            for claim in wanted
            if claim in reached and _speaks_of(found, claim)
        }

    def _reached(self, found: WrongFormula, pool: list[Reading]) -> set[str]:
        """Return the claims of the observables that a formula changes: no other one can fail by it."""
        conventions = self.search.implementation.conventions
        ways = [Pipeline(found, conventions, own_score) for own_score in (False, True)]
        right = Pipeline(RIGHT, conventions)
        shown = list(dict.fromkeys(reading.observable for reading in pool))
        changed = {
            reading.observable for reading in pool if any(reading.changed(way, right) > SAME for way in ways)
        }
        return {claim for observable in changed for claim in claims_of_observable(observable, shown)}

    def tell_of_rare_actions(self, seen: list[Reading], among: list[Pipeline], tolerance: float) -> None:
        """Name what is right on fresh cases and wrong where the policy hardly ever acts."""
        if "A4" not in self.violated or not self.unnamed & {"A4", "E1"}:
            return
        rare = rare_readings(self.search)
        shown = dict.fromkeys(reading.observable for reading in rare)
        for observable in sorted(shown, key="reward".__eq__):
            claim = "A4"
            if observable == "reward":
                # It is made of the same log q.
                claim, known = "E1", self.named.get("A4")
                among = [each for each in among if known is not None and each.formula.id == known.formula]
            what = f"{observable}, there and of rare actions, is that of this formula"
            pool = of_observable([*seen, *rare], observable)
            self.tell(pool, (claim,), what, among, tolerance)

    def _policy_gradients(self) -> list[Reading]:
        return batch_policy_gradients(self.search, FRESH_CASES)


def _pairs(
    search: Search, candidates: list[Pipeline], judged: list[Reading], preferred: tuple[str, ...]
) -> list[Pipeline]:
    conventions = search.implementation.conventions
    tolerance = float(np.sqrt(search.precision.unit_roundoff))
    if tolerance > _COARSE:
        # In a coarse format so many pairs fit that none is told: there it is one that a finer format has given.
        return pairs_named(preferred, conventions)
    single = [pipeline for pipeline in candidates if not pipeline.own_score]
    return pairs_that_fit(single, judged, sound_nodes(conventions, judged, tolerance), tolerance)


def _speaks_of(found: WrongFormula, claim: str) -> bool:
    """Whether a formula that agrees with all readings may be the name of what a claim fails by."""
    # A loss may be wrong and symmetric in its rows: S2 takes the name of what is not symmetric.
    return claim != "S2" or claim in found.expected


def _given_departures(search: Search, seen: list[Reading]) -> list[Reading]:
    """Leave out what is another's by design, and the policy gradient, which follows from a reward that is."""
    departures = search.implementation.departures
    by_design = {name for name, claims in CLAIMS_OF.items() if claims[0] in departures}
    if "E1" in departures:
        by_design.add(_EXPECTED)
    return [reading for reading in seen if reading.observable not in by_design]


# What is lost of a reward in its tails is no matter of digits.
_LOST = 0.01


def _is_lost_far_out(search: Search, finding: Finding) -> bool:
    """Whether it is the reward that is wrong, and by more than digits where D has rounded to 0 or 1."""
    if any(each.judgement.comparison.observable != "generator_reward" for each in finding.failures):
        return False
    right = Pipeline(RIGHT, search.implementation.conventions)
    return any(not each.distance(right) <= _LOST for each in far_rewards(search))


def _saturating_reward(search: Search, tolerance: float, preferred: tuple[str, ...]) -> Diagnosis | None:
    """Name a reward that agrees with a formula where D is moderate alone, as one that is made of a rounded D does."""
    moderate = moderate_rewards(search, FRESH_CASES)
    candidates = _as_guarded(list(candidates_of(search)), rewards_far_out(search, FRESH_CASES))
    if not moderate or not candidates:
        return None
    sentence = f"on {FRESH_CASES} fresh cases its reward is that of this formula wherever |ℓ| is at most 5"
    beyond = "another beyond |ℓ| = 5, as where D is rounded before its logarithm is taken"
    if distance_of(Pipeline(RIGHT, candidates[0].conventions), moderate, tolerance) <= tolerance:
        title = f"the reward is log D − log(1 − D) where D is moderate, and {beyond}"
        return Diagnosis(LOST_IN_ITS_TAILS, title, sentence, FRESH_CASES)
    found = nearest_of(moderate, candidates, tolerance, preferred)
    if found is None:
        return None
    return Diagnosis(found.id, f"{found.title}, and {beyond}", sentence, FRESH_CASES)


_GUARDED = "-with-epsilon"


def _as_guarded(candidates: list[Pipeline], far_out: Array) -> list[Pipeline]:
    """Leave out what a constant inside the logarithm tells apart: where D is moderate it is below every tolerance."""
    if not far_out.size:
        return candidates
    if not np.isfinite(far_out).all():
        return [each for each in candidates if not each.formula.id.endswith(_GUARDED)]
    guarded = {each.formula.id for each in candidates if each.formula.id.endswith(_GUARDED)}
    return [each for each in candidates if each.formula.id + _GUARDED not in guarded]


def _joined(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), *names[-1:]] if len(names) > 1 else names)
