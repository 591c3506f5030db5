"""Headings call an implementation by the name that it gives itself, and say beside it what runs it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ganirl_properties import Report
from ganirl_reports.comparison import Column, Entry, compare
from ganirl_reports.documents.html_document import to_html
from ganirl_reports.documents.markdown_document import to_markdown
from ganirl_reports.tabulation import called


def named(report: Report, name: str, target: str) -> Report:
    return replace(report, run=replace(report.run, name=name, target=target))


def columns(*reports: Report) -> list[Column]:
    entries = [Entry(report.run.target, report) for report in reports]
    return list(compare(entries, ganirl="0.1.0", started="", seconds=0.0).columns)


@pytest.mark.parametrize(
    ("name", "target", "expected"),
    [
        ("my-airl", "src/adapter.py:target", "my-airl"),
        ("wrapped callables", "src/adapter.py:target", "src/adapter.py:target"),
        ("", "adapter.py:target", "adapter.py:target"),
        ("imitation-airl", "imitation-airl@1.0.1", "imitation-airl@1.0.1"),
        ("torch", "torch", "torch"),
    ],
)
def test_it_is_called_by_its_name_where_the_target_does_not_say_it(
    mixed_report: Report, name: str, target: str, expected: str
) -> None:
    one = named(mixed_report, name, target)
    assert called(one.run) == expected
    (column,) = columns(one)
    assert column.name == expected
    assert (target in column.subtitle) == (target != expected)
    for document in (to_html(one), to_markdown(one)):
        assert expected in document
        assert target in document


def test_two_of_one_name_are_told_apart_by_what_runs_them(mixed_report: Report) -> None:
    found = columns(
        named(mixed_report, "my-airl", "a.py:before"),
        named(mixed_report, "my-airl", "a.py:after"),
        named(mixed_report, "other", "b.py:target"),
    )
    assert [column.name for column in found] == ["a.py:before", "a.py:after", "other"]


def test_the_same_target_twice_keeps_its_name(mixed_report: Report) -> None:
    found = columns(*[named(mixed_report, "my-airl", "a.py:target")] * 2)
    assert [column.name for column in found] == ["my-airl", "my-airl (2)"]
