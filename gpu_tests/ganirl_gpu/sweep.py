"""Device × format × compilation: the built-in target against the reference, as worst error over bound.

``python -m ganirl_gpu.sweep --output DIR [--device cuda] [--compile]`` draws random batches with costs from
1e-3 to 1e3, compares every observable with `ganirl.truth`, checks every claim on the named instances, and writes
``sweep.json``. Its exit code is 1 if any error exceeds what is allowed.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ganirl import PRECISIONS, Case, Precision, Rows, Steps
from ganirl.batch import log_likelihood
from ganirl.bounds import FloatModel
from ganirl.enumeration import ENUMERATIONS
from ganirl.instances import INSTANCES
from ganirl.truth import SAFETY, SAFETY_ACCELERATOR, Expected, Truth

from .claims import TORCH_CHECKS, check_claim
from .framework import framework
from .target import target

Array = npt.NDArray[np.float64]

Worst = tuple[float, float, float]

COST_SCALES = tuple(10.0**power for power in range(-3, 4))
EXPERT_ROWS, GENERATOR_ROWS, HORIZON, STATES, ACTIONS, DIMENSION = 24, 40, 4, 3, 2, 3


@dataclass(frozen=True)
class Line:
    """The comparison of one observable that came nearest to what is allowed, or went farthest beyond.

    ``ratio`` is error / bound at that point and ``allowed`` the largest ratio that passes.
    """

    observable: str
    dtype: str
    device: str
    compiled: bool
    cases: int
    error: float
    bound: float
    ratio: float
    allowed: float

    @property
    def passed(self) -> bool:
        """Whether every comparison was within bounds; NaN is not."""
        return self.ratio <= self.allowed


@dataclass(frozen=True)
class Comparison:
    """An observable of the target, how to see it, and its truth."""

    name: str
    observe: Callable[[Any, Case], Array]
    truth: Callable[[Truth], Expected]


def _rows(name: str) -> Callable[[Any, Case], Array]:
    def observe(implementation: Any, case: Case) -> Array:
        sides = (case.expert, case.generator)
        return np.concatenate([framework.numpy(getattr(implementation, name)(case, side)) for side in sides])

    return observe


def _generator_rows(name: str) -> Callable[[Any, Case], Array]:
    return lambda implementation, case: framework.numpy(getattr(implementation, name)(case, case.generator))


def _value(name: str) -> Callable[[Any, Case], Array]:
    return lambda implementation, case: framework.numpy(getattr(implementation, name)(case))


def _gradient(name: str, field: str) -> Callable[[Any, Case], Array]:
    def observe(implementation: Any, case: Case) -> Array:
        found = framework.gradients(getattr(implementation, name)(case), case, (field,))
        if found is None or found[0] is None:
            raise RuntimeError(f"{name} does not depend on {field}")
        return found[0]

    return observe


def _policy_gradient(truth: Truth) -> Expected:
    """Return the truth without its allowance for a baseline, which the target has not."""
    expected, weight = truth.policy_gradient(truth.reward), truth.weights[1][truth.generator]
    baseline = np.max(np.abs(truth.reward.value)) + abs(float(truth.case.b))
    return Expected(
        expected.value, expected.bound - baseline * np.abs(np.tensordot(weight, truth.score, axes=1))
    )


COMPARISONS = (
    Comparison("log_q", _rows("log_q"), lambda truth: truth.log_likelihood),
    Comparison("discriminator_logit", _rows("discriminator_logit"), lambda truth: truth.logit),
    Comparison(
        "discriminator_probability", _rows("discriminator_probability"), lambda truth: truth.probability
    ),
    Comparison("discriminator_loss", _value("discriminator_loss"), lambda truth: truth.loss),
    Comparison("∂ L_D / ∂θ", _gradient("discriminator_loss", "theta"), lambda t: t.gradient_theta),
    Comparison("∂ L_D / ∂b", _gradient("discriminator_loss", "b"), lambda t: t.gradient_b),
    Comparison("generator_reward", _generator_rows("generator_reward"), lambda truth: truth.reward),
    Comparison("generator_loss", _value("generator_loss"), lambda truth: truth.generator_loss),
    Comparison(
        "∂ policy_loss / ∂ policy",
        _gradient("policy_loss", "policy_logits"),
        _policy_gradient,
    ),
    Comparison("∂ irl_loss / ∂θ", _gradient("irl_loss", "theta"), lambda truth: truth.surrogate_gradient),
)


def random_case(rng: np.random.Generator, precision: Precision, cost_scale: float) -> Case:
    """Return a batch of random trajectories with costs of a given size, rounded at its leaves to a format."""
    logits = precision.round(rng.normal(size=(STATES, ACTIONS)) * rng.choice([0.1, 1.0, 10.0]))
    table = rng.normal(size=(STATES, ACTIONS, DIMENSION))

    def side(count: int) -> Rows:
        mask = np.arange(HORIZON) < rng.integers(1, HORIZON + 1, size=(count, 1))
        state, action, following = (
            rng.integers(0, bound, size=(count, HORIZON)) * mask for bound in (STATES, ACTIONS, STATES)
        )
        done = mask & ~np.pad(mask, ((0, 0), (0, 1)))[:, 1:]
        features = precision.round(table[state, action]) * mask[..., None]
        weight = precision.round(rng.uniform(0.5, 1.5, size=count) / count)
        steps = Steps(state, action, following, done, mask, features)
        rows = Rows(precision.round(features.sum(axis=1)), np.zeros(count), weight, steps)
        return Rows(rows.features, precision.round(log_likelihood(logits, rows)), weight, steps)

    theta = precision.round(rng.normal(size=DIMENSION) * cost_scale)
    b = precision.round(rng.normal() * cost_scale)
    return Case(theta, b, logits, side(EXPERT_ROWS), side(GENERATOR_ROWS), precision.name, "trajectory")


class Compiled:
    """The target with every observable compiled by `torch.compile`."""

    def __init__(self, implementation: object) -> None:
        self._implementation = implementation
        self._compiled: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name not in self._compiled:
            self._compiled[name] = torch.compile(
                getattr(self._implementation, name), dynamic=False, fullgraph=True
            )
        return self._compiled[name]


def sweep(
    device: str, dtypes: tuple[str, ...], *, compiled: bool, cases: int, seed: int = 0
) -> Iterator[Line]:
    """Yield one line an observable and format: its worst ratio over ``cases`` batches of each size."""
    implementation: Any = Compiled(target) if compiled else target
    allowed = SAFETY if torch.device(device).type == "cpu" and not compiled else SAFETY_ACCELERATOR
    for dtype in dtypes:
        rng = np.random.default_rng(seed)
        model = FloatModel(PRECISIONS[dtype], framework.kappa(dtype, device))
        worst: dict[str, Worst] = {comparison.name: (0.0, 0.0, 0.0) for comparison in COMPARISONS}
        drawn = [random_case(rng, PRECISIONS[dtype], scale) for scale in COST_SCALES for _ in range(cases)]
        for case in drawn:
            truth = Truth(case, target.conventions, model)
            for comparison in COMPARISONS:
                with framework.arithmetic():
                    found = comparison.observe(implementation, framework.case(case, device))
                expected = comparison.truth(truth)
                worst[comparison.name] = _worse(worst[comparison.name], found, expected)
        for name, (error, bound, ratio) in worst.items():
            yield Line(name, dtype, device, compiled, len(drawn), error, bound, ratio, allowed)


def sweep_claims(
    device: str, dtypes: tuple[str, ...], claims: Iterable[str] = tuple(TORCH_CHECKS)
) -> Iterator[Line]:
    """Yield one line a claim and format: its check on the instance that it is worked on, and on the generic one."""
    for dtype in dtypes:
        for claim in claims:
            if dtype not in TORCH_CHECKS[claim].dtypes:
                continue
            enumeration = ENUMERATIONS.get(claim)
            names = dict.fromkeys(("generic", enumeration.worked_on if enumeration else "generic"))
            for name in names:
                instance = INSTANCES[name]()
                if enumeration is not None and enumeration.unsuited(instance.problem, instance.mdp):
                    continue
                found = check_claim(claim, instance, dtype=dtype, device=device)
                ratio = found.error / found.tolerance if found.tolerance else float(found.error > 0.0)
                label = f"{claim}, {name}"
                yield Line(label, dtype, device, False, 1, found.error, found.tolerance, ratio, 1.0)


def _worse(
    before: tuple[float, float, float], found: Array, expected: Expected
) -> tuple[float, float, float]:
    """Return (error, bound, ratio) of the worse of what was before and this comparison; NaN is the worst."""
    error = np.abs(found - expected.value).ravel()
    bound = np.broadcast_to(expected.bound, np.shape(found)).ravel()
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(error == 0.0, 0.0, error / bound)
    worst = int(np.argmax(np.where(np.isnan(ratio), math.inf, ratio)))
    if ratio[worst] <= before[2] or math.isnan(before[2]):
        return before
    return float(error[worst]), float(bound[worst]), float(ratio[worst])


def main(arguments: list[str] | None = None) -> int:
    """Run the sweep from a command line; see the module."""
    parser = argparse.ArgumentParser(prog="python -m ganirl_gpu.sweep", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="a folder, made if need be")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument(
        "--dtype", default=",".join(framework.precisions()), help="formats, separated by commas"
    )
    parser.add_argument("--compile", action="store_true", help="compile every observable, too")
    parser.add_argument("--cases", type=int, default=20, help="batches for each of the seven sizes of cost")
    options = parser.parse_args(arguments)
    dtypes = tuple(options.dtype.split(","))
    if torch.device(options.device).type not in framework.devices():
        parser.error(
            f"device {options.device!r} cannot be had here; there are {', '.join(framework.devices())}"
        )
    if unknown := [dtype for dtype in dtypes if dtype not in framework.precisions()]:
        parser.error(f"unknown dtype {unknown[0]!r}; there are {', '.join(framework.precisions())}")

    modes = (False, True) if options.compile else (False,)
    swept = (sweep(options.device, dtypes, compiled=mode, cases=options.cases) for mode in modes)
    lines = []
    for line in chain(*swept, sweep_claims(options.device, dtypes)):
        mode = "compiled" if line.compiled else "eager"
        verdict = "" if line.passed else "  FAILS"
        print(
            f"{line.device:6} {line.dtype:9} {mode:9} {line.observable:28} {line.ratio:9.3g}{verdict}",
            flush=True,
        )
        lines.append(line)
    failed = sum(not line.passed for line in lines)
    print(f"{len(lines)} lines = {len(lines) - failed} within bounds + {failed} beyond")

    options.output.mkdir(parents=True, exist_ok=True)
    versions = {"date": datetime.now(UTC).date().isoformat(), **framework.versions()}
    record = {"versions": versions, "lines": [_plain(line) for line in lines]}
    (options.output / "sweep.json").write_text(
        json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8"
    )
    return 1 if failed else 0


def _plain(line: Line) -> dict[str, Any]:
    """Return a line as JSON data; numbers that are not finite become strings."""
    fields = asdict(line) | {"passed": line.passed}
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in fields.items()
    }


if __name__ == "__main__":
    sys.exit(main())
