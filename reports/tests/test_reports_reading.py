"""A saved report read back is the report that was written; a file that is wrong in any way is refused in a sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganirl import Conventions, wrap
from ganirl_properties import Report, UsageError, verify
from ganirl_properties.targets import load_target
from ganirl_reports import to_json, write_report
from ganirl_reports.comparison import Entry, compare
from ganirl_reports.documents.json_document import to_document
from ganirl_reports.reading import read_report


def without_log_q(case: Any, rows: Any) -> Any:
    return -(rows.features @ case.theta) - case.b


@pytest.fixture(scope="module")
def wrong() -> Report:
    """A real report with a counterexample and a diagnosis."""
    implementation = wrap(
        name="wrong", discriminator_logit=without_log_q, conventions=Conventions(precisions=("float64",))
    )
    return verify(implementation, claims=("A4", "A5"), profile="smoke")


def test_what_verify_found_comes_back_whole(tmp_path: Path, wrong: Report) -> None:
    assert any(row.counterexample and row.diagnosis for row in wrong.verdicts)
    assert wrong.run.conventions["precisions"] == ("float64",)
    write_report(wrong, tmp_path)
    for path in (tmp_path, tmp_path / "report.json", str(tmp_path)):
        assert read_report(path) == wrong


def test_it_is_written_again_as_it_was(tmp_path: Path, mixed_report: Report, good_report: Report) -> None:
    good = verify(load_target("numpy"), claims=("A4", "C*"), profile="smoke", dtypes=("float64",))
    for report in (good, good_report, mixed_report):
        text = to_json(report)
        (tmp_path / "report.json").write_text(text, encoding="utf-8")
        assert to_json(read_report(tmp_path)) == text


def test_what_came_back_differs_where_the_file_does(tmp_path: Path, wrong: Report) -> None:
    document = to_document(wrong)
    document["verdicts"][0]["worst"]["bound"] = 0.125
    (tmp_path / "report.json").write_text(json.dumps(document), encoding="utf-8")
    back = read_report(tmp_path)
    first = wrong.verdicts[0]
    assert first.worst is not None
    assert back != wrong
    mended = replace(back.verdicts[0], worst=first.worst)
    assert replace(back, verdicts=(mended, *back.verdicts[1:])) == wrong


@pytest.mark.parametrize(
    ("text", "words", "mend"),
    [
        ("", "is not JSON", "copy the file again"),
        (None, "is not JSON", "copy the file again"),  # the first half of a report
        ("[1, 2]", "no report of ganirl", 'whose "schema" is'),
        ('{"name": "something else"}', "no report of ganirl", 'whose "schema" is'),
        ('{"schema": "https://ganirl.dev/schema/report-2.json"}', "report-2", "the version of ganirl"),
        ('{"schema": "https://ganirl.dev/schema/report-1.json"}', "malformed at run", "JSON Schema"),
    ],
)
def test_a_wrong_file_is_a_sentence(
    tmp_path: Path, good_report: Report, text: str | None, words: str, mend: str
) -> None:
    path = tmp_path / "report.json"
    whole = to_json(good_report)
    path.write_text(whole[: len(whole) // 2] if text is None else text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_report(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert words in sentence
    assert mend in sentence
    assert "\n" not in sentence
    assert ". " not in sentence


def test_a_file_that_is_not_there_or_is_binary(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*none: No such file or directory; give the path"):
        read_report(tmp_path / "none")
    with pytest.raises(UsageError, match=r"cannot read .*report\.json: No such file"):
        read_report(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        read_report(tmp_path / "binary")


def test_edited_counts_are_noticed(tmp_path: Path, good_report: Report) -> None:
    document = to_document(good_report)
    document["summary"]["planned"] += 1
    (tmp_path / "report.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UsageError, match=r"contradicts itself: planned .*; rows or counts were edited"):
        read_report(tmp_path)


def test_a_claim_that_has_two_rows_keeps_its_name(tmp_path: Path, good_report: Report) -> None:
    document = to_document(good_report)
    document["verdicts"].append(document["verdicts"][0])
    (tmp_path / "report.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UsageError, match=r"contradicts itself: A4 float64 cpu has more than one verdict"):
        read_report(tmp_path)


def renamed(document: dict[str, Any], *, claim: str = "A4", **conventions: Any) -> dict[str, Any]:
    document["verdicts"][0]["claim"] = claim
    document["run"]["conventions"] |= conventions
    return document


PROCESS = {
    "unit": "process",
    "weights": False,
    "precisions": ["float64"],
    "horizon": "first_exit",
    "occupancy_axes": "s",
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"claim": "Z9"}, "there is no claim 'Z9'"),
        ({"colour": "red"}, "there is no convention 'colour'"),
        (
            {"log_z": "guessed"},
            r"Conventions\(log_z='guessed'\) is unknown; choose one of 'explicit', 'bias'",
        ),
        ({"unit": "process"}, "there is no convention 'expert_label'"),
    ],
)
def test_names_that_there_are_not_are_noticed(
    tmp_path: Path, wrong: Report, change: dict[str, Any], words: str
) -> None:
    (tmp_path / "report.json").write_text(json.dumps(renamed(to_document(wrong), **change)), encoding="utf-8")
    with pytest.raises(
        UsageError, match=rf"cannot be what was written: {words}.*; restore the file, or verify again"
    ):
        read_report(tmp_path)


@pytest.mark.parametrize("change", [{"log_z": "bias"}, {"precisions": None}, {"reward": "in any words"}])
def test_names_that_there_are_are_read(tmp_path: Path, wrong: Report, change: dict[str, Any]) -> None:
    (tmp_path / "report.json").write_text(json.dumps(renamed(to_document(wrong), **change)), encoding="utf-8")
    assert read_report(tmp_path).run.conventions == {**wrong.run.conventions, **change}


def test_conventions_of_tabular_code_are_known_by_their_own_names(tmp_path: Path, wrong: Report) -> None:
    document = to_document(wrong)
    document["run"]["conventions"] = PROCESS
    (tmp_path / "report.json").write_text(json.dumps(document), encoding="utf-8")
    assert read_report(tmp_path).run.conventions == {**PROCESS, "precisions": ("float64",)}
    document["run"]["conventions"] = PROCESS | {"horizon": "endless"}
    (tmp_path / "report.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UsageError, match=r"ProcessConventions\(horizon='endless'\) is unknown"):
        read_report(tmp_path)


@pytest.mark.parametrize("of", [{"ganirl": "9.0"}, {"claim_set": "9"}])
def test_another_version_may_know_others(tmp_path: Path, wrong: Report, of: dict[str, str]) -> None:
    document = renamed(to_document(wrong), claim="Z9", colour="red")
    document["run"] |= of
    (tmp_path / "report.json").write_text(json.dumps(document), encoding="utf-8")
    back = read_report(tmp_path)
    assert back.verdicts[0].claim == "Z9"
    comparison = compare([Entry("later", back)], ganirl="0.1.0", started="", seconds=0.0)
    assert comparison.notes == ("Of another version, and not in the catalogue of ganirl 0.1.0: Z9.",)
    assert compare([Entry("now", wrong)], ganirl="0.1.0", started="", seconds=0.0).notes == ()
