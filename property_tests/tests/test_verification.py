"""`verify` as users meet it: options, broken targets, NaN, departures, the same answer from another door."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import pytest

from ganirl import Case, Conventions, Rows, wrap
from ganirl_properties import TargetError, UsageError, verify
from ganirl_properties.report import Report, Verdict
from ganirl_properties.targets import list_targets, load_target


def logit(case: Case, rows: Rows) -> Any:
    return -(rows.features @ case.theta) - case.b - rows.log_q


def softplus(x: Any) -> Any:
    return np.logaddexp(0.0, x)


def loss(case: Case) -> Any:
    return softplus(-logit(case, case.expert)).mean() + softplus(logit(case, case.generator)).mean()


def row(report: Report, claim: str, dtype: str = "float64") -> Verdict:
    return next(each for each in report.verdicts if each.claim == claim and each.dtype == dtype)


def test_the_numpy_objectives_satisfy_every_claim() -> None:
    report = verify(load_target("numpy"), profile="smoke")
    assert report.summary["satisfied"] == report.summary["planned"] == 45
    assert report.equivalence.verdict == "equivalent"
    assert report.equivalence.sides == ("GAN", "IRL", "EBM")


def test_three_lines_are_an_implementation() -> None:
    report = verify(wrap(discriminator_logit=logit), claims=["A4", "A5", "C1"], profile="smoke")
    assert row(report, "A4").verdict == "satisfied"
    assert row(report, "A5").verdict == "not_addressed"
    assert "discriminator_probability" in row(report, "A5").message
    assert report.equivalence.verdict == "one side only"
    assert report.reconciled() == "planned 6 = 2 satisfied + 4 not addressed"


def test_a_loss_without_gradients_is_judged_by_differences() -> None:
    report = verify(wrap(discriminator_loss=loss), claims=["B*", "C1"], dtypes=["float64"], profile="smoke")
    assert {each.claim: each.verdict for each in report.verdicts} == {
        "B1": "satisfied",
        "B2": "satisfied",
        "B3": "satisfied",
        "B4": "not_addressed",
        "B5": "not_addressed",
        "C1": "satisfied",
    }

    def detached(case: Case) -> Any:
        # What a detached b does to values cannot be seen; a cost that enters twice can.
        return loss(case) + 0.01 * (case.expert.features @ case.theta).mean()

    wrong = verify(
        wrap(discriminator_loss=detached), claims=["B1", "B2", "C1"], dtypes=["float64"], profile="smoke"
    )
    assert {each.claim: each.verdict for each in wrong.verdicts} == {
        "B1": "violated",
        "B2": "satisfied",
        "C1": "violated",
    }


def test_nan_is_a_violation() -> None:
    report = verify(
        wrap(discriminator_logit=lambda case, rows: logit(case, rows) * np.nan),
        claims=["A4"],
        profile="smoke",
    )
    assert row(report, "A4").verdict == "violated"
    assert report.failed


def test_what_the_adapter_raises_is_said_in_one_sentence() -> None:
    def broken(case: Case, rows: Rows) -> Any:
        raise RuntimeError("no such layer: cost_head\nlong story")

    report = verify(
        wrap(discriminator_logit=broken, discriminator_loss=loss), claims=["A4", "B1"], profile="smoke"
    )
    assert row(report, "A4").verdict == "error"
    assert row(report, "A4").message == "discriminator_logit raised RuntimeError: no such layer: cost_head"
    assert row(report, "B1").verdict == "satisfied"
    assert report.failed


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (lambda case, rows: np.zeros((len(rows), len(rows) + 1)), "returned shape"),
        (lambda case, rows: None, "returned None"),
        (lambda case, rows: "logit", "no array"),
        (lambda case, rows: 0.0, "returned shape ()"),
    ],
    ids=["matrix", "None", "text", "scalar"],
)
def test_a_wrong_shape_is_an_error_that_says_the_right_one(returned: Any, said: str) -> None:
    report = verify(wrap(discriminator_logit=returned), claims=["A4"], profile="smoke")
    assert row(report, "A4").verdict == "error"
    assert said in row(report, "A4").message
    assert "\n" not in row(report, "A4").message


def test_a_departure_is_waived_and_one_that_does_not_depart_is_an_error() -> None:
    reason = "the reward is −log(1 − D) by design"
    gail = wrap(generator_reward=lambda case, rows: softplus(logit(case, rows)), departures={"E1": reason})
    report = verify(gail, claims=["E1"], profile="smoke")
    assert row(report, "E1").verdict == "waived"
    # A declared departure does not hide another one.
    message = row(report, "E1").message
    assert message.startswith(
        f"{reason}; its numbers: the reward is −log(1 − D), the form of GAIL; to hold it"
    )
    assert "Departure(…, formula='reward-minus-log-one-minus-d')" in message
    assert not report.failed
    turned = wrap(generator_reward=lambda case, rows: -softplus(logit(case, rows)), departures={"E1": reason})
    message = row(verify(turned, claims=["E1"], profile="smoke"), "E1").message
    assert "its numbers: the reward is log(1 − D); to hold it" in message
    airl = wrap(generator_reward=logit, departures={"E1": reason})
    stale = verify(airl, claims=["E1"], profile="smoke")
    assert row(stale, "E1").verdict == "error"
    assert "does not depart" in row(stale, "E1").message
    with pytest.raises(UsageError, match="E99"):
        verify(wrap(generator_reward=logit, departures={"E99": reason}), profile="smoke")


def test_an_entropy_bonus_mends_one_step_only() -> None:
    def f_alone(case: Case, rows: Rows) -> Any:
        return -(rows.features @ case.theta) - case.b

    with_bonus = wrap(generator_reward=f_alone, conventions=Conventions(entropy_coefficient=1.0))
    report = verify(with_bonus, claims=["E1"], profile="smoke")
    assert row(report, "E1").verdict == "conditional"
    assert "one step" in row(report, "E1").message
    without = verify(wrap(generator_reward=f_alone), claims=["E1"], profile="smoke")
    assert row(without, "E1").verdict == "violated"
    assert row(without, "E1").diagnosis is not None


@pytest.mark.parametrize(
    ("reward", "named"),
    [
        (lambda d: -np.log(1.0 - d), "reward-minus-log-one-minus-d"),
        (lambda d: np.log(1.0 - d + np.float32(1e-8)), "reward-log-one-minus-d-with-epsilon"),
        (lambda d: np.log(d) - np.log(1.0 - d), "reward-lost-in-its-tails"),
        (lambda d: np.float32(0.7) * (np.log(d) - np.log(1.0 - d)), None),
    ],
)
def test_a_reward_of_a_rounded_probability_is_named(reward: Any, named: str | None) -> None:
    def of_probability(case: Case, rows: Rows) -> Any:
        return reward(1.0 / (1.0 + np.exp(-logit(case, rows))))

    report = verify(wrap(generator_reward=of_probability), claims=["E1"], profile="smoke", dtypes=["float32"])
    diagnosis = row(report, "E1", "float32").diagnosis
    assert (diagnosis.formula if diagnosis else None) == named
    assert diagnosis is None or "another beyond" in diagnosis.title


def test_a_counterexample_keeps_only_the_row_that_shows_it() -> None:
    def saturating(case: Case, rows: Rows) -> Any:
        d = 1.0 / (1.0 + np.exp(-logit(case, rows)))
        return np.log(d + 1e-8) - np.log(1.0 - d + 1e-8)

    report = verify(wrap(generator_reward=saturating), claims=["E1"], profile="smoke", dtypes=["float32"])
    shown = row(report, "E1", "float32").counterexample
    assert shown is not None
    assert shown.rows == (1, 1)


def test_the_counterexample_is_one_trajectory_a_side() -> None:
    wrong = wrap(discriminator_logit=lambda case, rows: -(rows.features @ case.theta) - case.b)
    shown = row(verify(wrong, claims=["A4"], profile="smoke"), "A4").counterexample
    assert shown is not None
    assert shown.rows == (1, 1)
    assert shown.let.startswith("Let θ = ")
    assert shown.then.startswith("Then, by A4")
    assert shown.however.startswith("However, ")
    assert abs(shown.got - shown.expected) > shown.allowed >= shown.bound > 0


def test_the_same_seed_is_the_same_run() -> None:
    def numbers(seed: int) -> list[Any]:
        report = verify(load_target("numpy"), claims=["A4", "C1"], profile="smoke", seed=seed)
        return [each.worst for each in report.verdicts]

    assert numbers(3) == numbers(3)
    assert numbers(3) != numbers(4)


def test_processes_of_their_own_find_the_same() -> None:
    alone = verify(load_target("numpy"), claims=["A4", "B1"], profile="smoke")
    together = verify(load_target("numpy"), claims=["A4", "B1"], profile="smoke", jobs=2, spec="numpy")
    assert alone.verdicts == together.verdicts
    with pytest.raises(UsageError, match="spec"):
        verify(load_target("numpy"), claims=["A4"], profile="smoke", jobs=2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"claims": ["Q7"]}, "no claim matches 'Q7'"),
        ({"claims": ["A1"]}, "theory alone"),
        ({"profile": "huge"}, "no profile 'huge'"),
        ({"device": "tpu"}, "'tpu' cannot be had"),
        ({"dtypes": ["float8"]}, "no dtype 'float8'"),
        ({"dtypes": ["bfloat16"]}, "does not work in bfloat16"),
    ],
)
def test_an_option_that_cannot_be_had_is_one_sentence(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        verify(load_target("numpy"), **options)


def test_interrupting_keeps_what_was_done() -> None:
    def stop(verdict: Verdict, done: int, planned: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    report = verify(load_target("numpy"), profile="smoke", progress=stop)
    assert report.run.interrupted
    assert report.summary["satisfied"] == 3
    assert report.summary["inconclusive"] == report.summary["planned"] - 3


def test_an_adapter_that_ends_its_process_is_an_error_in_words(tmp_path: Path) -> None:
    path = tmp_path / "adapter_that_exits.py"
    path.write_text(
        "import os\n"
        "from ganirl import wrap\n"
        "def logit(case, rows):\n"
        "    if case.precision_name == 'float32':\n"
        "        os._exit(0)\n"
        "    return -(rows.features @ case.theta) - case.b - rows.log_q\n"
        "target = wrap(discriminator_logit=logit)\n"
    )
    spec = f"{path}:target"
    report = verify(load_target(spec), claims=["A4", "A6"], profile="smoke", jobs=2, spec=spec)
    assert {each.dtype: each.verdict for each in report.verdicts} == {
        "float64": "satisfied",
        "float32": "error",
    }
    assert "os._exit" in row(report, "A4", "float32").message


@pytest.mark.parametrize("name", ["loss_factor", "entropy_coefficient", "log_q_constant"])
@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_a_convention_is_a_finite_number(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name}=(inf|nan).*finite"):
        Conventions(**{name: value})


class _Adapter:
    name = "odd"
    framework = "numpy"
    conventions = Conventions()
    departures: ClassVar[Any] = MappingProxyType({})

    def discriminator_logit(self, case: Case, rows: Rows) -> Any:
        return logit(case, rows)


class _PropertyThatRaises(_Adapter):
    @property
    def discriminator_loss(self) -> Any:
        raise RuntimeError("not trained yet")


class _PropertyThatMisses(_Adapter):
    @property
    def discriminator_loss(self) -> Any:
        return self.network  # type: ignore[attr-defined]


class _NoReason(_Adapter):
    departures: ClassVar[Any] = {"E1": None}


class _EmptyReason(_Adapter):
    departures: ClassVar[Any] = {"E1": " "}


class _NoId(_Adapter):
    departures: ClassVar[Any] = {1: "because"}


class _NoName(_Adapter):
    name: Any = None


class _NoVersions(_Adapter):
    versions = "1.0"


@pytest.mark.parametrize(
    ("adapter", "said"),
    [
        (_PropertyThatRaises, "discriminator_loss cannot be read: it raised RuntimeError: not trained yet"),
        (_PropertyThatMisses, "discriminator_loss cannot be read: it raised AttributeError"),
        (_NoReason, "gives E1 the reason None"),
        (_EmptyReason, "gives E1 the reason ' '"),
        (_NoId, "1 is no id"),
        (_NoName, "name must be a string"),
        (_NoVersions, "versions must map"),
    ],
)
def test_an_odd_adapter_is_one_sentence(adapter: type[_Adapter], said: str) -> None:
    with pytest.raises(TargetError, match=said) as raised:
        verify(adapter(), claims=["A4"], profile="smoke")
    assert "\n" not in str(raised.value)
    assert not verify(_Adapter(), claims=["A4"], profile="smoke").failed


class TestTargets:
    @pytest.mark.parametrize(
        ("spec", "said"),
        [
            ("nonsense", "no built-in target 'nonsense'; there are"),
            ("no_such_module_anywhere:target", "no module 'no_such_module_anywhere'"),
            ("no/such/file.py:target", "no file"),
            ("math:pi", "is not an Implementation: it has no name"),
            ("math:tau_squared", "has no attribute 'tau_squared'"),
            ("ganirl:Conventions", "is a class"),
        ],
    )
    def test_what_cannot_be_loaded_is_one_sentence(self, spec: str, said: str) -> None:
        with pytest.raises(TargetError, match=said) as raised:
            load_target(spec)
        assert "\n" not in str(raised.value)

    def test_a_file_that_fails_says_how(self, tmp_path: Path) -> None:
        path = tmp_path / "adapter.py"
        path.write_text("import not_installed_anywhere\n")
        with pytest.raises(TargetError, match="not_installed_anywhere"):
            load_target(f"{path}:target")
        path.write_text("def broken(:\n")
        with pytest.raises(TargetError, match="SyntaxError"):
            load_target(f"{path}:target")

    def test_a_file_is_a_target(self, tmp_path: Path) -> None:
        path = tmp_path / "adapter.py"
        path.write_text(
            "from ganirl import wrap\n"
            "target = wrap(discriminator_logit=lambda case, rows:"
            " -(rows.features @ case.theta) - case.b - rows.log_q)\n"
        )
        assert load_target(f"{path}:target").name == "wrapped callables"
        with pytest.raises(TargetError, match="it has target"):
            load_target(f"{path}:tarjet")

    def test_the_list_names_what_is_missing(self) -> None:
        listed = {each.name: each for each in list_targets()}
        assert {"numpy", "torch", "imitation-airl", "imitation-gail"} <= set(listed)
        assert listed["numpy"].available
        for each in listed.values():
            assert each.available or "pip install" in each.note

    def test_wrap_refuses_what_is_no_observable(self) -> None:
        with pytest.raises(TypeError, match="no observable 'logits'"):
            wrap(logits=logit)
        with pytest.raises(TypeError, match="at least one"):
            wrap()
        with pytest.raises(TypeError, match="callable"):
            wrap(discriminator_loss=3.0)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="expert_label"):
            Conventions(expert_label=2)  # type: ignore[arg-type]


def test_code_that_writes_into_its_input_does_not_write_into_the_truth() -> None:
    def greedy(case: Case, rows: Rows) -> Any:
        result = logit(case, rows)
        rows.features[...] = 0.0
        rows.steps.state[...] = 0
        case.theta[...] = 0.0
        return result

    report = verify(
        wrap(discriminator_logit=greedy, discriminator_loss=loss), claims=["A4", "B1"], profile="smoke"
    )
    assert not report.failed


def test_a_gauge_that_a_reward_breaks_is_an_echo_of_the_reward() -> None:
    def cost_alone(case: Case, rows: Rows) -> Any:
        return -(rows.features @ case.theta)

    report = verify(
        wrap(generator_reward=cost_alone, discriminator_logit=logit, discriminator_loss=loss),
        claims=["A4", "A6", "B1", "E1"],
        dtypes=["float64"],
        profile="smoke",
    )
    assert {each.claim: each.verdict for each in report.verdicts} == {
        "A4": "satisfied",
        "A6": "blocked",
        "B1": "satisfied",
        "E1": "violated",
    }
    assert row(report, "A6").blocked_by == "E1"
    alone = verify(wrap(generator_reward=cost_alone), claims=["A6"], profile="smoke")
    # All that A6 sees of it is a constant of the batch, which a policy gradient does not.
    assert {each.verdict for each in alone.verdicts} == {"conditional"}
    assert "one constant a batch" in row(alone, "A6").message
    by_length = wrap(
        generator_reward=lambda case, rows: logit(case, rows) - case.b * rows.steps.mask.sum(axis=1)
    )
    assert row(verify(by_length, claims=["A6"], profile="smoke"), "A6").verdict == "violated"


@pytest.mark.parametrize(
    "shown", ["generator_reward", "generator_loss", "discriminator_gradient", "irl_loss"]
)
def test_gauge_invariance_is_seen_by_any_one_observable(shown: str) -> None:
    target = load_target("numpy")
    only = wrap(conventions=target.conventions, **{shown: getattr(target, shown)})
    report = verify(only, claims=["A6"], profile="smoke")
    assert {each.verdict for each in report.verdicts} == {"satisfied"}


def irl_value(case: Case) -> Any:
    sides = (case.expert, case.generator)
    cost = np.concatenate([side.features @ case.theta for side in sides])
    log_q = np.concatenate([side.log_q for side in sides])
    share = np.concatenate([np.full(len(side), 0.5 / len(side)) for side in sides])
    log_mixture = np.logaddexp(-cost - case.b, log_q) - np.log(2.0).astype(cost.dtype)
    log_weight = np.log(share).astype(cost.dtype) - cost - log_mixture
    return (case.expert.features @ case.theta).mean() + np.logaddexp.reduce(log_weight)


def irl_value_by_exponentials(case: Case) -> Any:
    """The same, of numbers that are lost where every cost is large."""
    sides = (case.expert, case.generator)
    cost = np.concatenate([side.features @ case.theta for side in sides])
    share = np.concatenate([np.full(len(side), 0.5 / len(side)) for side in sides])
    log_q = np.concatenate([side.log_q for side in sides])
    mixture = 0.5 * (np.exp(-cost - case.b) + np.exp(log_q))
    return (case.expert.features @ case.theta).mean() + np.log(share @ (np.exp(-cost) / mixture))


def test_the_value_of_an_irl_loss_is_judged_where_nothing_else_is() -> None:
    verdicts = {}
    for name, irl_loss in {
        "right": irl_value,
        "by exponentials": irl_value_by_exponentials,
        "no constant": lambda case: irl_value(case) + 0.125,
        "b left out": lambda case: irl_value(case) - case.b,
    }.items():
        report = verify(wrap(irl_loss=irl_loss), claims=["A6", "C3"], dtypes=["float64"], profile="smoke")
        verdicts[name] = tuple(each.verdict for each in report.verdicts)
    assert verdicts == {
        "right": ("satisfied", "satisfied"),
        "by exponentials": ("blocked", "violated"),
        "no constant": ("satisfied", "violated"),
        "b left out": ("blocked", "violated"),
    }


def test_what_follows_from_a_departure_is_waived_with_it() -> None:
    reason = "the reward is f alone by design"

    def f_alone(case: Case, rows: Rows) -> Any:
        return -(rows.features @ case.theta) - case.b

    report = verify(
        wrap(generator_reward=f_alone, departures={"E1": reason}), claims=["E1", "E3"], profile="smoke"
    )
    assert {each.claim: each.verdict for each in report.verdicts} == {"E1": "waived", "E3": "waived"}
    assert reason in row(report, "E3").message
    assert not report.failed


def test_one_format_that_departs_justifies_the_declaration_for_all() -> None:
    # A small constant error: seen in float64, below the resolution of float32.
    nearly = wrap(
        discriminator_logit=lambda case, rows: logit(case, rows) + np.asarray(1e-9, dtype=case.theta.dtype),
        departures={"A4": "a tiny offset by design"},
    )
    report = verify(nearly, claims=["A4"], profile="smoke")
    assert row(report, "A4").verdict == "waived"
    assert row(report, "A4", "float32").verdict == "satisfied"
    assert not report.failed


def test_observables_that_are_listed_are_judged() -> None:
    report = verify(
        wrap(log_q=lambda case, rows: 7 * rows.log_q, log_partition=lambda case: -1e9),
        claims=["A4", "B5"],
        profile="smoke",
        dtypes=["float64"],
    )
    assert {each.claim: each.verdict for each in report.verdicts} == {"A4": "violated", "B5": "violated"}


def test_shrinking_keeps_the_kind_of_failure() -> None:
    def infinite(case: Case, rows: Rows) -> Any:
        right = logit(case, rows)
        return np.where(np.abs(right) > 40.0, np.inf, right)

    shown = row(
        verify(wrap(generator_reward=infinite), claims=["E1"], dtypes=["float64"], profile="default"), "E1"
    )
    assert shown.counterexample is not None
    assert not np.isfinite(shown.counterexample.got)


def test_nan_in_the_tails_is_found() -> None:
    def naive(case: Case, rows: Rows) -> Any:
        with np.errstate(all="ignore"):
            grown = np.exp(logit(case, rows))
            return grown / (1 + grown)

    report = verify(wrap(discriminator_probability=naive), claims=["A4"], dtypes=["float32"], profile="smoke")
    assert row(report, "A4", "float32").verdict == "violated"


def test_complex_numbers_and_exits_are_errors() -> None:
    def leaves(case: Case, rows: Rows) -> Any:
        raise SystemExit(0)

    for adapter in (lambda case, rows: logit(case, rows) + 1j, leaves):
        report = verify(wrap(discriminator_logit=adapter), claims=["A4"], dtypes=["float64"], profile="smoke")
        assert row(report, "A4").verdict == "error"
        assert report.failed
