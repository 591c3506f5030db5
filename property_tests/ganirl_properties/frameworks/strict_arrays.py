"""array-api-strict: the standard and nothing beyond it, to show that code keeps to it; computed by NumPy."""

from __future__ import annotations

from importlib.metadata import version

import array_api_strict
import numpy as np

from ganirl.framework import NUMPY

from .array_api import ArrayApiFramework

framework = ArrayApiFramework(
    name="array-api-strict",
    namespace=array_api_strict,
    kappas={name: NUMPY.kappa(name, "cpu") for name in NUMPY.precisions()},
    library={"array-api-strict": version("array-api-strict"), "numpy": np.__version__},
)
