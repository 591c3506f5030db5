"""The README's tables of conventions hold every field, each with its default first and all that it may be."""

from __future__ import annotations

import re
from dataclasses import Field, fields
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from ganirl import Conventions, ProcessConventions

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
HEADINGS = {Conventions: "convention", ProcessConventions: "convention of a process"}


def rows(of: type) -> dict[str, str]:
    """Return field → what its row says."""
    lines = iter(README.splitlines())
    for line in lines:
        if line.startswith(f"| {HEADINGS[of]} |"):
            break
    found = {}
    for line in lines:
        if not line.startswith("|"):
            break
        name, _, said = line.strip("| ").partition("|")
        found[name.strip().strip("`")] = said.strip()
    del found["---"]
    return found


def choices(hint: Any) -> list[Any]:
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    if get_origin(hint) in (Union, UnionType):
        return [each for part in get_args(hint) for each in choices(part)]
    return [True, False] if hint is bool else []


def written(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


@pytest.mark.parametrize("of", HEADINGS)
def test_every_field_is_there_and_no_other(of: type) -> None:
    assert set(rows(of)) == {field.name for field in fields(of)}


@pytest.mark.parametrize(
    ("of", "field"),
    [pytest.param(of, field, id=f"{of.__name__}.{field.name}") for of in HEADINGS for field in fields(of)],
)
def test_a_field_is_told_with_its_default_first_and_every_choice(of: type, field: Field[Any]) -> None:
    said = rows(of)[field.name]
    first = re.search(r"`([^`]+)`", said)
    assert first is not None
    assert first[1] == written(field.default)
    for choice in choices(get_type_hints(of)[field.name]):
        assert f"`{written(choice)}`" in said


def test_the_choices_of_a_field_are_read_off_its_type() -> None:
    assert choices(get_type_hints(Conventions)["reward_baseline"]) == [True, False, "leave_one_out"]
    assert choices(get_type_hints(Conventions)["loss_form"]) == ["any", "log_sigmoid", "softplus", "bce"]
    assert choices(get_type_hints(Conventions)["loss_factor"]) == []
