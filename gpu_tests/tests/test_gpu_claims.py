"""Every PyTorch check holds on the instances that its claim speaks about, and its broken twin is told."""

from __future__ import annotations

import pytest

from ganirl.claims import CLAIMS
from ganirl.enumeration import ENUMERATIONS, UnsuitedError
from ganirl.instances import INSTANCES
from ganirl_gpu.claims import TORCH_CHECKS, check_claim, torch_space
from ganirl_gpu.claims.registry import residual

INSTANCE_NAMES = ("generic", "generic transition", "EBM", "S4")


def pairs() -> list[object]:
    found = []
    for claim in TORCH_CHECKS:
        worked_on = ENUMERATIONS[claim].worked_on if claim in ENUMERATIONS else "generic"
        for name in dict.fromkeys((*INSTANCE_NAMES, worked_on)):
            instance = INSTANCES[name]()
            if claim in ENUMERATIONS and ENUMERATIONS[claim].unsuited(instance.problem, instance.mdp):
                continue
            found.append(pytest.param(claim, name, name == worked_on, id=f"{claim}, {name}"))
    return found


@pytest.mark.parametrize("dtype_name", ["float64", "float32"])
@pytest.mark.parametrize(("claim", "name", "told"), pairs())
def test_claim(claim: str, name: str, told: bool, dtype_name: str, device: str) -> None:
    if dtype_name not in TORCH_CHECKS[claim].dtypes:
        # Not a skip: the check says that its bound is void there, and the catalogue shows it.
        assert dtype_name != "float64"
        return
    found = check_claim(claim, INSTANCES[name](), dtype=dtype_name, device=device)
    assert found.agrees, found
    if told and dtype_name == "float64":
        assert found.twin_differs, found
        assert found.twin_error > 1e-6


def test_checks_stand_in_the_order_of_the_catalogue() -> None:
    order = [each.id for each in CLAIMS if each.id in TORCH_CHECKS]
    assert sorted(TORCH_CHECKS, key=order.index) == order
    assert all(each.description and each.twin for each in TORCH_CHECKS.values())


def test_unknown_and_unsuited_claims_are_said_so() -> None:
    with pytest.raises(KeyError, match="no PyTorch check of claim 'Z9'; there is one of"):
        check_claim("Z9", INSTANCES["S4"]())


def test_nan_does_not_agree() -> None:
    instance = INSTANCES["S4"]()
    space = torch_space(instance.problem, instance.theta * float("nan"), instance.b)
    assert not residual(TORCH_CHECKS["D1"], space).agrees


@pytest.mark.parametrize(
    "claim", [c for c in TORCH_CHECKS if c in ENUMERATIONS and ENUMERATIONS[c].needs_mdp]
)
def test_a_check_that_needs_a_process_says_so(claim: str) -> None:
    with pytest.raises(UnsuitedError, match="it is about the trajectories of an MDP"):
        check_claim(claim, INSTANCES["S4"]())
