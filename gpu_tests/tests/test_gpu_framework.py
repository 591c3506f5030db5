"""The seam: cases go over exactly, numbers and gradients come back; the built-in target fits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ganirl import PRECISIONS, Implementation, available_observables
from ganirl.framework import load_framework
from ganirl_gpu.framework import framework
from ganirl_gpu.sweep import random_case
from ganirl_gpu.target import target


@pytest.fixture(params=list(PRECISIONS))
def plain(request):
    return random_case(np.random.default_rng(11), PRECISIONS[request.param], 1.0)


def test_it_is_the_entry_point():
    assert load_framework("torch") is framework


def test_a_case_goes_over_exactly_and_comes_back(plain, device):
    case = framework.case(plain, device)
    for name in ("theta", "b", "policy_logits"):
        leaf = getattr(case, name)
        assert leaf.is_leaf
        assert leaf.requires_grad
        assert leaf.device.type == device
        assert str(leaf.dtype) == f"torch.{plain.precision_name}"
        np.testing.assert_array_equal(framework.numpy(leaf), getattr(plain, name))
    assert case.b.shape == ()
    for side in ("expert", "generator"):
        rows, given = getattr(case, side), getattr(plain, side)
        for name in ("features", "log_q", "weight"):
            assert not getattr(rows, name).requires_grad
            np.testing.assert_array_equal(framework.numpy(getattr(rows, name)), getattr(given, name))
        assert rows.steps.state.dtype is torch.long
        assert rows.steps.mask.dtype is rows.steps.done.dtype is torch.bool
        np.testing.assert_array_equal(framework.numpy(rows.steps.features), given.steps.features)


def test_writing_into_a_case_leaves_the_original_alone(plain):
    case = framework.case(plain, "cpu")
    before = plain.expert.features.copy()
    case.expert.features.zero_()
    np.testing.assert_array_equal(plain.expert.features, before)


def test_a_device_that_is_not_there_is_named(plain):
    with pytest.raises(ValueError, match="cannot be had here"):
        framework.case(plain, "xpu")


def test_numbers_of_every_kind():
    assert framework.numpy(torch.tensor([1.5], dtype=torch.bfloat16, requires_grad=True)).tolist() == [1.5]
    assert framework.numpy(2).tolist() == 2.0
    assert framework.numpy(np.float32(0.5)).dtype == np.float64
    assert framework.numpy(np.arange(2)).tolist() == [0.0, 1.0]


def test_numbers_are_copies():
    tensor, array = torch.ones(2, dtype=torch.float64), np.ones(2)
    kept = framework.numpy(tensor), framework.numpy(array)
    tensor.zero_()
    array[:] = 0
    assert [part.tolist() for part in kept] == [[1.0, 1.0], [1.0, 1.0]]


@pytest.mark.parametrize("value", [None, "0.5", {"loss": 1.0}, object(), torch.tensor(1j), ["a"]])
def test_what_is_no_number_is_a_type_error(value):
    with pytest.raises(TypeError, match="an observable returned"):
        framework.numpy(value)


def test_gradients(plain, device):
    case = framework.case(plain, device)
    value = (case.theta**2).sum() + 3 * case.b
    in_theta, in_b, in_policy = framework.gradients(value, case, ("theta", "b", "policy_logits"))
    np.testing.assert_array_equal(in_theta, 2 * plain.theta)
    assert in_b == 3.0
    assert in_policy is None
    assert framework.gradients(value.reshape(1), case, ("b",))[0] == 3.0  # and the graph was kept
    assert framework.gradients(value.detach(), case, ("b",)) is None
    assert framework.gradients(1.0, case, ("b",)) is None
    with pytest.raises(ValueError, match="one number"):
        framework.gradients(case.theta * 2, case, ("theta",))
    with pytest.raises(TypeError, match="an observable returned None"):
        framework.gradients(None, case, ("theta",))


@pytest.mark.parametrize("setting", ["highest", "high", "medium"])
def test_arithmetic_is_full_for_the_duration_and_restored(setting):
    before = torch.get_float32_matmul_precision()
    torch.set_num_threads(2)  # the fixture that keeps every test on one thread restores what was before
    x = torch.linspace(0, 1, 4096).reshape(64, 64)
    truth = (x.double() @ x.double()).float()
    try:
        torch.set_float32_matmul_precision(setting)
        with framework.arithmetic():
            assert torch.get_num_threads() == 1
            torch.testing.assert_close(x @ x, truth, rtol=1e-5, atol=0)
        assert torch.get_float32_matmul_precision() == setting
        assert torch.get_num_threads() == 2
    finally:
        torch.set_float32_matmul_precision(before)


def test_code_compiled_ahead_of_time_is_differentiated(plain):
    case = framework.case(plain, "cpu")

    def loss(theta, b):
        logits = -(case.expert.features @ theta) - b
        return torch.nn.functional.softplus(-logits).mean()

    fields = ("theta", "b")
    # With sizes left open, as they are once they have changed, its backward gives buffers away.
    compiled = torch.compile(loss, backend="aot_eager", dynamic=True)
    found = framework.gradients(compiled(case.theta, case.b), case, fields)
    expected = framework.gradients(loss(case.theta, case.b), case, fields)
    for got, true in zip(found, expected, strict=True):
        np.testing.assert_allclose(got, true, rtol=1e-6)


def test_the_target_meets_the_protocol():
    assert isinstance(target, Implementation)
    expected = {
        "discriminator_logit", "discriminator_probability", "discriminator_loss", "generator_reward",
        "generator_loss", "policy_loss", "irl_loss", "log_partition", "log_q",
    }  # fmt: skip
    assert set(available_observables(target)) == expected


def test_the_targets_gradients_go_where_they_should(plain, device):
    case = framework.case(plain, device)
    fields = ("theta", "b", "policy_logits")
    reached = {
        name: tuple(
            gradient is not None
            for gradient in framework.gradients(getattr(target, name)(case), case, fields)
        )
        for name in ("discriminator_loss", "policy_loss", "irl_loss")
    }
    assert reached == {
        "discriminator_loss": (True, True, False),
        "policy_loss": (False, False, True),
        "irl_loss": (True, False, False),
    }
