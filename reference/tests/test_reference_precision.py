"""The constants of each format are those of its own rounding."""

from __future__ import annotations

import numpy as np
import pytest

from ganirl import PRECISIONS, Precision


@pytest.mark.parametrize("precision", PRECISIONS.values(), ids=PRECISIONS)
def test_the_unit_roundoff_is_half_the_distance_from_one_to_the_next_number(precision: Precision) -> None:
    u = precision.unit_roundoff
    assert precision.round(1.0 + 2.0 * u) == 1.0 + 2.0 * u
    assert precision.round(1.0 + u) == 1.0  # a tie goes to the even one
    if precision.name != "float64":
        assert precision.round(1.0 + 1.001 * u) == 1.0 + 2.0 * u
        assert precision.round(1.0 + 0.999 * u) == 1.0
    assert precision.round(1.0 - u) == 1.0 - u  # below one, numbers are twice as dense
    numbers = np.random.default_rng(0).normal(size=1000) * 10.0 ** np.random.default_rng(1).integers(
        -9, 9, 1000
    )
    relative = np.abs(precision.round(numbers) - numbers) / np.abs(numbers)
    assert relative.max() <= u
    assert precision.name == "float64" or relative.max() > 0.9 * u


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
def test_below_the_smallest_normal_number_digits_are_lost(name: str) -> None:
    precision = PRECISIONS[name]
    tiny, odd = precision.tiny, 1.0 + 2.0 * precision.unit_roundoff
    assert precision.round(tiny * odd) == tiny * odd
    assert precision.round(tiny / 2 * odd) != tiny / 2 * odd
    assert PRECISIONS["float64"].tiny == np.finfo(np.float64).tiny


def test_rounding_keeps_what_it_was_given_and_where_it_lies() -> None:
    given = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    for precision in PRECISIONS.values():
        rounded = precision.round(given)
        assert rounded.tolist() == given.tolist()
        assert not np.shares_memory(rounded, given)
        assert rounded.strides == given.strides
