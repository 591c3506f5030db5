"""Checks of I1: how the declared reduction weighs batches of different sizes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ganirl import Rows
from ganirl_properties.observed import NotObservedError
from ganirl_properties.paths import taken_rows

from .check import Check, Comparison, View, compare


def _repeated(rows: Rows, times: int) -> Rows:
    """Each row some times over, with its share of the weight."""
    many = taken_rows(rows, np.repeat(np.arange(len(rows)), times))
    return replace(many, weight=many.weight / times)


def _one_side_twice(view: View) -> Iterator[Comparison]:
    """The generator's rows twice over: a mean of means stays, a pooled mean leans towards them."""
    if view.observed.conventions.equal_batches:
        raise NotObservedError("it takes batches of one size only, where every mean is the same but for ½")
    other = view.at(replace(view.case, generator=_repeated(view.case.generator, 2)))
    yield compare(
        "discriminator_loss with the generator's rows twice over", other.observed.loss(), other.truth.loss
    )


CHECKS = (
    Check(
        "I1",
        "one side twice",
        "L_D as declared when one batch is repeated and the other is not",
        ("discriminator_loss",),
        "batch",
        _one_side_twice,
    ),
)
