"""Cases that a check arranges itself, from steps and a table of features."""

from __future__ import annotations

import numpy as np

from ganirl import Case, Conventions, Precision, Steps
from ganirl_properties.case_rows import Array, filled_rows, row_weights
from ganirl_properties.cases import absorb_b


def case_of_rows(
    expert: Steps,
    generator: Steps,
    table: Array,
    parameters: tuple[Array, float, Array],
    precision: Precision,
    conventions: Conventions,
) -> Case:
    """Return a case of these steps, all rows of a side alike in weight.

    Parameters
    ----------
    expert, generator : (n, T) each
    table : (S, A, 2, d) features by state, action, and whether the step enters the end
    parameters : θ (d,), b, and the policy's logits (S, A)
    """
    theta, b, logits = parameters
    sides = [
        filled_rows(
            steps,
            table,
            logits,
            row_weights(np.ones(len(steps.mask), dtype=np.int64), precision, conventions),
            precision,
        )
        for steps in (expert, generator)
    ]
    case = Case(theta, precision.round(b), logits, sides[0], sides[1], precision.name, conventions.unit)
    return absorb_b(case) if conventions.log_z == "absent" else case
