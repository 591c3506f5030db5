"""The built-in tabular solver is right by every claim that it can show, in both formats, for every horizon."""

from __future__ import annotations

from typing import Any

import pytest

from ganirl import Conventions, ProcessConventions, wrap
from ganirl_properties import verify
from ganirl_properties.targets import load_target
from ganirl_properties.targets.numpy_process import NumpyProcess

KINDS: dict[str, dict[str, Any]] = {
    "causal": {"discounts": True, "occupancy_axes": "sa", "occupancy_scale": "discounted"},
    "causal on states, visits of states": {"rewards_on": "state", "occupancy_axes": "ts", "ends": False},
    "causal without chance": {"deterministic": True, "occupancy_scale": "normalised"},
    "causal until the end": {
        "horizon": "first_exit",
        "discounts": True,
        "occupancy_axes": "sa",
        "occupancy_scale": "discounted",
    },
    "causal for ever": {
        "horizon": "discounted",
        "ends": False,
        "rewards_on": "state_action",
        "occupancy_axes": "s",
        "occupancy_scale": "discounted_normalised",
    },
    "trajectories": {"entropy": "trajectory", "rewards_on": "state_action"},
    "trajectories from a given start": {"entropy": "trajectory", "start": "given", "rewards_on": "state"},
    "trajectories until the end": {
        "entropy": "trajectory",
        "horizon": "first_exit",
        "rewards_on": "state_action",
        "occupancy_axes": "sa",
    },
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_right(kind: str, seed: int) -> None:
    report = verify(NumpyProcess(kind, ProcessConventions(**KINDS[kind])), profile="smoke", seed=seed)
    shown = {row.claim for row in report.verdicts if row.verdict != "not_addressed"}
    assert shown >= {"D1", "D3", "H12"}
    assert shown - {"D1", "D3", "H12"} == ({"H2"} if kind.startswith("trajectories") else set())
    assert {row.verdict for row in report.verdicts if row.claim in shown} == {"satisfied"}
    assert report.equivalence.verdict == "one side only"


def test_it_is_a_target_by_name() -> None:
    target = load_target("numpy-process")
    assert target.conventions.unit == "process"
    report = verify(target, profile="smoke", dtypes=["float32"])
    assert report.reconciled() == "planned 4 = 3 satisfied + 1 not addressed"


def test_code_with_autograd_gives_its_objective_and_no_gradient() -> None:
    torch = pytest.importorskip("torch", reason="autodiff is PyTorch's: pip install 'ganirl[torch]'")

    def loss(case: Any, *, cut: bool = False) -> Any:
        mdp, steps = case.mdp, case.expert.steps
        theta = case.theta.detach() if cut else case.theta
        value = torch.zeros(mdp.states + 1, dtype=theta.dtype)
        for _ in range(mdp.horizon):
            following = (mdp.transition * (value - mdp.features @ theta)).sum(dim=2).logsumexp(dim=1)
            value = torch.cat([following, value[:1] * 0])
        cost = (steps.features @ case.theta * steps.mask).sum(dim=1)
        return case.expert.weight @ cost + mdp.start @ value[:-1]

    conventions = Conventions(unit="process", weights=True)
    right = wrap(framework="torch", conventions=conventions, demonstration_loss=loss)
    report = verify(right, claims=["D3"], profile="smoke", dtypes=["float64", "float32"])
    assert [row.verdict for row in report.verdicts] == ["satisfied", "satisfied"]
    # Where the model's side is cut from the graph, its gradient is not that of its own loss.
    wrong = wrap(
        framework="torch", conventions=conventions, demonstration_loss=lambda case: loss(case, cut=True)
    )
    (row,) = verify(wrong, claims=["D3"], profile="smoke", dtypes=["float64"]).verdicts
    assert row.verdict == "violated"
