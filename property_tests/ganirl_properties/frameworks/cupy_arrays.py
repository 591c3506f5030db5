"""CuPy, through array-api-compat: CUDA alone, and gradients by the adapter."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import array_api_compat
import array_api_compat.cupy as xp
import cupy

from .array_api import ArrayApiFramework


def _on_the_host(value: Any) -> Any:
    return array_api_compat.to_device(value, "cpu") if array_api_compat.is_cupy_array(value) else value


# Worst errors on an H100 with CuPy 14.2 in units of u, over millions of arguments: 2.9 in float64 and 3.3 in float32;
# CUDA documents one unit in the last place in float64 and two in float32, that is 2u and 4u.
framework = ArrayApiFramework(
    name="cupy",
    namespace=xp,
    kappas={"float64": 4.0, "float32": 8.0},
    library={"cupy": str(cupy.__version__), "array-api-compat": version("array-api-compat")},
    places={"cuda": cupy.cuda.Device(0)},
    host=_on_the_host,
)
