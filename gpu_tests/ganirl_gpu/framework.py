"""The seam by which the search hands its cases to PyTorch code and gets numbers and gradients back."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ganirl import Case, Rows, Steps
from ganirl.lanes import of_arrays

Array = npt.NDArray[np.float64]

DTYPES = {"float64": torch.float64, "float32": torch.float32, "bfloat16": torch.bfloat16}


class TorchFramework:
    """PyTorch on the CPU and on CUDA."""

    name = "torch"

    def kappa(self, precision_name: str, device: str) -> float:
        """κ = 3 on the CPU and 4 on CUDA; a bfloat16 result is a float32 one, rounded (κ = 2)."""
        if precision_name == "bfloat16":
            return 2.0
        return 3.0 if torch.device(device).type == "cpu" else 4.0

    def precisions(self) -> tuple[str, ...]:
        """Names of the formats under test."""
        return tuple(DTYPES)

    def devices(self) -> tuple[str, ...]:
        """Names of the devices that this machine has."""
        return ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)

    def versions(self) -> dict[str, str]:
        """PyTorch's version, and the accelerator with its CUDA version where there is one."""
        found = {"torch": str(torch.__version__), "python": platform.python_version()}
        if torch.cuda.is_available():
            found |= {"cuda": str(torch.version.cuda), "device": torch.cuda.get_device_name()}
        return found

    def case(self, case: Case, device: str) -> Case:
        """Return the case as tensors of its own format on a device.

        θ, b and the policy logits are leaves that require gradients; no row does.

        Raises
        ------
        ValueError
            If the device cannot be had, or PyTorch has no such format.
        """
        kind = torch.device(device).type
        if kind not in self.devices():
            raise ValueError(f"device {device!r} cannot be had here; there are {', '.join(self.devices())}")
        if case.precision_name not in DTYPES:
            raise ValueError(
                f"PyTorch is not tested in {case.precision_name}; choose one of {', '.join(DTYPES)}"
            )
        dtype = DTYPES[case.precision_name]

        def number(values: Any) -> torch.Tensor:
            return torch.tensor(np.asarray(values, dtype=np.float64), dtype=dtype, device=device)

        def whole(values: Any, kind: torch.dtype = torch.long) -> torch.Tensor:
            return torch.tensor(np.asarray(values), dtype=kind, device=device)

        def rows(side: Rows) -> Rows:
            steps = Steps(
                state=whole(side.steps.state),
                action=whole(side.steps.action),
                next_state=whole(side.steps.next_state),
                done=whole(side.steps.done, torch.bool),
                mask=whole(side.steps.mask, torch.bool),
                features=number(side.steps.features),
            )
            return Rows(number(side.features), number(side.log_q), number(side.weight), steps)

        return replace(
            case,
            theta=number(case.theta).requires_grad_(),
            b=number(case.b).requires_grad_(),
            policy_logits=number(case.policy_logits).requires_grad_(),
            expert=rows(case.expert),
            generator=rows(case.generator),
            process=None if case.process is None else case.process.converted(number),
        )

    def over_lanes(self, function: Callable[[Case], Any], case: Case) -> Any:
        """Return what a function gives for each lane, by `torch.vmap`; its gradients arrive in the case's leaves."""
        of_one, arrays = of_arrays(function, case)
        return torch.vmap(of_one)(*arrays)

    def numpy(self, value: Any) -> Array:
        """Return a tensor, array or number as a float64 NumPy array of its own, detached and on the host.

        Raises
        ------
        TypeError
            If it is neither, or not of real numbers.
        """
        if isinstance(value, torch.Tensor):
            if value.is_complex():
                raise TypeError("an observable returned complex numbers; real ones are needed")
            # A copy: code under test may write into its tensors later, as zero_grad does.
            return value.detach().to(device="cpu", dtype=torch.float64).numpy().copy()
        if isinstance(value, (bool, int, float, np.ndarray, np.generic, list, tuple)):
            try:
                return np.array(value, dtype=np.float64)
            except (TypeError, ValueError) as failure:
                raise TypeError(
                    f"an observable returned a {type(value).__name__} that holds no numbers"
                ) from failure
        raise TypeError(f"an observable returned {_called(value)}; a torch.Tensor of numbers is needed")

    def gradients(self, value: Any, case: Case, wrt: tuple[str, ...]) -> tuple[Array | None, ...] | None:
        """Differentiate a scalar in fields of the case: ``"theta"``, ``"b"``, ``"policy_logits"``.

        An entry is None where the value does not depend on that field. The result is None where the value
        carries no graph: a detached tensor, a number or a NumPy array. The graph is kept, so that one value may be
        differentiated again, but where code was compiled to use it up.

        Raises
        ------
        TypeError
            If the value is no number of any kind.
        ValueError
            If it is a tensor of more than one element.
        """
        if not isinstance(value, torch.Tensor):
            self.numpy(value)
            return None
        if value.numel() != 1:
            raise ValueError(f"a loss must be one number, not a tensor of shape {tuple(value.shape)}")
        if not value.requires_grad:
            return None
        fields = [getattr(case, name) for name in wrt]
        with self.arithmetic():
            found = _gradients(value.reshape(()), fields)
        return tuple(None if gradient is None else self.numpy(gradient) for gradient in found)

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        """Compute as cases are to be computed; wrap the calls of the implementation under test in this.

        float32 matrices are multiplied in float32, without TF32 on CUDA or bfloat16 on the CPU (TF32 costs
        were off by up to 0.17 nats), and on one thread: on a dozen rows, threads that waited for a busy core
        made ``log_softmax`` 8000 times slower. The process's own settings are restored on leaving.
        """
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with _full_precision():
                yield
        finally:
            torch.set_num_threads(threads)


def _gradients(value: torch.Tensor, fields: list[Any]) -> tuple[torch.Tensor | None, ...]:
    try:
        return torch.autograd.grad(value, fields, retain_graph=True, allow_unused=True)
    except RuntimeError as refusal:
        # A compiled backward that gives its buffers away refuses before it has run.
        if "donated buffer" not in str(refusal):
            raise
    return torch.autograd.grad(value, fields, allow_unused=True)


@contextmanager
def _full_precision() -> Iterator[None]:
    """No TF32 and no bfloat16 in float32 products."""
    switches: list[Any] = [torch.backends.cuda.matmul, torch.backends.mkldnn]
    if not hasattr(switches[0], "fp32_precision"):  # before PyTorch 2.9 there is one switch for both
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)
        return
    switches[1] = switches[1].matmul
    # Only what is reduced is touched: PyTorch refuses to read its older switches once a newer one is set.
    reduced = [(switch, switch.fp32_precision) for switch in switches]
    reduced = [(switch, setting) for switch, setting in reduced if setting in {"tf32", "bf16"}]
    for switch, _ in reduced:
        switch.fp32_precision = "ieee"
    try:
        yield
    finally:
        for switch, setting in reduced:
            switch.fp32_precision = setting


def _called(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


framework = TorchFramework()
