"""Many problems at once: each lane is the case of its own bytes, is judged as that case is, and is shrunk alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ganirl import PRECISIONS, Case, Conventions, Rows
from ganirl.framework import NUMPY, load_framework
from ganirl_properties import verify
from ganirl_properties.cases import Setting, broken_rules, case_from_bytes, generic
from ganirl_properties.checks import CHECKS, Check, View
from ganirl_properties.errors import UsageError
from ganirl_properties.lanes import SETTINGS_OF_LANES, Lanes, drawn_lanes, ratios, takes_lanes
from ganirl_properties.report import Report
from ganirl_properties.search import Search
from ganirl_properties.targets import load_target
from ganirl_properties.targets.numpy_objectives import NumpyTarget

CONVENTIONS = (
    Conventions(),
    Conventions(log_q="computed", weights=True, loss_scale="mean_of_all"),
    Conventions(log_z="absent", log_q="absent", expert_label=0),
    Conventions(unit="transition", equal_batches=True, log_z="bias", log_q="computed"),
)
COUNT = 48


def lanes_of(
    conventions: Conventions, setting: Setting, precision: str, batches: int, seed: int = 3
) -> list[Lanes]:
    drawn = drawn_lanes(np.random.default_rng(seed), setting, precision, conventions, COUNT)
    return [next(drawn) for _ in range(batches)]


def arrays(value: Any, path: str = "") -> dict[str, Any]:
    if not is_dataclass(value):
        return {path: value}
    found: dict[str, Any] = {}
    for each in fields(value):
        found |= arrays(getattr(value, each.name), f"{path}.{each.name}")
    return found


@pytest.mark.parametrize("precision", list(PRECISIONS))
@pytest.mark.parametrize("conventions", CONVENTIONS, ids=["paper", "weighted", "GAIL", "transitions"])
@pytest.mark.parametrize("setting", SETTINGS_OF_LANES)
def test_each_lane_is_the_case_of_its_own_bytes(
    setting: Setting, conventions: Conventions, precision: str
) -> None:
    for lanes in lanes_of(conventions, setting, precision, 37):
        together = arrays(lanes.case)
        for lane in range(0, COUNT, 9):
            alone = case_from_bytes(lanes.bytes_of(lane), setting, PRECISIONS[precision], conventions)
            for name, value in arrays(alone).items():
                if name == ".b" or name.endswith((".log_q", ".theta")):
                    # Sums of logs and products, added up along lanes in another order: the last digit may differ.
                    np.testing.assert_allclose(together[name][lane], value, rtol=1e-13, atol=1e-13)
                elif isinstance(value, np.ndarray):
                    assert np.array_equal(together[name][lane], value), name
                else:
                    assert together[name] == value, name
            assert bool(generic(lanes.case)[lane]) == (not broken_rules(alone))


def test_lanes_differ_from_one_another_and_are_of_all_kinds() -> None:
    drawn = lanes_of(CONVENTIONS[1], "batch", "float64", 72)
    assert all(len(np.unique(lanes.case.theta, axis=0)) > COUNT // 2 for lanes in drawn)
    assert np.mean([lanes.generic.mean() for lanes in drawn]) > 0.8
    sizes = {(len(lanes.case.expert), len(lanes.case.generator)) for lanes in drawn}
    assert all(expert != generator for expert, generator in sizes)
    assert {expert for expert, _ in sizes} >= {1, 2, 3, 4, 5, 6}
    assert max(max(each) for each in sizes) > 6
    largest = [float(np.abs(lanes.case.expert.features).max()) for lanes in drawn]
    assert min(largest) < 10.0
    assert max(largest) > 1000.0


def of_lanes(conventions: Conventions) -> NumpyTarget:
    class Declared(NumpyTarget):
        pass

    Declared.conventions = conventions
    return Declared()


def search_of(target: Any, framework: str = "numpy", precision: str = "float64", **options: Any) -> Search:
    return Search(
        target, load_framework(framework), PRECISIONS[precision], "cpu", 1, 3, lanes=COUNT, **options
    )


def checks_of(setting: Setting) -> list[Check]:
    return [check for check in CHECKS if check.setting == setting]


def same_numbers(check: Check, view: View, alone: View, lane: int) -> int:
    """Compare the comparisons of a lane with those of its case; return how many there are."""
    together, one = list(check.run(view)), list(check.run(alone))
    assert [each.observable for each in together] == [each.observable for each in one]
    for mine, its in zip(together, one, strict=True):
        bound = np.broadcast_to(mine.bound, mine.error.shape)[lane]
        # Roughly: some hold a rounding error themselves, as C2's does, |∂_bL_D| at the b* that was found. That they
        # are alike to the last digits where they do not is seen where the truth of lanes is tested.
        np.testing.assert_allclose(bound, np.broadcast_to(its.bound, its.error.shape), rtol=0.1)
        expected = np.broadcast_to(mine.expected, mine.got.shape)[lane]
        # Both are float64 references, added up in their own order: apart by no more than either's own bound.
        assert np.all(np.abs(expected - its.expected) <= bound)
        assert np.all(np.abs(mine.got[lane] - its.got) <= bound)
    return len(one)


@pytest.mark.parametrize("name", ["numpy", "torch"])
@pytest.mark.parametrize("setting", SETTINGS_OF_LANES)
def test_every_check_says_of_a_lane_what_it_says_of_its_case(setting: Setting, name: str) -> None:
    search = search_of(load_target(name), name)
    compared = dict.fromkeys((check.claim for check in checks_of(setting)), 0)
    for lanes in lanes_of(
        search.implementation.conventions, setting, "float64", 6 if name == "torch" else 12
    ):
        view = search.view_in(setting, lanes.case)
        for lane in (0, COUNT // 2):
            alone = search.view(lanes.bytes_of(lane), setting)
            if setting == "optimum":  # b* of lanes is not certified: to compare numbers, take the same one
                alone = alone.at(lane_of_optimum(view, alone, lane))
            for check in checks_of(setting):
                compared[check.claim] += same_numbers(check, view, alone, lane)
    assert all(compared.values()), compared


def lane_of_optimum(view: View, alone: View, lane: int) -> Case:
    b = float(view.case.b[lane])
    assert b == pytest.approx(float(alone.case.b), abs=1e-7)
    return type(alone.case)(**{**vars(alone.case), "b": np.asarray(b)})


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_right_code_passes_in_lanes(name: str) -> None:
    report = verify(load_target(name), profile="smoke", seed=4)
    assert {row.verdict for row in report.verdicts} == {"satisfied"}
    cases = {row.claim: row.cases for row in report.verdicts}
    assert min(cases[claim] for claim in ("A4", "B1", "C1", "C2", "E1", "S1")) > 400
    assert cases["E3"] == 6  # a setting that has no lanes


class Rare(NumpyTarget):
    """A cost that is cut at 7 where a batch is weighed: on few problems of small numbers does any reach that."""

    def discriminator_loss(self, case: Case) -> float:
        w_p, w_q, c, log_q, b, _ = self._batch(case)
        logit = -c - b - log_q
        rare = (case.theta[..., 0] > 6.0) & (case.b < -6.0)
        value = np.sum(w_p * np.logaddexp(0.0, -logit) + w_q * np.logaddexp(0.0, logit), axis=-1)
        loss = np.where(rare, value + 0.01 * np.abs(value), value)
        return loss if loss.ndim else float(loss)


def row_of(report: Report, claim: str) -> Any:
    return next(row for row in report.verdicts if row.claim == claim)


def test_what_shows_on_one_problem_in_hundreds_is_found_in_lanes_and_shrunk_alone() -> None:
    one_at_a_time = Rare()
    one_at_a_time.lanes = False
    missed = row_of(verify(one_at_a_time, claims=["B1"], profile="smoke", dtypes=["float64"]), "B1")
    assert missed.verdict == "satisfied", "this seed finds it without lanes: choose a rarer one"
    found = row_of(verify(Rare(), claims=["B1"], profile="default", dtypes=["float64"]), "B1")
    assert found.verdict == "violated"
    shown = found.counterexample
    assert shown is not None
    assert shown.rows == (1, 1)


class HalfOfSome(NumpyTarget):
    """Half the loss, on one problem in hundreds: a convention would make those right, and the others wrong."""

    def discriminator_loss(self, case: Case) -> float:
        rare = (case.theta[..., 0] > 6.0) & (case.b < -6.0)
        loss = np.where(rare, 0.5, 1.0) * super().discriminator_loss(case)
        return loss if loss.ndim else float(loss)


def test_what_lanes_find_is_a_case_for_every_other_claim_and_no_convention_or_formula_explains_it_away() -> (
    None
):
    rows = verify(HalfOfSome(), claims=["B*", "I1", "N1"], profile="default", dtypes=["float64"]).verdicts
    verdicts = {row.claim: row.verdict for row in rows}
    assert verdicts == {
        **dict.fromkeys(("B1",), "violated"),
        **dict.fromkeys(("B3", "I1"), "blocked"),
        **dict.fromkeys(("B2", "B4", "B5", "N1"), "satisfied"),
    }
    assert next(row.diagnosis for row in rows if row.claim == "B1") is None


class Leaning(NumpyTarget):
    """Right of one problem; of many, the mean over all of them is taken off and added: lanes know of one another."""

    def discriminator_logit(self, case: Case, rows: Rows) -> np.ndarray:
        logit = super().discriminator_logit(case, rows)
        return logit if logit.ndim == 1 else logit - logit.mean() / 7.0


def test_lanes_that_know_of_one_another_are_an_error_of_the_adapter_not_a_violation() -> None:
    row = row_of(verify(Leaning(), claims=["A4"], profile="smoke", dtypes=["float64"]), "A4")
    assert row.verdict == "error"
    assert "take `lanes` out" in row.message
    assert "discriminator_logit" in row.message


def test_code_that_does_not_take_lanes_is_asked_about_one_problem_at_a_time() -> None:
    class Alone(NumpyTarget):
        lanes = False

        def discriminator_logit(self, case: Case, rows: Rows) -> np.ndarray:
            assert np.ndim(case.b) == 0
            return super().discriminator_logit(case, rows)

    assert not takes_lanes(Alone(), NUMPY)
    unsaid: Any = SimpleNamespace()
    assert not takes_lanes(unsaid, NUMPY)
    assert takes_lanes(NumpyTarget(), NUMPY)
    row = row_of(verify(Alone(), claims=["A4"], profile="smoke", dtypes=["float64"]), "A4")
    assert (row.verdict, row.cases) == ("satisfied", 17)  # points of a grid


def test_a_function_that_cannot_be_mapped_is_an_error_that_says_so() -> None:
    torch = pytest.importorskip("torch")

    class Stubborn:
        name, framework, conventions, departures = "stubborn", "torch", Conventions(), MappingProxyType({})
        lanes = True

        def discriminator_loss(self, case: Case) -> Any:
            if case.b.item() > 1e9:
                return torch.zeros(())
            sides = [
                -(rows.features @ case.theta) - case.b - rows.log_q for rows in (case.expert, case.generator)
            ]
            of = torch.nn.functional.softplus
            return of(-sides[0]).mean() + of(sides[1]).mean()

    row = row_of(verify(Stubborn(), claims=["B1"], profile="smoke", dtypes=["float64"]), "B1")
    assert row.verdict == "error"
    assert "lanes" in row.message


class OneOfMany:
    """PyTorch code that returns other things than a loss; how it says so is that of one problem at a time."""

    name, framework, conventions, departures, lanes = (
        "one",
        "torch",
        Conventions(),
        MappingProxyType({}),
        True,
    )

    def __init__(self, returned: Callable[[Any], Any]) -> None:
        self.returned = returned

    def discriminator_loss(self, case: Case) -> Any:
        softplus = pytest.importorskip("torch").nn.functional.softplus
        sides = [
            -(rows.features @ case.theta) - case.b - rows.log_q for rows in (case.expert, case.generator)
        ]
        return self.returned(softplus(-sides[0]).mean() + softplus(sides[1]).mean())


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (lambda loss: (loss, {}), "returned a tuple of 2"),
        (lambda loss: {"loss": loss}, "returned a dict of 'loss'"),
        (lambda loss: None, "returned None"),
        (lambda loss: loss.expand(2, 2), "returned shape"),
    ],
)
def test_what_is_no_loss_is_told_in_lanes_as_it_is_alone(returned: Callable[[Any], Any], said: str) -> None:
    rows = verify(OneOfMany(returned), claims=["B*", "C1"], profile="smoke", dtypes=["float64"]).verdicts
    assert {row.verdict for row in rows} <= {"error", "not_addressed"}
    assert said in row_of_all(rows, "B1").message


def test_a_loss_in_a_row_of_one_is_a_loss_in_lanes_as_it_is_alone() -> None:
    target = OneOfMany(lambda loss: loss.reshape(1))
    rows = verify(target, claims=["B1", "B2", "C1"], profile="smoke", dtypes=["float64"]).verdicts
    assert {row.verdict for row in rows} == {"satisfied"}
    assert min(row.cases for row in rows) > 500


def row_of_all(rows: Iterable[Any], claim: str) -> Any:
    return next(row for row in rows if row.claim == claim)


def test_code_that_writes_into_the_array_that_it_returned_is_right_all_the_same() -> None:
    class Reusing(NumpyTarget):
        lanes = False
        kept = np.zeros(64)

        def discriminator_logit(self, case: Case, rows: Rows) -> np.ndarray:
            out = self.kept[: len(rows)]
            out[:] = super().discriminator_logit(case, rows)
            return out

    row = row_of(verify(Reusing(), claims=["A4"], profile="smoke", dtypes=["float64"]), "A4")
    assert row.verdict == "satisfied"


def test_lanes_are_declared_by_true_or_false() -> None:
    odd = NumpyTarget()
    odd.lanes = np.array([True, False])
    with pytest.raises(UsageError, match="lanes must be True or False"):
        verify(odd)


def test_the_example_in_numpy_takes_lanes() -> None:
    example = Path(__file__).parents[1] / "examples" / "numpy_lanes.py"
    report = verify(load_target(f"{example}:target"), profile="smoke")
    assert {row.verdict for row in report.verdicts} == {"satisfied", "not_addressed"}
    assert report.run.lanes == 1024
    assert min(row.cases for row in report.verdicts if row.claim in ("A4", "B1", "C1", "C2", "E1")) > 500


def test_a_reward_that_is_off_by_what_its_logit_is_off_by_is_no_baseline() -> None:
    class OffTogether(NumpyTarget):
        conventions = Conventions(unit="transition", log_q="computed")

        def discriminator_logit(self, case: Case, rows: Rows) -> np.ndarray:
            off = np.where(case.theta[..., 0] > 2.0, 0.5, 0.0)
            return super().discriminator_logit(case, rows) + off[..., None]

    report = verify(OffTogether(), claims=["A4", "E1"], profile="smoke", dtypes=["float64"])
    assert row_of(report, "A4").verdict == "violated"
    assert row_of(report, "E1").verdict == "blocked"


def test_code_that_draws_without_having_said_so_is_told_what_to_declare() -> None:
    class Drawing(NumpyTarget):
        lanes = False
        rng = np.random.default_rng(0)

        def discriminator_loss(self, case: Case) -> float:
            return super().discriminator_loss(case) * float(self.rng.uniform(0.9, 1.1))

    row = row_of(verify(Drawing(), claims=["B1"], profile="smoke", dtypes=["float64"]), "B1")
    assert row.verdict == "violated"
    assert "asked about one case again, it says otherwise: discriminator_loss is" in row.message
    assert "Conventions(sampled=…)" in row.message


def test_a_check_on_lanes_gives_each_its_own_ratio() -> None:
    class OneWrong(NumpyTarget):
        def discriminator_logit(self, case: Case, rows: Rows) -> np.ndarray:
            logit = np.array(super().discriminator_logit(case, rows))
            logit[5] += 1e-3
            logit[9] = np.nan
            return logit

    search = search_of(OneWrong())
    (lanes,) = lanes_of(search.implementation.conventions, "batch", "float64", 1)
    check = next(each for each in CHECKS if (each.claim, each.name) == ("A4", "logit"))
    found = ratios(check, search.view_of(lanes.case))
    assert np.flatnonzero(found.ratio > 1.0).tolist() == [5, 9]
    assert found.ratio[9] == np.inf
    assert found.decided.all()
