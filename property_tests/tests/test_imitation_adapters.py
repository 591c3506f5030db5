"""The adapters of imitation against formulas written out here, in float64 NumPy."""

from __future__ import annotations

import importlib
import inspect
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ganirl import Case, Implementation, Rows, Steps, available_observables

UNIT = 2.0**-24
REASON = "needs the library under test: pip install 'ganirl[imitation]'"


@pytest.fixture(params=["airl", "gail"])
def target(request: pytest.FixtureRequest) -> Any:
    return load(request.param)


def load(name: str) -> Any:
    pytest.importorskip("imitation", reason=REASON)
    return importlib.import_module(f"ganirl_properties.targets.imitation_{name}").target


def make_case(
    seed: int, *, rows: int = 4, states: int = 3, actions: int = 3, d: int = 2, theta: Any = None
) -> Case:
    """Draw a case of dyadic numbers, which are exact in float32."""
    draw = np.random.default_rng(seed)
    logits = draw.integers(-24, 25, (states, actions)) / 8

    def side(count: int) -> Rows:
        state, action = draw.integers(0, states, (count, 1)), draw.integers(0, actions, (count, 1))
        next_state = draw.integers(0, states + 1, (count, 1))  # number `states` is the absorbing end
        features = draw.integers(-16, 17, (count, d)) / 8
        steps = Steps(
            state,
            action,
            next_state,
            next_state == states,
            np.ones((count, 1), dtype=bool),
            features[:, None, :],
        )
        return Rows(
            features, log_softmax(logits)[state[:, 0], action[:, 0]], np.full(count, 1 / count), steps
        )

    return Case(
        theta=draw.integers(-16, 17, d) / 8 if theta is None else np.asarray(theta, dtype=np.float64),
        b=draw.integers(-16, 17) / 8,
        policy_logits=logits,
        expert=side(rows),
        generator=side(rows),
        precision_name="float32",
        unit="transition",
    )


def in_torch(case: Case) -> Case:
    """Return the case as an adapter is handed it."""
    torch = pytest.importorskip("torch")

    def number(values: Any) -> Any:
        return torch.tensor(np.asarray(values), dtype=torch.float32)

    def side(rows: Rows) -> Rows:
        names = ("state", "action", "next_state", "done", "mask")
        tables = {name: torch.tensor(getattr(rows.steps, name)) for name in names}
        steps = Steps(**tables, features=number(rows.steps.features))
        return Rows(number(rows.features), number(rows.log_q), number(rows.weight), steps)

    return replace(
        case,
        theta=number(case.theta).requires_grad_(),
        b=number(case.b).requires_grad_(),
        policy_logits=number(case.policy_logits).requires_grad_(),
        expert=side(case.expert),
        generator=side(case.generator),
    )


def log_softmax(logits: Any) -> Any:
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def softplus(x: Any) -> Any:
    return np.logaddexp(0.0, x)


def sigmoid(x: Any) -> Any:
    return np.exp(-softplus(-x))


def log_q(case: Case, rows: Rows) -> Any:
    return log_softmax(case.policy_logits)[rows.state, rows.action]


def network(case: Case, rows: Rows) -> Any:
    return -(rows.features @ case.theta) - case.b


def logit(target: Any, case: Case, rows: Rows) -> Any:
    return network(case, rows) - (log_q(case, rows) if target.name == "imitation-airl" else 0.0)


def loss(target: Any, case: Case) -> float:
    expert, generator = logit(target, case, case.expert), logit(target, case, case.generator)
    return float(0.5 * (softplus(-expert).mean() + softplus(generator).mean()))


def gradient(target: Any, case: Case) -> Any:
    """(d + 1,) in θ and in b: a logit falls by φ and by 1."""
    total = np.zeros(len(case.theta) + 1)
    for rows, sign in ((case.expert, 1.0), (case.generator, -1.0)):
        slope = np.append(rows.features, np.ones((len(rows), 1)), axis=1)
        weight = sigmoid(-sign * logit(target, case, rows))
        total += 0.5 * sign * (weight[:, None] * slope).mean(axis=0)
    return total


def rounding(case: Case) -> float:
    """Bound what float32 loses in a logit: d + 8 roundings of the largest number on the way."""
    features = np.abs(np.concatenate([case.expert.features, case.generator.features]))
    largest = (features @ np.abs(case.theta)).max() + abs(case.b) + 3 * np.abs(case.policy_logits).max() + 2
    return float((len(case.theta) + 8) * UNIT * largest)


def check_all(target: Any, case: Case) -> None:
    given, allowed = in_torch(case), rounding(case)
    for rows, tensors in ((case.expert, given.expert), (case.generator, given.generator)):
        expected = logit(target, case, rows)
        found = target.discriminator_logit(given, tensors)
        assert found.shape == (len(rows),)
        np.testing.assert_allclose(found.detach().numpy(), expected, rtol=0, atol=allowed)
        np.testing.assert_allclose(
            target.log_q(given, tensors).numpy(), log_q(case, rows), rtol=0, atol=allowed
        )
        reward = network(case, rows) if target.name == "imitation-airl" else softplus(expected)
        np.testing.assert_allclose(target.generator_reward(given, tensors), reward, rtol=0, atol=allowed)
    assert target.discriminator_loss(given) == pytest.approx(loss(target, case), rel=0, abs=2 * allowed)
    theta, b = target.discriminator_gradient(given)
    largest = np.abs(np.concatenate([case.expert.features, case.generator.features])).max()
    np.testing.assert_allclose(
        np.append(theta.numpy(), b.numpy()), gradient(target, case), rtol=0, atol=allowed * max(largest, 1.0)
    )
    assert target.discriminator_policy_gradient(given) is None


@pytest.mark.parametrize("seed", range(8))
def test_agrees_with_the_formulas(target: Any, seed: int) -> None:
    check_all(target, make_case(seed))


@pytest.mark.parametrize(
    ("rows", "states", "actions", "d"), [(1, 1, 1, 1), (1, 1, 5, 3), (7, 4, 2, 1), (32, 2, 3, 6)]
)
def test_agrees_in_other_shapes(target: Any, rows: int, states: int, actions: int, d: int) -> None:
    check_all(target, make_case(100, rows=rows, states=states, actions=actions, d=d))


@pytest.mark.parametrize("size", [17.0, 89.0, 104.0, 200.0])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_agrees_in_the_tails(target: Any, size: float, sign: float) -> None:
    case = make_case(5, d=1, theta=[sign * size])
    ends = [
        replace(side, features=np.array([[1.0], [-1.0], [1.0], [-1.0]]))
        for side in (case.expert, case.generator)
    ]
    check_all(target, replace(case, expert=ends[0], generator=ends[1]))


def test_a_rare_action_keeps_its_log_probability(target: Any) -> None:
    case = make_case(6)
    check_all(target, replace(case, policy_logits=case.policy_logits * 64))


def test_nothing_is_left_over_from_another_case(target: Any) -> None:
    first, second = make_case(1), make_case(2)
    for case in (first, second, first, second):
        check_all(target, case)
    # A second policy at the same θ, the third call in between: a stale log q would show.
    other = replace(first, policy_logits=second.policy_logits)
    before = target.discriminator_loss(in_torch(first))
    check_all(target, other)
    assert target.discriminator_loss(in_torch(first)) == before


def test_targets_do_not_disturb_one_another() -> None:
    airl, gail, case = load("airl"), load("gail"), make_case(3)
    for target in (airl, gail, airl):
        check_all(target, case)


def test_numbers_are_not_overwritten_by_the_next_call(target: Any) -> None:
    case, other = in_torch(make_case(1)), in_torch(make_case(2))
    found = target.discriminator_gradient(case)
    kept = found.theta.clone(), found.b.clone()
    target.discriminator_gradient(other)
    assert found.theta.equal(kept[0])
    assert found.b.equal(kept[1])


def test_a_change_in_the_library_shows(target: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    case = in_torch(make_case(7))

    def observed() -> list[Any]:
        theta, b = target.discriminator_gradient(case)
        loss_now = target.discriminator_loss(case)
        return [*target.discriminator_logit(case, case.expert).tolist(), loss_now, *theta.tolist(), b.item()]

    before = observed()
    released = target.trainer_class.logits_expert_is_high
    monkeypatch.setattr(
        target.trainer_class, "logits_expert_is_high", lambda *given: 2 * released(*given) + 1
    )
    assert all(x != y for x, y in zip(before, observed(), strict=True))


def test_a_gradient_that_reaches_the_policy_is_seen(target: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case(8)

    def leaking(trainer: Any, state: Any, action: Any, *_: Any) -> Any:
        return (
            trainer.policy.evaluate_actions(state, action.argmax(dim=1))[1]
            + 0 * trainer._reward_net.mlp[0].bias
        )

    monkeypatch.setattr(target.trainer_class, "logits_expert_is_high", leaking)
    found = target.discriminator_policy_gradient(in_torch(case)).numpy()

    expected = np.zeros_like(case.policy_logits)  # of the loss with the logit log π(a|s)
    policy = np.exp(log_softmax(case.policy_logits))
    for rows, sign in ((case.expert, -1.0), (case.generator, 1.0)):
        weight = sign * sigmoid(sign * log_q(case, rows)) / (2 * len(rows))
        for slope, state, action in zip(weight, rows.state, rows.action, strict=True):
            expected[state] -= slope * policy[state]
            expected[state, action] += slope
    np.testing.assert_allclose(found, expected, rtol=0, atol=16 * UNIT)


def test_leaves_the_surroundings_alone(target: Any, capfd: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    import torch

    random_state, threads = torch.random.get_rng_state(), torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        patch.setattr("tempfile.tempdir", str(tmp_path))
        check_all(target, make_case(9, rows=11, states=2, actions=4, d=5))  # a shape that no other test has
    assert torch.random.get_rng_state().equal(random_state)
    assert torch.get_num_threads() == threads
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_batches_must_be_equal(target: Any) -> None:
    case = make_case(4)
    uneven = in_torch(replace(case, generator=make_case(4, rows=6).generator))
    assert target.conventions.equal_batches
    with pytest.raises(ValueError, match="demo_batch_size"):
        target.discriminator_loss(uneven)


def test_declarations(target: Any) -> None:
    from stable_baselines3 import PPO

    assert isinstance(target, Implementation)
    assert target.name in {"imitation-airl", "imitation-gail"}
    default = inspect.signature(PPO).parameters["ent_coef"].default
    assert target.conventions.entropy_coefficient == default == 0.0
    assert "discriminator_probability" not in available_observables(target)  # neither computes D
    assert set(target.departures) == (set() if target.name == "imitation-airl" else {"E1", "E3"})


@pytest.mark.parametrize("name", ["airl", "gail"])
def test_without_the_library_the_error_names_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for loaded in [
        module for module in sys.modules if module.startswith(("imitation", "ganirl_properties.targets"))
    ]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, "imitation", None)
    with pytest.raises(ModuleNotFoundError, match="imitation"):
        importlib.import_module(f"ganirl_properties.targets.imitation_{name}")
