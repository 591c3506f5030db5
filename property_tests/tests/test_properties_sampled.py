"""Implementations that can only be sampled: verdicts, their error rates, and what is said of them."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from ganirl import Case, Conventions, Gradient, Rows, Steps, wrap
from ganirl_properties import verify
from ganirl_properties.errors import UsageError
from ganirl_properties.report import Report, Sampling, Verdict, summed_up
from ganirl_properties.sampled import CONTRACTS, SamplingContract, without_sampled
from ganirl_properties.targets import load_target
from ganirl_properties.targets.numpy_objectives import NumpyTarget

SEEDS = (0, 1, 2, 3, 4)
NUMPY = NumpyTarget()
PROCESS: Any = load_target("numpy-process")
ALL = (
    "discriminator_loss",
    "discriminator_gradient",
    "generator_loss",
    "generator_gradient",
    "log_partition",
    "log_q",
)


def some(rows: Rows, size: int, rng: np.random.Generator) -> Rows:
    """As many rows, drawn with replacement by weight; their mean has the expectation of all."""
    weight = np.asarray(rows.weight, dtype=np.float64)
    pick = rng.choice(len(weight), size, p=weight / weight.sum())
    names = ("state", "action", "next_state", "done", "mask", "features")
    steps = Steps(**{name: getattr(rows.steps, name)[pick] for name in names})
    even = np.full(size, 1 / size, dtype=rows.weight.dtype)
    return Rows(rows.features[pick], rows.log_q[pick], even, steps)


class Minibatch:
    """The reference's objectives on a few rows of each side, others at each call."""

    name, framework = "minibatch", "numpy"
    departures: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, size: int = 2, sampled: tuple[str, ...] = ALL, **conventions: Any) -> None:
        self.size = size
        self.conventions = Conventions(log_q="computed", weights=True, sampled=sampled, **conventions)

    def part(self, case: Case) -> Case:
        rng = np.random.default_rng(case.seed)
        expert, generator = (some(side, self.size, rng) for side in (case.expert, case.generator))
        return dataclasses.replace(case, expert=expert, generator=generator)

    def discriminator_loss(self, case: Case) -> float:
        return NUMPY.discriminator_loss(self.part(case))

    def discriminator_gradient(self, case: Case) -> Gradient:
        return NUMPY.discriminator_gradient(self.part(case))

    def generator_loss(self, case: Case) -> float:
        return NUMPY.generator_loss(self.part(case))

    def generator_gradient(self, case: Case) -> Any:
        return NUMPY.generator_gradient(self.part(case))

    def log_partition(self, case: Case) -> float:
        return NUMPY.log_partition(self.part(case))

    def log_q(self, case: Case, rows: Rows) -> Any:
        """0 where the actions that it draws are the given ones: nobody knows the density of this policy."""
        steps, logits = rows.steps, np.asarray(case.policy_logits, dtype=np.float64)
        noise = np.random.default_rng(case.seed).gumbel(size=(*steps.state.shape, logits.shape[1]))
        drawn = (logits[steps.state % len(logits)] + noise).argmax(axis=-1)
        return np.where(((drawn == steps.action) | ~steps.mask).all(axis=1), 0.0, -np.inf)


class HeavyGenerator(Minibatch):
    """The generator's rows count a tenth too much in the gradient."""

    def discriminator_gradient(self, case: Case) -> Gradient:
        part = self.part(case)
        right = NUMPY.discriminator_gradient(part)
        logit = NUMPY.discriminator_logit(part, part.generator)
        of_generator = (1 / (1 + np.exp(-logit))) * part.generator.weight @ part.generator.features
        return Gradient(right.theta - 0.1 * of_generator, right.b)


class Inflated(Minibatch):
    """Its Z is a twentieth too large."""

    def log_partition(self, case: Case) -> float:
        return super().log_partition(case) + math.log(1.05)


class WarmPolicy(Minibatch):
    """It draws at another temperature than the policy has."""

    def log_q(self, case: Case, rows: Rows) -> Any:
        return super().log_q(dataclasses.replace(case, policy_logits=case.policy_logits * 0.5), rows)


def verdicts(target: Any, **options: Any) -> dict[str, Verdict]:
    options = {"dtypes": ["float64"]} | options
    return {row.claim: row for row in verify(target, **options).verdicts}


# --- right and wrong ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_unbiased_minibatches_are_satisfied(seed: int) -> None:
    report = verify(Minibatch(), profile="smoke", seed=seed)
    drawn = {row.claim: row for row in report.verdicts if row.sampling is not None}
    assert set(drawn) == {"A4", "B1", "B2", "B4", "C1", "C2", "E1", "E3"}
    assert {row.verdict for row in drawn.values()} == {"satisfied"}
    assert {row.verdict for row in report.verdicts} <= {"satisfied", "not_addressed"}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("wrong", "claim"), [(HeavyGenerator, "C1"), (Inflated, "B4"), (WarmPolicy, "A4")])
def test_a_small_bias_is_violated(wrong: type[Minibatch], claim: str, seed: int) -> None:
    row = verdicts(wrong(size=8), claims=[claim], seed=seed)[claim]
    assert row.verdict == "violated"
    assert row.sampling is not None
    assert "on average over" in row.message
    assert row.counterexample is not None
    assert row.counterexample.draws is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_the_logarithm_of_a_mean_is_no_unbiased_log_z(seed: int) -> None:
    wrong = verdicts(Minibatch(unbiased="log Z"), claims=["B4"], seed=seed)["B4"]
    assert wrong.verdict == "violated"
    assert wrong.message.endswith("[F4]")
    assert verdicts(Minibatch(), claims=["B4"], seed=seed)["B4"].verdict == "satisfied"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_gradient_that_is_divided_by_its_own_weights_is_biased(seed: int) -> None:
    def irl_gradient(case: Case) -> Any:
        return NUMPY.irl_gradient(Minibatch(size=1).part(case))

    target = wrap(
        irl_gradient=irl_gradient,
        conventions=Conventions(log_q="computed", weights=True, sampled=("irl_gradient",)),
    )
    row = verdicts(target, claims=["C3"], seed=seed)["C3"]
    assert row.verdict == "violated"
    assert row.message.endswith("[F5]")


def test_clear_cases_end_early() -> None:
    """The logarithm of a single weight is off by a nat; what is right has to be told from δ on both sides."""
    clear, close = (
        verdicts(Minibatch(size=1, unbiased=claimed), claims=["B4"])["B4"].sampling
        for claimed in ("log Z", "Z")
    )
    assert clear is not None
    assert close is not None
    assert 5 * clear.draws < close.draws


# --- the contract -------------------------------------------------------------------------------------------

LOOSE = SamplingContract(alpha=0.3, beta=0.2, effect=1 / 8, spreads=(1.5,))


def test_false_alarms_of_whole_runs_are_within_their_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CONTRACTS, "smoke", LOOSE)
    runs = 30
    alarms = sum(
        any(
            row.verdict == "violated"
            for row in verdicts(Minibatch(size=1), claims=["B4"], profile="smoke", seed=seed).values()
        )
        for seed in range(runs)
    )
    assert binom.sf(alarms - 1, runs, LOOSE.alpha) > 1e-6


def test_misses_of_an_effect_are_within_their_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CONTRACTS, "smoke", LOOSE)

    class LowByAQuarter(Minibatch):
        """Of a spread of 1.5, δ is 0.1875 in units of Z."""

        def log_partition(self, case: Case) -> float:
            return super().log_partition(case) + math.log1p(-0.25)

    runs = 20
    found = sum(
        verdicts(LowByAQuarter(), claims=["B4"], profile="smoke", seed=seed)["B4"].verdict == "violated"
        for seed in range(runs)
    )
    assert binom.sf(runs - found - 1, runs, LOOSE.beta) > 1e-6
    assert found > runs / 2


def test_a_run_states_its_budget_and_its_rows_share_it() -> None:
    report = verify(Minibatch(), profile="smoke", claims=["B*", "C1"])
    said, rows = report.run.sampling, [row.sampling for row in report.verdicts if row.sampling is not None]
    assert said is not None
    assert said.family == CONTRACTS["smoke"].alpha
    assert said.alpha == pytest.approx(sum(row.alpha for row in rows))
    assert said.alpha == pytest.approx(said.family)  # of two formats, a half each
    assert (said.draws, said.tests) == (sum(row.draws for row in rows), sum(row.tests for row in rows))
    assert f"α=0.0001 of the run, β=0.01, δ=0.125 of the range), {rows[0].draws} draws" in next(
        row.evidence for row in report.verdicts if row.sampling is not None
    )
    assert summed_up([]) is None


def test_the_same_seed_draws_the_same() -> None:
    first, again = (verify(Minibatch(), profile="smoke", claims=["B4", "C1"]) for _ in range(2))
    other = verify(Minibatch(), profile="smoke", claims=["B4", "C1"], seed=9)
    assert first.verdicts == again.verdicts
    assert first.run.sampling != other.run.sampling


def test_a_generator_of_its_own_will_do() -> None:
    class Unseeded(Minibatch):
        rng = np.random.default_rng(3)

        def part(self, case: Case) -> Case:
            return super().part(dataclasses.replace(case, seed=int(self.rng.integers(2**31))))

    assert verdicts(Unseeded(), claims=["B4"], profile="smoke")["B4"].verdict == "satisfied"


# --- what is not sampled ------------------------------------------------------------------------------------


def test_code_that_draws_nothing_is_judged_as_it_was() -> None:
    numpy = load_target("numpy")
    assert without_sampled(numpy) is numpy
    report = verify(numpy, profile="smoke", dtypes=["float64"], claims=["A*", "B*"])
    assert report.run.sampling is None
    assert all(row.sampling is None for row in report.verdicts)
    assert not {"sampled", "unbiased", "draws"} & set(report.run.conventions)


def test_rows_of_what_is_not_sampled_do_not_change() -> None:
    class Both(NumpyTarget):
        name = "numpy"
        conventions = Conventions(log_q="computed", weights=True, sampled=("log_partition",))

        def log_partition(self, case: Case) -> float:
            return Minibatch().log_partition(case)

    def of(report: Report) -> dict[str, Verdict]:
        return {row.claim: row for row in report.verdicts}

    options: dict[str, Any] = {"claims": ["A*", "B*", "E*"], "profile": "smoke", "dtypes": ["float64"]}
    plain, both = of(verify(NumpyTarget(), **options)), of(verify(Both(), **options))
    changed = {claim for claim in plain if plain[claim] != both[claim]}
    assert changed == {"B4"}
    # Six that are asked about one at a time, and the generic ones of 1,024 in lanes.
    assert plain["B4"].evidence == f"{plain['B4'].cases} cases"
    assert 6 + 512 < plain["B4"].cases <= 6 + 1024
    assert both["B4"].verdict == "satisfied"
    assert both["B4"].evidence.startswith("statistical(")


def test_what_has_no_expectation_to_judge_says_so() -> None:
    row = verdicts(Minibatch(), claims=["B5"], profile="smoke")["B5"]
    assert row.verdict == "not_addressed"
    assert row.message == (
        "log_partition is sampled: its expectation is judged, and this claim is of single values"
    )


def test_a_wrong_part_that_is_not_sampled_is_a_counterexample_as_ever() -> None:
    class WrongReward(Minibatch):
        def generator_reward(self, case: Case, rows: Rows) -> Any:
            return -rows.features @ case.theta

    row = verdicts(WrongReward(), claims=["E1"], profile="smoke")["E1"]
    assert row.verdict == "violated"
    assert row.counterexample is not None
    assert " cases; statistical(α" in row.evidence


# --- what nothing bounds ------------------------------------------------------------------------------------


class Noisy:
    """A logit with noise on it, as a discriminator with dropout has."""

    name, framework = "noisy", "numpy"
    departures: dict[str, str] = {}  # noqa: RUF012
    conventions = Conventions(
        log_q="computed", weights=True, sampled=("discriminator_logit",), draws="averages"
    )
    shift = 0.0

    def discriminator_logit(self, case: Case, rows: Rows) -> Any:
        noise = np.random.default_rng(case.seed).normal(self.shift, 0.2, len(rows))
        return NUMPY.discriminator_logit(case, rows) + noise


def test_a_logit_with_noise_is_judged_by_an_approximation_that_is_called_one() -> None:
    row = verdicts(Noisy(), claims=["A4"], profile="smoke")["A4"]
    assert row.verdict == "satisfied"
    assert row.sampling is not None
    assert row.sampling.approximate == row.sampling.tests
    assert 0 < row.sampling.approximation < 0.5
    assert "by a normal approximation, off by" in row.evidence
    shifted = Noisy()
    shifted.shift = 0.4
    wrong = verdicts(shifted, claims=["A4"], profile="smoke")["A4"]
    assert wrong.verdict == "violated"
    assert "normal approximation: nothing bounds a draw" in wrong.message


def test_a_draw_outside_of_every_average_is_no_average() -> None:
    class Unlike(Minibatch):
        """Right on average, by weights that no rows have."""

        def log_partition(self, case: Case) -> float:
            sign = 1.0 if case.seed % 2 else -1.0
            return NUMPY.log_partition(case) + math.log1p(0.999 * sign)

    row = verdicts(Unlike(), claims=["B4"], profile="smoke")["B4"]
    assert row.verdict in ("satisfied", "inconclusive")
    assert row.sampling is not None
    assert row.sampling.approximate == 1


def test_free_draws_are_declared() -> None:
    row = verdicts(Minibatch(draws="free"), claims=["B4"], profile="smoke")["B4"]
    assert row.verdict == "satisfied"
    assert row.sampling is not None
    assert row.sampling.approximate == row.sampling.tests == 1


class Coin:
    """D drawn as yes or no, row by row."""

    name, framework = "coin", "numpy"
    departures: dict[str, str] = {}  # noqa: RUF012
    conventions = Conventions(
        log_q="computed", weights=True, sampled=("discriminator_probability",), draws="free"
    )
    temperature = 1.0

    def discriminator_probability(self, case: Case, rows: Rows) -> Any:
        logit = NUMPY.discriminator_logit(case, rows) / self.temperature
        drawn = np.random.default_rng(case.seed).random(len(rows))
        return (drawn < 1 / (1 + np.exp(-logit))).astype(np.float64)


@pytest.mark.parametrize("seed", range(12))
def test_a_probability_is_bounded_however_it_is_drawn(seed: int) -> None:
    """Rows whose D is 5e-6 are 0 in each of hundreds of draws, which is no certainty."""
    row = verdicts(Coin(), claims=["A4"], profile="smoke", seed=seed)["A4"]
    assert row.verdict == "satisfied"
    assert row.sampling is not None
    assert row.sampling.approximate == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_probability_of_another_temperature_is_violated(seed: int) -> None:
    wrong = Coin()
    wrong.temperature = -1.0
    assert verdicts(wrong, claims=["A4"], profile="smoke", seed=seed)["A4"].verdict == "violated"


def test_what_an_approximation_cannot_tell_says_why_and_the_mend() -> None:
    class Jackpot(Noisy):
        conventions = dataclasses.replace(Noisy.conventions, draws="free")

        def discriminator_logit(self, case: Case, rows: Rows) -> Any:
            lucky = np.random.default_rng(case.seed).random(len(rows)) < 0.002
            return NUMPY.discriminator_logit(case, rows) + np.where(lucky, 499.0, -1.0)

    row = verdicts(Jackpot(), claims=["A4"], profile="smoke")["A4"]
    assert row.verdict == "inconclusive"
    assert "its probabilities may be wrong by" in row.message
    assert "to have a verdict, average more draws in one call, or choose a --profile" in row.message
    assert "averages" not in row.message.replace("average more", "")  # no average of rows bounds a logit


def test_free_draws_that_are_all_the_same_and_wrong_are_an_error() -> None:
    class Still(Minibatch):
        def log_partition(self, case: Case) -> float:
            return 3.0

    row = verdicts(Still(draws="free"), claims=["B4"], profile="smoke")["B4"]
    assert row.verdict == "error"
    assert "every draw is the same" in row.message


# --- what is wrong with a declaration -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sampled", "sentence"),
    [
        (("log_z",), "'log_z' as sampled, which is no observable"),
        (("policy",), "policy as sampled, and has none"),
    ],
)
def test_a_declaration_of_what_is_not_there_is_refused(sampled: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        verify(Minibatch(sampled=sampled), claims=["B4"], profile="smoke")


@pytest.mark.parametrize("sampled", ["log_partition", (3,)])
def test_names_are_names(sampled: Any) -> None:
    with pytest.raises(ValueError, match="tuple of observables' names"):
        Conventions(sampled=sampled)


def test_a_generator_that_starts_anew_at_each_call_is_an_error() -> None:
    class Restarted(Minibatch):
        def part(self, case: Case) -> Case:
            return super().part(dataclasses.replace(case, seed=1))

    row = verdicts(Restarted(), claims=["B4"], profile="smoke")["B4"]
    assert row.verdict == "error"
    assert "every draw is the same" in row.message


def test_a_draw_that_is_not_finite_is_a_violation() -> None:
    class Broken(Minibatch):
        def log_partition(self, case: Case) -> float:
            return math.nan

    row = verdicts(Broken(), claims=["B4"], profile="smoke")["B4"]
    assert row.verdict == "violated"
    assert "not finite" in row.message


def test_what_raises_is_an_error_and_what_is_not_there_is_not_addressed() -> None:
    class Raises(Minibatch):
        def log_partition(self, case: Case) -> float:
            raise RuntimeError("no samples left")

    assert "no samples left" in verdicts(Raises(), claims=["B4"], profile="smoke")["B4"].message

    class WithoutB(Minibatch):
        def discriminator_gradient(self, case: Case) -> Gradient:
            return Gradient(NUMPY.discriminator_gradient(self.part(case)).theta)

    row = verdicts(WithoutB(), claims=["B2"], profile="smoke")["B2"]
    assert (row.verdict, row.message) == ("not_addressed", "it has no gradient in b")


def test_a_departure_by_design_is_waived() -> None:
    class ByDesign(Inflated):
        departures = {"B4": "a control variate of known bias"}  # noqa: RUF012

    row = verdicts(ByDesign(), claims=["B4"])["B4"]
    assert row.verdict == "waived"
    assert row.message.startswith("a control variate of known bias; e^log_partition")


def test_a_statement_reads_as_it_is_meant() -> None:
    said = Sampling(1e-5, 0.01, 0.03125, 3, 120, 1, 0.04, 1e-4)
    assert str(said) == (
        "statistical(α=0.0001 of the run, β=0.01, δ=0.0312 of the range), 120 draws, "
        "by a normal approximation, off by 0.04 at most"
    )


# --- by autodiff, and the worked example --------------------------------------------------------------------------


def test_a_loss_that_draws_has_a_gradient_that_draws() -> None:
    torch = pytest.importorskip("torch")

    def loss(case: Case, lean: float = 1.0) -> Any:
        generator = torch.Generator().manual_seed(case.seed)
        pick_p, pick_q = (
            torch.randint(len(side), (4,), generator=generator) for side in (case.expert, case.generator)
        )
        expert, generated = (
            -(side.features[pick] @ case.theta) - case.b - side.log_q[pick]
            for side, pick in ((case.expert, pick_p), (case.generator, pick_q))
        )
        softplus = torch.nn.functional.softplus
        return softplus(-expert).mean() + lean * softplus(generated).mean()

    def target(lean: float) -> Any:
        return wrap(
            framework="torch",
            discriminator_loss=lambda case: loss(case, lean),
            conventions=Conventions(sampled=("discriminator_loss",)),
        )

    options: dict[str, Any] = {"claims": ["B1", "C1"], "profile": "smoke"}
    right = verify(target(1.0), **options)
    assert {row.verdict for row in right.verdicts if row.dtype == "float32"} == {"satisfied"}
    assert {row.verdict for row in right.verdicts} <= {"satisfied", "not_addressed"}
    wrong = verify(target(0.0), dtypes=["float32"], **options)
    assert [row.verdict for row in wrong.verdicts] == ["violated", "violated"]


def test_the_example_of_an_author_who_has_only_a_sampler() -> None:
    adapter = Path(__file__).parents[1] / "examples" / "only_a_sampler" / "ganirl_adapter.py"
    for attribute, verdict in (("target", "satisfied"), ("as_log_z", "violated")):
        target = load_target(f"{adapter}:{attribute}")
        report = verify(target, claims=["H2"])
        assert {row.verdict for row in report.verdicts} == {verdict}
        assert report.run.conventions["sampled"] == ("log_partition",)


def test_visits_counted_in_rollouts_are_judged() -> None:
    def occupancy(case: Case, tilt: float = 1.0) -> Any:
        """Of 16 rollouts under the soft policy: (T, S, A)."""
        mdp, rng = case.mdp, np.random.default_rng(case.seed)
        found = np.zeros((mdp.horizon, mdp.states, mdp.actions))
        kernel, start = np.asarray(mdp.transition, dtype=float), np.asarray(mdp.start, dtype=float)
        policy = PROCESS.policy(case).astype(float) ** tilt
        for _ in range(16):
            state = int(rng.choice(mdp.states, p=start / start.sum()))
            for step in range(mdp.horizon):
                chance = policy[step, state] / policy[step, state].sum()
                action = int(rng.choice(mdp.actions, p=chance))
                found[step, state, action] += 1 / 16
                onward = kernel[state, action]
                state = int(rng.choice(mdp.states + 1, p=onward / onward.sum()))
                if state == mdp.states:
                    break
        return found

    def target(tilt: float) -> Any:
        return wrap(
            occupancy=lambda case: occupancy(case, tilt),
            conventions=Conventions(
                unit="process", process=PROCESS.conventions.process, sampled=("occupancy",)
            ),
        )

    assert verdicts(target(1.0), claims=["D1"], profile="smoke")["D1"].verdict == "satisfied"
    assert verdicts(target(0.0), claims=["D1"], profile="smoke")["D1"].verdict == "violated"
