"""A case is written as plain data and read back exactly; data that is no case is refused in one sentence."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from ganirl import PRECISIONS, Case, Conventions
from ganirl_properties.case_data import CaseDataError, case_data, case_from_data
from ganirl_properties.cases import SETTINGS, case_from_bytes


def plain(case: Case) -> Any:
    return json.loads(json.dumps(case_data(case)))


@pytest.mark.parametrize("precision", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("weights", [True, False])
def test_every_case_that_is_drawn_is_read_back(precision: str, weights: bool) -> None:
    rng = np.random.default_rng(0)
    settings = [setting for setting in SETTINGS if not setting.startswith("process")]
    assert settings
    for setting in settings:
        for _ in range(20):
            case = case_from_bytes(
                rng.bytes(200), setting, PRECISIONS[precision], Conventions(weights=weights)
            )
            assert plain(case_from_data(plain(case))) == plain(case)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("expert", "steps", "state"), 0.5, "names one that there is not"),
        (("generator", "steps", "action"), 99.0, "names one that there is not"),
        (("expert", "steps", "mask"), 0.5, "true and false alone"),
        (("generator", "steps", "done"), 2.0, "true and false alone"),
        (("generator", "weight"), 0.0, "as a mean's weights do"),
        (("expert", "weight"), 0.75, "as a mean's weights do"),
        (("expert", "weight"), "NaN", "as a mean's weights do"),
    ],
)
def test_what_is_no_case_is_refused(place: tuple[str, ...], value: Any, said: str) -> None:
    data = plain(case_from_bytes(bytes(200), "batch", PRECISIONS["float64"], Conventions()))
    part = data
    for name in place[:-1]:
        part = part[name]
    column = np.full(np.shape(part[place[-1]]), 0.0).tolist()

    def filled(values: Any) -> Any:
        return [filled(each) for each in values] if isinstance(values, list) else value

    part[place[-1]] = filled(column)
    with pytest.raises(CaseDataError, match=said):
        case_from_data(data)
