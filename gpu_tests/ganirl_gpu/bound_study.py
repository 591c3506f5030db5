"""How near sound code comes to the error bounds: error / bound over thousands of problems, format by format.

A ratio above 1 is a bound that is wrong. Worst ratios far below 1 everywhere are a bound that is slack: code could
be wrong by that much more than rounding explains and not be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ganirl import PRECISIONS, Case, Conventions, Implementation, bounds
from ganirl.bounds import FloatModel
from ganirl.certified import CertifiedTruth, UndecidedError, enclose_optimum, middles, reference_values
from ganirl.certified.ball import balls
from ganirl.framework import NUMPY, Framework
from ganirl.optimum import optimal_b
from ganirl.precision import FLOAT64, Precision
from ganirl.truth import Truth
from ganirl_properties.cases import Setting, at_optimum, case_from_bytes, generic_bytes
from ganirl_properties.observed import NotObservedError, Observed, Side
from ganirl_properties.targets.numpy_objectives import target as numpy_target
from ganirl_symbolic.intervals import certifier

from .bound_forms import EXPERIMENTS, KAPPA, Experiment
from .bound_problems import HAS_EXTENDED, Array, draw, extended, floats
from .framework import framework as torch_framework
from .target import target as torch_target

# done, of how many, what
Progress = Callable[[int, int, str], None]

SLACKEST = 1e-3
REFERENCE = "reference"
FORMATS = ("float64", "float32", "bfloat16")
SCALES = (0.01, 0.3, 2.0, 20.0, 200.0)
# (rows, terms of a cost, problems): a bound of n terms needs n·u < 1, which is 256 of them in bfloat16
SIZES = {
    "float64": ((2, 1, 40), (3, 3, 40), (8, 24, 40), (4, 384, 20), (64, 3, 20), (257, 3, 12), (1024, 3, 8)),
    "float32": ((2, 1, 40), (3, 3, 40), (8, 24, 40), (4, 384, 20), (64, 3, 20), (257, 3, 12), (1024, 3, 8)),
    "bfloat16": ((2, 1, 50), (3, 3, 50), (8, 24, 40), (4, 128, 20), (64, 3, 20)),
}


@dataclass
class Ratios:
    """Error / bound of one bound in one format.

    Attributes
    ----------
    bound, dtype : which
    quantity : what is computed, in LaTeX
    values : one a problem and form, the worst of its components
    worst_form : library and form that came nearest
    problems : different problems that were tried
    """

    bound: str
    dtype: str
    quantity: str
    values: list[float] = field(default_factory=list, repr=False)
    worst_form: str = ""
    problems: int = 0

    @property
    def worst(self) -> float:
        """The largest; NaN if there is one."""
        return float(np.max(self.values)) if self.values else 0.0

    @property
    def typical(self) -> float:
        """The median."""
        return float(self.quantiles((0.5,))[0])

    def quantiles(self, of: Sequence[float]) -> Array:
        """Ratios that so much of all lie below; those that occurred, as one may be infinite."""
        return np.quantile(self.values or [0.0], of, method="nearest")

    @property
    def holds(self) -> bool:
        """Whether no sound code exceeds the bound."""
        return self.worst <= 1.0

    @property
    def sharp(self) -> bool:
        """Whether some sound code comes within a factor of 1000."""
        return self.worst >= SLACKEST

    def add(self, ratios: Array, form: str) -> None:
        """Count ratios of a form, (B,)."""
        if not self.values or float(np.max(ratios)) > self.worst:
            self.worst_form = form
        self.values.extend(ratios.tolist())


def study_bounds(
    *, seed: int = 0, effort: float = 1.0, formats: Sequence[str] = FORMATS, progress: Progress | None = None
) -> tuple[Ratios, ...]:
    """Try every bound in every format.

    Parameters
    ----------
    seed : the same seed draws the same problems
    effort : 1 for thousands of problems a format; less for a glance
    formats : names
    progress : told what is being done
    """
    steps = list(_steps(seed, effort, formats))
    found: list[Ratios] = []
    with torch_framework.arithmetic(), np.errstate(all="ignore"):
        for done, (what, run) in enumerate(steps, 1):
            found.extend(run())
            if progress is not None:
                progress(done, len(steps), what)
    return tuple(found)


def _steps(
    seed: int, effort: float, formats: Sequence[str]
) -> Iterator[tuple[str, Callable[[], Sequence[Ratios]]]]:
    for name in formats:
        if name != "float64" or HAS_EXTENDED:
            for experiment in EXPERIMENTS:
                yield f"{experiment.bound} {name}", _try(experiment, PRECISIONS[name], seed, effort)
        yield f"observables {name}", partial(observables, PRECISIONS[name], seed, effort)
    yield "T10", partial(matrix_products, seed, effort)
    if "float64" in formats:
        yield "b*", partial(certificates, seed, effort)


def _count(problems: int, effort: float) -> int:
    return max(2, round(problems * effort))


def _try(
    experiment: Experiment, precision: Precision, seed: int, effort: float
) -> Callable[[], Sequence[Ratios]]:
    def run() -> Sequence[Ratios]:
        ratios = Ratios(experiment.bound, precision.name, experiment.quantity)
        rng = np.random.default_rng([seed, len(precision.name)])
        models = {library: FloatModel(precision, kappa(precision.name)) for library, kappa in KAPPA.items()}
        for rows_of, terms, problems in SIZES[precision.name]:
            for scale in SCALES:
                rows = draw(rng, precision, _count(problems, effort), rows_of, terms, scale)
                truth = experiment.truth(rows)
                allowed: dict[str, Array] = {}
                for library, form, got in experiment.forms(rows):
                    if library not in allowed:
                        allowed[library] = experiment.error(models[library], rows)
                    ratio = floats(np.abs(extended(got) - truth)) / np.broadcast_to(
                        allowed[library], got.shape
                    )
                    ratios.add(_worst_component(ratio), f"{library}: {form}")
                ratios.problems += rows.problems
        return (ratios,)

    return run


def _worst_component(ratio: Array) -> Array:
    """(B,) of (B, …); 0/0 is a number without error, and NaN is worse than any."""
    known = np.where(np.isnan(ratio), np.inf, ratio)
    return np.asarray(known.reshape(len(known), -1).max(axis=1))


# --- observables of cases, through the bounds that verdicts are given by --------------------------------------

_SETTINGS: tuple[Setting, ...] = ("batch", "optimum", "population")
_PER_SETTING = 40


def observables(precision: Precision, seed: int, effort: float) -> tuple[Ratios, ...]:
    """Error / bound of everything that a verdict compares, for the built-in targets on drawn cases."""
    found: dict[str, Ratios] = {}
    targets: list[tuple[Implementation, Framework]] = [(torch_target, torch_framework)]
    if precision.name in NUMPY.precisions():
        targets.append((numpy_target, NUMPY))
    for implementation, framework in targets:
        model = FloatModel(precision, framework.kappa(precision.name, "cpu"))
        for case in _cases(precision, implementation.conventions, seed, _count(_PER_SETTING, effort)):
            truth = Truth(case, implementation.conventions, model)
            observed = Observed(implementation, framework, case, "cpu")
            for name, ratio in _case_ratios(observed, truth):
                key = found.setdefault(name, Ratios(name, precision.name, _QUANTITIES[name]))
                key.add(np.array([ratio]), f"{implementation.name}: {_MADE_BY.get(name, 'target')}")
                key.problems += 1
    return tuple(found.values())


def _cases(precision: Precision, conventions: Conventions, seed: int, count: int) -> Iterator[Case]:
    for index, setting in enumerate(_SETTINGS):
        rng = np.random.default_rng([seed, index])
        for data in islice(generic_bytes(rng, setting, FLOAT64, conventions), count):
            case = case_from_bytes(data, setting, precision, conventions)
            if setting == "optimum":
                optimum = Truth(case, conventions, FloatModel(precision, 3.0)).optimum
                case = at_optimum(case, optimum.b, conventions)
            yield case


_QUANTITIES = {
    "A4 logit": r"\ell",
    "A4 probability": r"D",
    "A4 log q": r"\sum_t\log\pi",
    "B1": r"L_D",
    "B2": r"\partial_b L_D",
    "B4": r"\log E_\mu[e^{-c}/\tilde\mu]",
    "C1": r"\partial_\theta L_D",
    "C2, C3": r"\partial_\theta L_{cost}^{\tilde\mu}",
    "E1 reward": r"r = \ell",
    "E1": r"L_G",
    "E3": r"E_q[s(-r)]",
    REFERENCE: r"\text{every reference value, float64}",
}
_MADE_BY = {REFERENCE: "the reference"}
# Bounds of what verdicts compare; the others are those of single formulas.
OBSERVABLES = tuple(_QUANTITIES)


def _asked(observed: Observed) -> dict[str, tuple[Callable[[], Any], str]]:
    """What is asked of a target, and the name of the truth about it."""

    def both(ask: Callable[[Side], Array]) -> Callable[[], Array]:
        return lambda: np.concatenate([ask("expert"), ask("generator")])

    return {
        "A4 logit": (both(observed.logit), "logit"),
        "A4 probability": (both(observed.probability), "probability"),
        "A4 log q": (both(observed.log_q), "log_likelihood"),
        "B1": (observed.loss, "loss"),
        "B2": (observed.gradient_b, "gradient_b"),
        "B4": (observed.log_partition, "log_partition"),
        "C1": (observed.gradient_theta, "gradient_theta"),
        "C2, C3": (observed.irl_gradient, "surrogate_gradient"),
        "E1 reward": (observed.reward, "reward"),
        "E1": (observed.generator_loss, "generator_loss"),
        "E3": (observed.generator_gradient, "policy_gradient"),
    }


def _case_ratios(observed: Observed, truth: Truth) -> Iterator[tuple[str, float]]:
    backend = certifier().backend(128)
    with backend.working():
        claimed, exact = reference_values(truth), reference_values(CertifiedTruth.of(truth, backend))
        for name, (take, of) in _asked(observed).items():
            try:
                got = np.asarray(take(), dtype=np.float64)
            except NotObservedError:
                continue
            # The reference's own part of the bound is left out: the truth here is exact.
            allowed = claimed[of].bound - np.asarray(claimed[of].reference)
            yield name, _worst_ratio(got, exact[of].value, allowed)
        yield (
            REFERENCE,
            max(_worst_ratio(claimed[of].value, exact[of].value, claimed[of].reference) for of in claimed),
        )


def _worst_ratio(got: Array, exact: Any, allowed: npt.ArrayLike) -> float:
    error = middles(np.abs(got - np.asarray(exact, dtype=object)))
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.max(np.where(error == 0.0, 0.0, error / np.asarray(allowed))))


# --- matrix units -------------------------------------------------------------------------------------------


def _tf32(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Round to 11 significant bits, ties to even."""
    bits = values.view(np.uint32)
    last = (bits >> np.uint32(13)) & np.uint32(1)
    return ((bits + np.uint32(0xFFF) + last) & np.uint32(0xFFFFE000)).view(np.float32)


def _cut(values: npt.NDArray[np.float32], kept: int) -> npt.NDArray[np.float32]:
    """Cut off all but so many significant bits."""
    mask = np.uint32(0xFFFFFFFF) << np.uint32(24 - kept)
    return (values.view(np.uint32) & mask).view(np.float32)


def matrix_products(seed: int, effort: float) -> tuple[Ratios, ...]:
    """T10 with the inputs of matrix units emulated: rounded to TF32 or bfloat16, or cut off; sums in float32."""
    quantity = r"c = \sum\varphi\theta"
    rounded, cut = Ratios("T10", "tf32", quantity), Ratios("T10 cut off", "tf32", quantity)
    halved, stored = Ratios("T10", "bfloat16", quantity), Ratios("T10 stored", "bfloat16", quantity)
    rng = np.random.default_rng([seed, 10])
    for terms in (1, 3, 16, 128, 512):
        for scale in SCALES:
            size = (_count(60, effort), terms)
            phi = rng.normal(size=size).astype(np.float32)
            theta = (rng.normal(size=size) * scale).astype(np.float32)
            truth = (extended(phi) * extended(theta)).sum(axis=1)
            magnitude = floats(np.abs(extended(phi) * extended(theta)).sum(axis=1))
            value = floats(truth)
            low = [torch.tensor(each).bfloat16() for each in (phi, theta)]
            products = (low[0].float() * low[1].float()).numpy()
            for ratios, inputs, terms_of, truncated, output in (
                (rounded, "tf32", _tf32(phi) * _tf32(theta), False, "float32"),
                (cut, "tf32", _cut(phi, 11) * _cut(theta, 11), True, "float32"),
                (halved, "bfloat16", products, False, "float32"),
                (stored, "bfloat16", products, False, "bfloat16"),
            ):
                allowed = bounds.matrix_product(
                    magnitude, value, terms, inputs, truncated=truncated, output=output
                )
                for form, got in (
                    ("one by one", np.cumsum(terms_of, axis=1, dtype=np.float32)[:, -1]),
                    ("in pairs", terms_of.sum(axis=1, dtype=np.float32)),
                ):
                    held = PRECISIONS["bfloat16"].round(got) if output == "bfloat16" else got
                    error = floats(np.abs(extended(held) - truth))
                    ratios.add(error / allowed, f"emulated: {form}")
                ratios.problems += size[0]
    return rounded, cut, halved, stored


# --- the certificate of b* ----------------------------------------------------------------------------------


def certificates(seed: int, effort: float) -> tuple[Ratios, ...]:
    """|b̂ − b*| / radius of `optimal_b`, against intervals; separated and overlapping sides, |c| up to 300."""
    ratios = Ratios("b*", "float64", r"b^* = \arg\min_b L_D")
    rng = np.random.default_rng([seed, 65])
    for index in range(_count(300, effort)):
        rows = int(rng.integers(2, 12))
        scale = float(rng.choice(SCALES))
        c, log_q = rng.normal(size=rows) * scale, -np.abs(rng.normal(size=rows)) * scale
        counts = rng.integers(1, 9, size=rows).astype(np.float64)
        experts = max(1, rows // 2)
        if index % 3:  # sides apart by several times their spread, either way round
            c[:experts] += scale * (4.0 if index % 3 == 1 else -4.0)
        is_expert = np.arange(rows) < experts
        w_p = np.where(is_expert, counts, 0.0) / counts[:experts].sum()
        w_q = np.where(is_expert, 0.0, counts) / counts[experts:].sum()
        optimum = optimal_b(w_p, w_q, c, log_q, weight_error=FLOAT64.unit_roundoff)
        far = np.inf
        for backend in certifier().precisions():
            with backend.working():
                # b* − b̂ itself is enclosed: near zero floats are finer than near b*.
                a = -(balls(backend, c) + balls(backend, log_q)) - optimum.b
                held = balls(backend, counts)
                shares = held[:experts] / sum(held[:experts]), held[experts:] / sum(held[experts:])
                try:
                    low, high = enclose_optimum(
                        a[:experts], a[experts:], *shares, backend, guess=0.0, radius=optimum.radius
                    )
                except UndecidedError:
                    continue
            if high - low <= 1e-3 * optimum.radius:
                far = max(abs(low), abs(high))
                break
        if np.isfinite(optimum.radius) and np.isfinite(far):
            ratios.add(np.array([far / optimum.radius]), "optimal_b")
            ratios.problems += 1
    return (ratios,)


__all__ = [
    "FORMATS",
    "OBSERVABLES",
    "SLACKEST",
    "Ratios",
    "certificates",
    "matrix_products",
    "observables",
    "study_bounds",
]
