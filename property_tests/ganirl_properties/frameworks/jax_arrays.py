"""JAX: 64 bits switched on while cases are computed, and losses differentiated by `jax.grad`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.metadata import version
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from ganirl import Case
from ganirl.lanes import of_arrays

from .array_api import ArrayApiFramework

Array = npt.NDArray[np.float64]

# Worst errors in units of u over millions of arguments, jit and not, jaxlib 0.10.2 on x86-64: float32 6.7 (expm1), 4.8
# (tanh), 4.0 (softplus); every bfloat16 number, 2.2 (sigmoid); float64 6.9 (tanh), 5.3 (expm1), 3.6 (softplus), but
# 241 for log1p between −0.4143 and −0.40, where XLA's polynomial ends: code that takes log(1 − D) by it is sound, too.
KAPPAS = {"float64": 256.0, "float32": 8.0, "bfloat16": 3.0}
# The same on an H100 with JAX 0.11.2: float64 2.9 (softplus), log1p 2.6; float32 5.2 (tanh); bfloat16 2.2 (sigmoid).
KAPPAS_ON_CUDA = {"float64": 4.0, "float32": 8.0, "bfloat16": 3.0}

SHAPES_KEPT = 64


# Before JAX 0.8 it is an experiment.
_enable_x64: Any = (jax if hasattr(jax, "enable_x64") else import_module("jax.experimental")).enable_x64


@contextmanager
def _full_precision() -> Iterator[None]:
    """64 bits, which JAX leaves off, and no TF32 or bfloat16 in float32 products."""
    with _enable_x64(True), jax.default_matmul_precision("highest"):
        yield


def _places() -> dict[str, Any]:
    places = {"cpu": jax.devices("cpu")[0]}
    with suppress(RuntimeError):  # there is none, or this jaxlib was not built for it
        places["cuda"] = jax.devices("cuda")[0]
    return places


@dataclass(frozen=True)
class JaxFramework(ArrayApiFramework):
    """JAX, whose arrays carry no graph: what it differentiates is the adapter's function.

    It compiles each operation for each shape, some 14 MB a case: what was compiled is let go now and then.
    """

    shapes: set[tuple[Any, ...]] = field(default_factory=set)

    def kappa(self, precision_name: str, device: str) -> float:
        """κ, as measured on either device."""
        return (KAPPAS_ON_CUDA if device == "cuda" else KAPPAS)[precision_name]

    def case(self, case: Case, device: str) -> Case:
        """Return the case as JAX's arrays; see `ArrayApiFramework.case`."""
        sides = tuple(rows.steps.features.shape for rows in (case.expert, case.generator))
        self.shapes.add((case.precision_name, device, *sides))
        if len(self.shapes) > SHAPES_KEPT:
            self.shapes.clear()
            jax.clear_caches()
        return super().case(case, device)

    def over_lanes(self, function: Callable[[Case], Any], case: Case) -> Any:
        """Return what a function gives for each lane, by `jax.vmap`."""
        of_one, arrays = of_arrays(function, case)
        with self.context():
            return jax.vmap(of_one)(*arrays)

    def differentiated(
        self, function: Callable[[Case], Any], case: Case, wrt: tuple[str, ...]
    ) -> tuple[Any, tuple[Array, ...] | None]:
        """Return a loss and its gradients, by tracing the adapter; None in their place if it leaves JAX on its way.

        The loss is None only if the function returns that.
        """

        def loss(fields: dict[str, Any]) -> tuple[Any, Any]:
            value = function(replace(case, **fields))
            try:
                traced = jnp.asarray(value)
            except (TypeError, ValueError):  # None, or a number beside other things
                raise _NotOneNumberError from None
            if traced.size != 1:
                raise _NotOneNumberError
            return traced.reshape(()), value

        with self.context():
            try:
                gradients, value = jax.grad(loss, has_aux=True)({name: getattr(case, name) for name in wrt})
            except Exception as failure:
                if not _leaves_jax(failure):
                    raise
                return function(case), None
        return value, tuple(self.numpy(gradients[name]) for name in wrt)


class _NotOneNumberError(Exception):
    pass


def _leaves_jax(failure: BaseException) -> bool:
    """Whether a function turned its input into plain numbers, as float() and NumPy do, or gave no number to derive."""
    causes = (failure, failure.__cause__)
    return any(isinstance(each, (jax.errors.JAXTypeError, _NotOneNumberError)) for each in causes)


framework = JaxFramework(
    name="jax",
    namespace=jnp,
    kappas=KAPPAS,
    library={"jax": version("jax"), "jaxlib": version("jaxlib")},
    places=_places(),
    context=_full_precision,
)
