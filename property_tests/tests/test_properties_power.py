"""The kill matrix: wrong formulas are caught where they should be and named, the right one is caught by nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import combinations

import numpy as np
import pytest

from ganirl import PRECISIONS
from ganirl.claims import select
from ganirl.framework import NUMPY
from ganirl_properties.checks import CHECKS, Check, Comparison, View, compare
from ganirl_properties.diagnosis import diagnose
from ganirl_properties.errors import UsageError
from ganirl_properties.observed import NotObservedError
from ganirl_properties.power import kills
from ganirl_properties.power.catalogue import OTHERS, PROCESSES, THEMES, chosen, planted
from ganirl_properties.power.drawn import Drawn, SharedSearch
from ganirl_properties.power.kills import kills_of
from ganirl_properties.power.matrix import smallest_cover
from ganirl_properties.power.measure import judge, measure
from ganirl_properties.power.outcome import BLIND, power_of
from ganirl_properties.power.planted import FormulaTarget, right_beside
from ganirl_properties.search import Finding, Search, judged
from ganirl_properties.wrong_formulas import RIGHT, WRONG_FORMULAS

# A batch, a slope, an estimate, a reward and a tail.
SOME = (
    *("means-by-the-other-size", "log-z-gradient-reversed", "irl-loss-sign", "reward-forward-kl"),
    "log-of-sigmoid",
)


def test_the_right_formula_is_caught_by_nothing() -> None:
    drawn = Drawn(Search(FormulaTarget(RIGHT), NUMPY, PRECISIONS["float64"], "cpu", 6, 3))
    claims = [claim for claim in select(None) if claim.shows_in("trajectory") and claim.id != "N1b"]
    with NUMPY.arithmetic():
        assert list(kills_of(FormulaTarget(RIGHT), drawn, claims)) == []


def test_wrong_formulas_are_caught_where_expected_and_named() -> None:
    matrix = measure(profile="smoke", seed=1, only=SOME, shrink=False)
    assert [each.id for each in matrix.caught] == [each.id for each in planted() if each.id in SOME]
    assert matrix.unexpected == ()
    assert matrix.survivors == ()
    assert {each.id: each.named for each in matrix.caught} == {name: name for name in SOME}
    assert set(matrix.sole_killers) <= set(matrix.smallest_killing_set)


def test_a_kill_is_found_on_the_case_that_verify_would_find_it_on() -> None:
    formula = next(each for each in WRONG_FORMULAS if each.id == "log-q-exploring")
    drawn = Drawn(Search(FormulaTarget(RIGHT), NUMPY, PRECISIONS["float64"], "cpu", 4, 5))
    search = Search(FormulaTarget(formula), NUMPY, PRECISIONS["float64"], "cpu", 4, 5)
    mine = [data for data, _ in drawn.views("population", FormulaTarget(formula))]
    assert mine == [data for data, _ in search.views("population")]


@pytest.mark.parametrize("pair", BLIND, ids=" ".join)
def test_what_is_called_rounding_is_rounding(pair: tuple[str, str]) -> None:
    (wrong,) = chosen([pair[0]])
    search = Search(wrong.implementation, NUMPY, PRECISIONS[wrong.dtype], "cpu", 24, 2)
    off = []
    with NUMPY.arithmetic():
        for check in search.checks(pair[1]):
            for _, view in search.suited(check):
                with suppress(NotObservedError):
                    found = [each for each in judged(check, view) if each is not None]
                    off += [each.error / (1.0 + abs(float(view.case.b))) for each in found]
    assert len(off) >= 24
    assert max(off) < 1e-11
    assert pair[1] not in wrong.formula.expected


def test_every_wrong_formula_has_a_name_a_theme_and_claims_that_catch_it() -> None:
    ids = [each.id for each in planted()]
    assert len(ids) == len(set(ids)) >= 250
    assert {each.theme for each in planted()} == set(THEMES) - {OTHERS}
    for each in planted():
        assert each.formula.title
        assert each.formula.expected
        assert each.seen or each.theme == PROCESSES


@pytest.mark.parametrize("name", ["log-one-plus-exp", "tabular/hard-max", "tabular/causal-backup"])
def test_what_is_right_beside_other_code_is_caught_by_nothing(name: str) -> None:
    (wrong,) = chosen([name])
    right = right_beside(wrong.implementation)
    search = Search(right, NUMPY, PRECISIONS[wrong.dtype], "cpu", 6, 3)
    with NUMPY.arithmetic():
        assert list(kills_of(right, Drawn(search), wrong.claims)) == []
        # The twin: the wrong formula itself, on the same cases.
        assert {kill.claim for kill, _ in kills_of(wrong.implementation, Drawn(search), wrong.claims)}


@pytest.mark.parametrize("name", ["reward-forward-kl", "log-z-gradient-reversed", "generator-loss-summed"])
def test_what_is_passed_over_would_have_been_caught_by_nothing(name: str) -> None:
    (wrong,) = chosen([name])
    assert isinstance(wrong.implementation, FormulaTarget)
    drawn = Drawn(Search(FormulaTarget(RIGHT), NUMPY, PRECISIONS["float64"], "cpu", 4, 3))
    with NUMPY.arithmetic(), np.errstate(all="ignore"):
        skipped = [
            check
            for check in CHECKS
            if check.suits("trajectory")
            and check.claim != "N1b"
            and not drawn.of_the_right(check).nodes & wrong.implementation.formula.nodes.keys()
        ]
        assert 0 < len(skipped) < len([check for check in CHECKS if check.suits("trajectory")]) - 1
        for check in skipped:
            for _, view in drawn.suited(check, wrong.implementation):
                assert not any(found and found.failed for found in judged(check, view)), check.name


@pytest.mark.parametrize("name", ["reward-forward-kl", "tabular/hard-max", "log-one-plus-exp"])
def test_a_name_given_on_shared_cases_is_the_one_that_verify_gives(name: str) -> None:
    (wrong,) = chosen([name])
    search = Search(wrong.implementation, NUMPY, PRECISIONS[wrong.dtype], "cpu", 4, 3)
    drawn = Drawn(Search(right_beside(wrong.implementation), NUMPY, search.precision, "cpu", 4, 3))
    findings = {claim: Finding(claim) for claim in wrong.formula.expected}
    with NUMPY.arithmetic(), np.errstate(all="ignore"):
        alone = diagnose(search, findings)
        assert alone == diagnose(SharedSearch.of(wrong.implementation, drawn), findings)
    assert {wrong.called(found.formula) for found in alone.values()} == {name}


def test_counterexamples_are_made_small_and_counted() -> None:
    matrix = measure(profile="smoke", only=["log-z-sign", "tabular/hard-max"])
    assert [each.rows for each in matrix.caught] == [(1, 1), (1, 1)]
    assert matrix.median_rows == 1.0
    assert measure(profile="smoke", only=["log-z-sign"], shrink=False).caught[0].rows is None


def test_a_seed_that_was_not_done_with_is_left_out_where_another_was() -> None:
    judged_of = list(judge(profile="smoke", seeds=(0, 1), only=["reward-log-d", "reward-d"]))
    for done, seeds in ((4, (0, 1)), (3, (0,)), (1, (0,)), (0, ())):
        power = power_of(judged_of[:done], profile="smoke", seeds=(0, 1), planned=2, alarms=None)
        assert power.seeds == seeds
        assert len(power.rows) == min(done, 2)


def test_a_check_that_fails_what_is_right_catches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong_check(view: View) -> Iterator[Comparison]:
        yield compare("ℓ", view.logits() + 1.0, view.truth.logit)

    broken = Check("A4", "broken", "ℓ, off by one", ("discriminator_logit",), "batch", wrong_check)
    monkeypatch.setattr(kills, "CHECKS", (broken,))
    matrix = measure(profile="smoke", only=["no-log-q"], shrink=False)
    assert [(each.claim, each.check) for each in matrix.unsound] == [("A4", "broken")]
    assert matrix.survivors == matrix.caught


@pytest.mark.parametrize("seed", range(8))
def test_the_smallest_killing_set_is_the_smallest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = {f"c{number}": frozenset(map(str, np.flatnonzero(rng.random(12) < 0.3))) for number in range(7)}
    wanted = frozenset().union(*columns.values())
    found = smallest_cover(columns, wanted)
    assert frozenset().union(*(columns[name] for name in found)) == wanted
    fewest = next(
        size
        for size in range(1, 8)
        if any(
            frozenset().union(*(columns[name] for name in some)) == wanted
            for some in combinations(columns, size)
        )
    )
    assert len(found) == fewest


def test_what_cannot_be_covered_or_is_unknown_is_said() -> None:
    with pytest.raises(ValueError, match="no set of columns"):
        smallest_cover({"a": frozenset({"1"})}, frozenset({"1", "2"}))
    with pytest.raises(UsageError, match="no wrong formula is called 'nothing'"):
        measure(only=["nothing"])
    with pytest.raises(UsageError, match="no profile 'long'"):
        measure(profile="long", only=["no-log-q"])
