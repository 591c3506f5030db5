"""``report.json``: what is written can be read back; what is broken is refused with a reason and a mend."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganirl_properties.report import (
    VERDICT_NAMES,
    Counterexample,
    Diagnosis,
    Equivalence,
    Report,
    Run,
    Verdict,
    Worst,
)
from ganirl_reports import load_report, to_json
from ganirl_reports.documents import json_document as documents
from ganirl_reports.documents.json_document import read_report, to_document
from ganirl_reports.documents.output_directory import write_report

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
WORDS = st.text(max_size=20)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
ATOMS = NUMBERS | st.integers() | st.booleans() | st.none()
JSON = st.recursive(ATOMS, lambda inner: st.lists(inner, max_size=3))
COUNTS = st.integers(0, 10**6)


def counterexamples() -> st.SearchStrategy[Counterexample]:
    case = st.builds(
        lambda precision, rest: {**rest, "precision": precision}, NAMES, st.dictionaries(WORDS, JSON)
    )
    return st.builds(
        Counterexample, NAMES, WORDS, WORDS, WORDS, WORDS, WORDS, NUMBERS, NUMBERS, NUMBERS, NUMBERS,
        case, WORDS, st.tuples(COUNTS, COUNTS),
    )  # fmt: skip


def verdicts() -> st.SearchStrategy[Verdict]:
    return st.builds(
        Verdict,
        NAMES,
        NAMES,
        WORDS,
        st.sampled_from(VERDICT_NAMES),
        WORDS,
        COUNTS,
        WORDS,
        st.none() | st.builds(Worst, NUMBERS, NUMBERS, NUMBERS),
        st.none() | st.builds(Diagnosis, WORDS, WORDS, WORDS, COUNTS),
        st.none() | counterexamples(),
        st.none() | NAMES,
    )


def reports() -> st.SearchStrategy[Report]:
    run = st.builds(
        Run, WORDS, WORDS, WORDS, st.dictionaries(WORDS, WORDS | st.booleans() | st.integers()),
        st.dictionaries(WORDS, WORDS), st.lists(WORDS).map(tuple), WORDS, st.integers(0), WORDS,
        st.lists(NAMES).map(tuple), st.dictionaries(WORDS, WORDS), WORDS, NUMBERS, st.booleans(),
    )  # fmt: skip
    rows = st.lists(verdicts(), max_size=4, unique_by=lambda row: (row.claim, row.dtype, row.device)).map(
        tuple
    )
    headline = st.builds(
        Equivalence,
        st.lists(st.sampled_from(("GAN", "IRL", "EBM")), unique=True).map(tuple),
        st.sampled_from(("equivalent", "not equivalent", "one side only", "undecided")),
        WORDS,
    )
    return st.builds(Report, run, rows, headline, warnings=st.lists(WORDS).map(tuple))


@settings(max_examples=30, deadline=None)
@given(reports())
def test_round_trip(report: Report) -> None:
    # NaN is unequal to itself, so what is compared is how the two are written.
    assert repr(read_report(to_json(report))) == repr(report)


def test_non_finite_numbers_are_strings(mixed_report: Report) -> None:
    document = to_document(mixed_report)
    row = next(row for row in document["verdicts"] if row["claim"] == "E1" and row["dtype"] == "bfloat16")
    assert row["worst"]["ratio"] == "NaN"
    assert row["counterexample"]["case"]["generator"][0]["log_q"] == "-Infinity"
    back = read_report(to_json(mixed_report))
    worst = next(each for each in back.verdicts if each.dtype == "bfloat16" and each.claim == "E1").worst
    assert worst is not None
    assert math.isnan(worst.ratio)


def test_numpy_values_are_plain(good_report: Report) -> None:
    conventions = {"scale": np.float32(0.5), "table": np.arange(3), "flag": np.bool_(True)}
    report = replace(good_report, run=replace(good_report.run, conventions=conventions))
    assert to_document(report)["run"]["conventions"] == {"scale": 0.5, "table": [0, 1, 2], "flag": True}


def test_what_json_has_no_place_for_is_named(good_report: Report) -> None:
    report = replace(good_report, run=replace(good_report.run, conventions={"form": object}))
    with pytest.raises(TypeError, match="cannot hold <class 'object'>"):
        to_document(report)


def test_contract_of_the_document(mixed_report: Report) -> None:
    document = to_document(mixed_report)
    assert {"schema", "run", "verdicts", "equivalence", "summary"} <= set(document)
    assert document["summary"]["planned"] == len(document["verdicts"])
    assert set(document["verdicts"][0]) == {
        "claim", "dtype", "device", "verdict", "evidence", "cases", "worst", "diagnosis", "counterexample",
        "blocked_by", "message",
    }  # fmt: skip


def broken(document: dict[str, Any], *path: str | int, value: Any) -> str:
    target: Any = document
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("", documents.NotJsonError, "line 1, column 1"),
        ('{"schema": ', documents.NotJsonError, "Copy the file again"),
        ('{"schema": NaN}', documents.NotJsonError, "bare word NaN"),
        ("[" * 100_000, documents.NotJsonError, "not JSON"),
        ("[]", documents.NotAReportError, "no report of ganirl"),
        ('{"name": "x"}', documents.NotAReportError, '"schema"'),
        ('{"schema": "https://ganirl.dev/schema/report-2.json"}', documents.UnknownSchemaError, "report-2"),
        ('{"schema": ["a"]}', documents.UnknownSchemaError, "version of ganirl that wrote it"),
    ],
)
def test_what_is_no_report(text: str, error: type[documents.ReportError], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        read_report(text, "report.json")
    assert caught.value.hint in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "error", "words"),
    [
        (("summary", "planned"), 3, documents.UnreconciledReportError, "planned 3 is not the sum"),
        (("summary", "satisfied"), -1, documents.MalformedReportError, "summary/satisfied"),
        (("verdicts", 0, "verdict"), "fine", documents.MalformedReportError, "verdicts/0/verdict"),
        (("verdicts", 0, "verdict"), "violated", documents.UnreconciledReportError, "satisfied"),
        (("verdicts", 1, "dtype"), "float64", documents.UnreconciledReportError, "more than one verdict"),
        (("verdicts", 0, "worst", "ratio"), "big", documents.MalformedReportError, "Infinity"),
        (("verdicts", 0, "worst", "ratio"), True, documents.MalformedReportError, "worst/ratio"),
        (("verdicts", 0, "claim"), "../../A4", documents.MalformedReportError, "verdicts/0/claim"),
        (("run", "seed"), "0", documents.MalformedReportError, "run/seed"),
        (("run", "colour"), "blue", documents.MalformedReportError, "run/colour"),
        (("equivalence", "verdict"), "maybe", documents.MalformedReportError, "equivalence/verdict"),
    ],
)
def test_mutated_reports_are_refused(
    good_report: Report,
    path: tuple[str | int, ...],
    value: Any,
    error: type[documents.ReportError],
    words: str,
) -> None:
    document = to_document(good_report)
    read_report(json.dumps(document))
    with pytest.raises(error, match=words):
        read_report(broken(document, *path, value=value))


def test_counterexample_that_would_leave_its_folder_is_refused(mixed_report: Report) -> None:
    document = to_document(mixed_report)
    row = next(index for index, row in enumerate(document["verdicts"]) if row["counterexample"])
    with pytest.raises(documents.MalformedReportError, match="precision"):
        read_report(broken(document, "verdicts", row, "counterexample", "case", "precision", value="../x"))


def test_loading_a_folder_or_a_file(tmp_path: Path, good_report: Report) -> None:
    (tmp_path / "report.json").write_text(to_json(good_report), encoding="utf-8")
    assert load_report(tmp_path) == load_report(tmp_path / "report.json") == good_report


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(documents.UnreadableReportError, match="No such file"):
        load_report(tmp_path / "none.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(documents.NotJsonError, match="UTF-8"):
        load_report(tmp_path / "binary.json")


def test_what_utf8_has_no_bytes_for_is_spelled_out(tmp_path: Path) -> None:
    # A folder's name in Latin-1, as Python reads it, and half of a pair in what a process says.
    run = Run(
        "0.1.0",
        "1",
        "caf\udce9/x.py:target",
        {},
        {"library\ud800": "1"},
        (),
        "smoke",
        0,
        "cpu",
        ("float64",),
        {},
        "",
        0.0,
    )
    row = Verdict("A4", "float64", "cpu", "error", "", 0, "it said \ud800")
    report = Report(run, (row,), Equivalence(("GAN",), "undecided", "\ud800"))
    write_report(report, tmp_path)
    back = load_report(tmp_path)
    assert back.run.target == "caf\\udce9/x.py:target"
    assert back.verdicts[0].message == "it said \\ud800"
    assert "it said \\ud800" in (tmp_path / "summary.md").read_text(encoding="utf-8")
