"""A departure by design is given: it explains nothing else, and excuses another number, not inf or NaN."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ganirl import Case, Conventions, Departure, Implementation, Rows, wrap
from ganirl.logspace import sigmoid, softplus
from ganirl_properties import Report, UsageError, judging, verify
from ganirl_properties.case_data import case_from_data
from ganirl_properties.departing import formula_of
from ganirl_properties.errors import TargetError
from ganirl_properties.replaying import replay
from ganirl_properties.report import Verdict
from ganirl_properties.search import Failure, Search
from ganirl_properties.targets.external.handshake import _understood

WITHOUT_LOG_Q = Conventions(unit="transition", log_q="absent", log_z="bias")
DEPARTURES = {"E1": "GAIL's reward, by design"}
ENTROPY = "entropy-bonus-in-the-loss"


@pytest.fixture(autouse=True)
def _unshrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_it_is(search: Search, failure: Failure, *, echo: bool = False) -> Failure:
        del search, echo
        return failure

    monkeypatch.setattr(judging, "smallest", as_it_is)


def logit(case: Case, rows: Rows) -> Any:
    return -(rows.features @ case.theta) - case.b


def loss(case: Case) -> Any:
    return softplus(-logit(case, case.expert)).mean() + softplus(logit(case, case.generator)).mean()


def less_entropy(case: Case) -> Any:
    x = np.concatenate([logit(case, case.expert), logit(case, case.generator)])
    return loss(case) - 0.001 * (softplus(x) - x * sigmoid(x)).mean()


def gail(case: Case, rows: Rows) -> Any:
    return softplus(logit(case, rows))


def gail_of_rounded_d(case: Case, rows: Rows) -> Any:
    return -np.log(sigmoid(-logit(case, rows)).astype(np.float32))


def target(**observables: Any) -> Implementation:
    return wrap(
        framework="numpy",
        conventions=WITHOUT_LOG_Q,
        departures=DEPARTURES,
        **{"discriminator_logit": logit, **observables},
    )


def rows_of(report: Report) -> dict[str, Verdict]:
    return {row.claim: row for row in report.verdicts}


@pytest.mark.parametrize(
    ("function", "named"), [(less_entropy, ENTROPY), (lambda case: 1.0007 * loss(case), None)]
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_departure_is_no_part_of_what_is_wrong_with_the_loss(
    function: Any, named: str | None, dtype: str
) -> None:
    wrong = target(discriminator_loss=function, generator_reward=gail)
    rows = rows_of(verify(wrong, claims=["B1", "E1"], profile="smoke", dtypes=[dtype]))
    assert rows["E1"].verdict == "waived"
    assert "−log(1 − D)" in rows["E1"].message
    assert rows["B1"].verdict == "violated"
    assert (rows["B1"].diagnosis.formula if rows["B1"].diagnosis else None) == named


@pytest.mark.parametrize("lost", [np.inf, np.nan])
def test_a_departure_does_not_excuse_what_is_no_number(lost: float) -> None:
    def overflowing(case: Case, rows: Rows) -> Any:
        reward = gail(case, rows)
        return np.where(reward > 5.0, lost, reward)

    report = verify(
        target(generator_reward=overflowing), claims=["E1", "E3"], profile="smoke", dtypes=["float64"]
    )
    rows = rows_of(report)
    assert rows["E1"].verdict == "violated"
    assert "excuses another number, not inf or NaN: generator_reward is" in rows["E1"].message
    assert rows["E1"].counterexample is not None
    assert not np.isfinite(rows["E1"].counterexample.got)
    word = "not a number" if np.isnan(lost) else "not finite"
    assert rows["E1"].counterexample.however.endswith(f"which is {word}.")
    # What follows from it follows from a violation, and is not waived either.
    assert rows["E3"].verdict in {"blocked", "violated"}
    assert report.failed


def test_a_departure_whose_numbers_are_finite_stays_waived() -> None:
    report = verify(target(generator_reward=gail), claims=["E1", "E3"], profile="smoke")
    assert {row.verdict for row in report.verdicts} == {"waived"}
    assert not report.failed


def test_a_rounded_d_is_caught_where_its_logarithm_is_infinite() -> None:
    with np.errstate(divide="ignore"):
        wrong = target(generator_reward=gail_of_rounded_d)
        rows = rows_of(verify(wrong, claims=["E1"], profile="default", dtypes=["float32"]))
    assert rows["E1"].verdict == "violated"


def test_the_order_of_rows_is_not_blamed_for_a_loss_that_is_nan() -> None:
    def lost(case: Case) -> float:
        return float("nan")

    rows = rows_of(
        verify(target(discriminator_loss=lost), claims=["B1", "S2"], profile="smoke", dtypes=["float64"])
    )
    assert rows["B1"].verdict == "violated"
    assert (rows["S2"].verdict, rows["S2"].blocked_by) == ("blocked", "B1")
    assert rows["S2"].counterexample is not None
    assert "is what it was before, NaN, which is not a number." in rows["S2"].counterexample.then


def penalised(order_dependent: float) -> Any:
    """A loss in float32 with a penalty of some 40,000, which is a mean over rows and a little of the first."""

    def of(case: Case) -> Any:
        rows = (*case.expert.features, *case.generator.features)
        penalty = np.float32(0.0)
        for row in rows:
            penalty += np.float32(37_218.4141) + np.float32(1e-3) * np.float32(np.square(row).sum())
        first = np.float32(order_dependent) * np.float32(np.square(rows[0]).sum())
        return np.float32(loss(case)) + penalty / np.float32(len(rows)) + first

    return of


@pytest.mark.parametrize(("order_dependent", "verdict"), [(0.0, "satisfied"), (1.0, "violated")])
def test_the_rounding_of_a_large_loss_is_that_of_its_own_size(order_dependent: float, verdict: str) -> None:
    wrong = target(discriminator_loss=penalised(order_dependent))
    rows = rows_of(verify(wrong, claims=["S2"], profile="smoke", dtypes=["float32"]))
    assert rows["S2"].verdict == verdict


# --- a departure that names its formula -------------------------------------------------------------------------------

OF_GAIL = "reward-minus-log-one-minus-d"


def of_gail(reward: Any) -> Report:
    held = wrap(
        framework="numpy",
        conventions=WITHOUT_LOG_Q,
        departures={"E1": Departure("GAIL's reward, by design", OF_GAIL)},
        discriminator_logit=logit,
        generator_reward=reward,
    )
    return verify(held, claims=["A4", "E1"], profile="smoke")


def test_it_is_waived_where_its_numbers_are_that_formulas() -> None:
    report = of_gail(gail)
    assert {row.verdict for row in report.verdicts if row.claim == "E1"} == {"waived"}
    assert not report.failed
    assert "hold it" not in rows_of(report)["E1"].message


@pytest.mark.parametrize(
    ("reward", "known"),
    [
        (lambda case, rows: softplus(-logit(case, rows)), "they are those of reward-minus-log-d"),
        (lambda case, rows: 0.5 * gail(case, rows), None),
        # The same in the middle, and another where D has rounded to 1.
        (lambda case, rows: np.minimum(gail(case, rows), 30.0), None),
    ],
)
def test_other_numbers_are_violated_in_every_format(reward: Any, known: str | None) -> None:
    report = of_gail(reward)
    found = [row for row in report.verdicts if row.claim == "E1"]
    assert {row.verdict for row in found} == {"violated"}
    for row in found:
        assert row.diagnosis is not None
        assert row.diagnosis.formula == "departure-to-another-formula"
        assert "its numbers are others" in row.message
        assert known is None or known in row.message
        assert row.counterexample is not None


def sometimes_turned(case: Case, rows: Rows) -> Any:
    """GAIL's reward, but where θ₀ is large: there it is turned over."""
    return gail(case, rows) if case.theta[0] < 0.5 else softplus(-logit(case, rows))


def test_what_is_shown_is_a_case_on_which_it_strays_and_its_mend_is_told_from_it() -> None:
    (row,) = [
        each for each in of_gail(sometimes_turned).verdicts if (each.claim, each.dtype) == ("E1", "float64")
    ]
    assert row.diagnosis is not None
    assert row.diagnosis.formula == "departure-to-another-formula"
    shown = row.counterexample
    assert shown is not None
    case = case_from_data(shown.case)
    assert case.theta[0] >= 0.5
    departures = {"E1": Departure("GAIL's reward, by design", OF_GAIL)}
    options: dict[str, Any] = {"framework": "numpy", "conventions": WITHOUT_LOG_Q, "departures": departures}
    asked: dict[str, Any] = {"case": case, "claim": "E1", "check": shown.check}
    assert replay(wrap(**options, generator_reward=sometimes_turned), **asked).outcome == "FAILS"
    mended = replay(wrap(**options, generator_reward=gail), **asked)
    assert mended.outcome == "FIXED"
    assert (
        "is declared to depart to reward-minus-log-one-minus-d (GAIL's reward, by design)" in mended.message
    )


@pytest.mark.parametrize(("formula", "verdict"), [(OF_GAIL, "waived"), ("reward-log-d", "violated")])
def test_a_declared_entropy_bonus_is_no_part_of_the_formula(formula: str, verdict: str) -> None:
    with_bonus = wrap(
        framework="numpy",
        conventions=replace(WITHOUT_LOG_Q, entropy_coefficient=0.01),
        departures={"E1": Departure("by design", formula)},
        generator_reward=gail,
    )
    report = verify(with_bonus, claims=["E1"], profile="smoke")
    assert {row.verdict for row in report.verdicts} == {verdict}
    assert "the form of GAIL" in rows_of(report)["E1"].message


def test_a_reason_alone_excuses_them_all() -> None:
    report = verify(target(generator_reward=lambda case, rows: 0.5 * gail(case, rows)), profile="smoke")
    assert rows_of(report)["E1"].verdict == "waived"


@pytest.mark.parametrize(
    ("claim", "formula", "said"),
    [
        ("E1", "reward-gial", "which there is not"),
        ("B1", OF_GAIL, "which speaks of E1, E3"),
    ],
)
def test_a_formula_that_cannot_be_meant_is_refused(claim: str, formula: str, said: str) -> None:
    odd = wrap(generator_reward=gail, departures={claim: Departure("by design", formula)})
    with pytest.raises(UsageError, match=said):
        verify(odd, profile="smoke")


def test_it_is_a_string_that_can_be_copied() -> None:
    reason = Departure("by design", OF_GAIL)
    for again in (copy.deepcopy(reason), pickle.loads(pickle.dumps(reason))):
        assert again == "by design"
        assert again.formula == OF_GAIL


def test_a_process_names_its_formula_too() -> None:
    said = {
        "protocol": 1,
        "name": "gail",
        "observables": ["generator_reward"],
        "departures": {"E1": {"reason": "GAIL's reward", "formula": OF_GAIL}, "E3": "follows it"},
    }
    departures = _understood(said).departures
    assert departures == {"E1": "GAIL's reward", "E3": "follows it"}
    assert [formula_of(departures[claim]) for claim in ("E1", "E3")] == [OF_GAIL, ""]
    for wrong in ({"formula": 3}, {"why": "by design"}, 7, [OF_GAIL]):
        with pytest.raises(TargetError, match="must be an object of strings"):
            _understood({**said, "departures": {"E1": wrong}})
