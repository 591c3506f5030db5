"""Cases from bytes: the same decoder serves the fast seeded search and hypothesis, which shrinks the bytes.

A byte is a choice: zero is the simplest one, and what lies beyond the end of the bytes is zero, so that fewer and
smaller bytes are a smaller case. Values are dyadic, exact in every format, unless the case's *texture* byte gives
them full mantissas; the search always does (MATH section 9: dyadic numbers would hide a lost digit).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from ganirl import Case, Conventions, Precision, Rows
from ganirl.lanes import applied, side_by_side

from .batch_cases import KINDS, batch_case
from .choices import Choices, LaneChoices
from .population_cases import matched_case, population_case
from .process_cases import broken_rules_of_process, process_case

Array = npt.NDArray[np.float64]

Setting = Literal["batch", "optimum", "population", "converged", "matched", "process"]
SETTINGS: tuple[Setting, ...] = ("batch", "optimum", "population", "converged", "matched", "process")

# What the largest case reads; a byte costs next to nothing, and one that is not read costs nothing more.
BYTES_PER_CASE = 1536


def case_from_bytes(data: bytes, setting: Setting, precision: Precision, conventions: Conventions) -> Case:
    """Decode bytes into a case arranged for a setting, rounded at its leaves to a format.

    Parameters
    ----------
    data : any bytes, any length
    setting : ``"batch"``: rows and weights unrelated to q (tier 1); ``"optimum"`` is decoded alike, and its b is set
        to b* by `at_optimum`; ``"population"``: the generator's rows are all of q, by weights or by multiplicity
        (tier 2); ``"converged"``: a population with q = p_θ and b = log Z_θ + 2√u (claim C5); ``"matched"``:
        populations on both sides, with e^{−c−b} the data's density and another one the generator's (claim A7);
        ``"process"``: for tabular code
    """
    return _decoded(Choices(data), setting, precision, conventions)


def lanes_from_bytes(
    lanes: npt.NDArray[np.uint8], setting: Setting, precision: Precision, conventions: Conventions
) -> Case:
    """Decode many batches of one shape side by side, (L, K) bytes; each lane is what `case_from_bytes` makes of it.

    But for the last digit of sums, which are added up in another order: of log q, and of a b that is made from it.
    Bytes on which the shape depends are those of the first lane, and are written into the others.

    Raises
    ------
    ValueError
        For a setting other than ``"batch"`` and ``"optimum"``.
    """
    if setting not in ("batch", "optimum"):
        raise ValueError(f'cases of the setting "{setting}" are decoded one at a time')
    return side_by_side(_decoded(LaneChoices(lanes), setting, precision, conventions))


def bytes_read(data: bytes, setting: Setting, precision: Precision, conventions: Conventions) -> bytes:
    """Return the bytes without the rest that nothing of their case depends on."""
    choices = Choices(data)
    _decoded(choices, setting, precision, conventions)
    return data[: choices.position]


def _decoded(choices: Choices, setting: Setting, precision: Precision, conventions: Conventions) -> Case:
    if setting == "process":
        return process_case(choices, precision, conventions)
    if setting == "matched":
        case = matched_case(choices, precision, conventions)
    elif setting in ("population", "converged"):
        case = population_case(choices, precision, conventions, converged=setting == "converged")
    else:
        case = batch_case(choices, precision, conventions, far=setting == "batch")
    return absorb_b(case) if conventions.log_z == "absent" else case


def at_optimum(case: Case, b: float | Array, conventions: Conventions) -> Case:
    """Return the case with log Z replaced by b*, rounded to its format."""
    if conventions.log_z == "absent":
        return replace(
            case, theta=with_parameter(case.theta[..., :-1], case.precision.round(case.theta[..., -1] + b))
        )
    return replace(case, b=case.precision.round(b))


def with_constant_feature(case: Case, value: npt.ArrayLike) -> Case:
    """Return the case with one more feature, 1 on every row, whose parameter is ``value``."""

    def side(rows: Rows) -> Rows:
        first = np.zeros((*rows.steps.mask.shape, 1))
        first[..., 0, :] = 1.0
        steps = replace(rows.steps, features=np.concatenate([rows.steps.features, first], axis=-1))
        ones = np.ones((*rows.log_q.shape, 1))
        return replace(rows, features=np.concatenate([rows.features, ones], axis=-1), steps=steps)

    return replace(
        case,
        theta=with_parameter(case.theta, value),
        expert=side(case.expert),
        generator=side(case.generator),
    )


def with_parameter(theta: Array, value: npt.ArrayLike) -> Array:
    """Return θ with one more parameter, (d + 1,); the same one for all lanes, or one for each."""
    last = np.broadcast_to(np.asarray(value, dtype=np.float64)[..., None], (*theta.shape[:-1], 1))
    return np.concatenate([theta, last], axis=-1)


def absorb_b(case: Case) -> Case:
    """Return the case for code that has no log Z: b = 0, and a constant feature with b as its parameter."""
    return replace(with_constant_feature(case, case.b), b=np.zeros_like(case.b))


def broken_rules(case: Case) -> tuple[str, ...]:
    """Return the rules of a generic instance (MATH section 9) that a case breaks; the search draws none of those."""
    return tuple(rule for rule, broken in _rules(case).items() if broken.any())


def generic(case: Case) -> npt.NDArray[np.bool_]:
    """Return which lanes of a case break no rule of a generic instance, (L,); () of one case."""
    broken: npt.NDArray[np.bool_] = np.any(list(_rules(case).values()), axis=0)
    return ~broken


def _rules(case: Case) -> dict[str, npt.NDArray[np.bool_]]:
    """What would make a case degenerate, and of which lanes it is true."""
    rows = case.generator.log_q.shape[-1]
    cost = applied(case.generator.features, case.theta)
    several = rows + case.expert.log_q.shape[-1] >= 3
    found = {
        "b is zero": (case.b == 0.0) & (case.theta[..., -1] == 0.0),
        "θ is zero": ~np.any(case.theta, axis=-1),
        "log q is constant": (np.ptp(case.generator.log_q, axis=-1) == 0.0) & (rows > 1),
        "the cost is constant": (np.ptp(cost, axis=-1) == 0.0) & (rows > 1),
        "one row a side": np.full(np.shape(case.b), not several),
        "the policy is uniform": np.ptp(case.policy_logits, axis=-1).max(axis=-1) == 0.0,
    }
    return {rule: np.asarray(broken, dtype=np.bool_) for rule, broken in found.items()}


def generic_bytes(
    rng: np.random.Generator, setting: Setting, precision: Precision, conventions: Conventions
) -> Iterator[bytes]:
    """Yield random bytes whose cases break no rule of section 9, for ever; the kinds of batches in turn."""
    found = 0
    while True:
        data = rng.bytes(BYTES_PER_CASE)
        if setting in ("batch", "optimum"):
            data = bytes([found % KINDS]) + data[1:]
        case = case_from_bytes(data, setting, precision, conventions)
        if setting == "process":
            if not broken_rules_of_process(case, conventions.of_process):
                yield data
            continue
        one_size = conventions.equal_batches or setting == "matched"  # there, pooled means must not move b*
        if (one_size or len(case.expert) != len(case.generator)) and not broken_rules(case):
            yield data
            found += 1
