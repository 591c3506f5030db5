"""Every test that takes ``device`` runs on the CPU, and on CUDA where there is one; the skip says why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from ganirl_gpu.framework import framework

NEEDS_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")


@pytest.fixture(autouse=True)
def _arithmetic() -> Iterator[None]:
    with framework.arithmetic():
        yield


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=NEEDS_CUDA)])
def device(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(params=["float64", "float32", "bfloat16"])
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    found: torch.dtype = getattr(torch, request.param)
    return found
