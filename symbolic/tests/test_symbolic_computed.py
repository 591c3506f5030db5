"""The expressions that are proved, lambdified, are the objectives that everything is judged by."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from ganirl import objectives
from ganirl.instances import generic, s4
from ganirl_symbolic import CLAIMS
from ganirl_symbolic import symbols as s
from ganirl_symbolic.computed import COMPUTED, Computed, Rows, computed_by, evaluate


def drawn(seed: int, count: int = 7, scale: float = 2.0) -> Rows:
    rng = np.random.default_rng(seed)
    w_p, w_q = rng.dirichlet(np.ones(count)), rng.dirichlet(np.ones(count))
    c, dc, log_q, score = (scale * rng.normal(size=count) for _ in range(4))
    return Rows(w_p, w_q, rng.random(count) + 0.1, c, dc, log_q, score, float(rng.normal()))


def enumerated() -> Rows:
    """The generic instance, all of its 4376 trajectories."""
    instance = generic()
    points = objectives.population(instance.problem, instance.theta, instance.b)
    score = objectives.policy_score(instance.problem.policy_logits, instance.problem.steps)
    return Rows(
        points.w_p, points.w_q, np.exp(points.log_h), points.c, points.dc[:, 1], points.log_q,
        score[:, 1, 0], points.b,
    )  # fmt: skip


IDS = [f"{each.claim} {each.objective}" for each in COMPUTED]


@pytest.mark.parametrize("each", COMPUTED, ids=IDS)
def test_derived_and_computed_agree(each: Computed) -> None:
    for rows in (*map(drawn, range(20)), enumerated()):
        derived, computed = evaluate(each.derive(), rows), np.asarray(each.compute(rows))
        assert np.ravel(derived) == pytest.approx(np.ravel(computed), rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("each", COMPUTED, ids=IDS)
def test_other_numbers_give_another_value(each: Computed) -> None:
    """So that agreement is not that of constants."""
    values = {float(np.ravel(evaluate(each.derive(), drawn(seed)))[0]) for seed in range(5)}
    assert len(values) == 5


def test_the_wrong_objective_is_told() -> None:
    """Each expression against every other objective of one number: those that agree are the same quantity."""
    rows = drawn(3)
    scalars = [each for each in COMPUTED if np.asarray(each.compute(rows)).ndim == 0]
    for one in scalars:
        for other in scalars:
            if one.derive is not other.derive and one.objective != other.objective:
                same = np.isclose(float(evaluate(one.derive(), rows)), float(np.asarray(other.compute(rows))))
                assert not same, (one.objective, other.objective)


def test_every_objective_of_the_reference_is_derived() -> None:
    public = {
        name
        for name, function in vars(objectives).items()
        if callable(function) and getattr(function, "__module__", "") == objectives.__name__
    }
    plumbing = {"expectation", "policy_score", "population", "Population", "_log_importance", "_tilted_mean"}
    assert public - plumbing == {each.objective for each in COMPUTED}


def test_claims_name_what_computes_them() -> None:
    assert computed_by("C2") == ("ganirl.objectives.surrogate_loss", "ganirl.objectives.surrogate_gradient")
    assert {each.claim for each in COMPUTED} <= set(CLAIMS) | {"B4", "D2"}


def test_a_symbol_without_numbers_is_an_error() -> None:
    with pytest.raises(KeyError):
        evaluate(s.total(s.q_hat[s.i]), drawn(0))


def test_the_table_of_a_plain_space_by_hand() -> None:
    instance = s4()
    points = objectives.population(instance.problem, instance.theta, 0.0)
    rows = Rows(points.w_p, points.w_q, np.ones(4), points.c, points.dc[:, 0], points.log_q, np.zeros(4), 0.0)
    z = evaluate(s.total(s.h[s.i] * sp.exp(-s.c)), rows)
    assert float(z) == pytest.approx(2.7617676583, abs=1e-10)
