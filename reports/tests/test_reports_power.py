"""`ganirl power`: what it measures is told truly, in every document, and its exit code says whether all is well."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from pydantic import ValidationError

from ganirl_properties.checks import CHECKS
from ganirl_properties.diagnosis import diagnose
from ganirl_properties.power import alarms as alarms_module
from ganirl_properties.power import kills, measure, outcome
from ganirl_properties.power.alarms import Alarm, Alarms, Variant
from ganirl_properties.power.kills import Caught, Kill
from ganirl_properties.power.matrix import Matrix
from ganirl_properties.power.outcome import Power
from ganirl_properties.report import Diagnosis
from ganirl_reports.command_line import run
from ganirl_reports.documents.schemas import SCHEMA_FOLDER
from ganirl_reports.power.figure import figure
from ganirl_reports.power.html_document import to_html
from ganirl_reports.power.json_document import power_document
from ganirl_reports.power.markdown_document import to_markdown
from ganirl_reports.power.measured import Measured, PowerRun, cell, tellings
from ganirl_reports.power.schema import PowerDocument

# A few claims catch these at once, so that a run takes seconds.
SMALL = ("power", "--profile", "smoke", "--only", "reward-log-d,tabular/gradient-uphill")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Printed by one run under two seeds."""
    import contextlib
    import io

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert run([*SMALL, "--seeds", "0,1", "--format", "json"]) == 0
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found


def test_the_json_says_what_was_caught_and_meets_its_schema(document: dict[str, Any]) -> None:
    schema = json.loads((SCHEMA_FOLDER / "power-1.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    PowerDocument.model_validate(document)
    assert document["summary"] == {
        "wrong_formulas": 2,
        "killed": 2,
        "survivors": 0,
        "proved_equivalent": 0,
        "not_judged": 0,
        "diagnosed": 2,
        "right_variants": 0,
        "false_alarms": 0,
    }
    rows = {row["id"]: row for row in document["matrix"]["formulas"]}
    assert set(rows) == {"reward-log-d", "tabular/gradient-uphill"}
    # A reward is seen by the claims about the reward, tabular code by those about tabular code.
    assert rows["reward-log-d"]["cells"]["E1"] == [1, 1]
    assert rows["reward-log-d"]["cells"]["C1"] == [None, None]
    assert set(rows["tabular/gradient-uphill"]["cells"]) == {"D1", "D3", "H12"}
    assert rows["tabular/gradient-uphill"]["names"] == ["tabular/gradient-uphill"] * 2
    assert document["run"]["seeds"] == [0, 1]
    assert "D3" in document["smallest_killing_set"]
    assert document["sole_killers"]["D3"] == ["tabular/gradient-uphill"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("summary", "killed"), 1),
        (("summary", "false_alarms"), 3),
        (("matrix", "formulas", 0, "killed"), False),
        (("matrix", "formulas", 0, "cells"), {"Z9": [1, 1]}),
        (("run", "seeds"), "0"),
        (("schema",), "https://ganirl.dev/schema/power-2.json"),
    ],
)
def test_a_document_that_contradicts_itself_is_refused(
    document: dict[str, Any], path: tuple[str | int, ...], value: Any
) -> None:
    broken = json.loads(json.dumps(document))
    target: Any = broken
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with pytest.raises(ValidationError):
        PowerDocument.model_validate(broken)


# --- exit codes ---------------------------------------------------------------------------------------------


def test_what_survives_is_told_and_fails_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Without the claims about the reward, a wrong reward is caught by nothing.
    checks = tuple(check for check in CHECKS if not check.claim.startswith("E"))
    monkeypatch.setattr(kills, "CHECKS", checks)
    assert run([*SMALL]) == 1
    said = capsys.readouterr().out
    assert "1 of 2 wrong formulas are caught" in said
    assert re.search(r"Survivors\s+reward-log-d .*missed: no claim catches it", said)
    assert said.splitlines()[-1].startswith("wrong formulas 2 = 1 killed + 1 survived")


def test_what_survives_is_no_miss_where_it_is_proved_equivalent(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = tuple(check for check in CHECKS if not check.claim.startswith("E"))
    monkeypatch.setattr(kills, "CHECKS", checks)
    monkeypatch.setattr(outcome, "EQUIVALENT", {"reward-log-d": "for the sake of this test"})
    assert run([*SMALL]) == 0


def test_a_wrong_name_counts_as_a_miss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right_names = diagnose

    def wrong_names(search: Any, violated: Any) -> dict[str, Diagnosis]:
        return {
            claim: replace(found, formula="reward-d")
            for claim, found in right_names(search, violated).items()
        }

    monkeypatch.setattr(measure, "diagnose", wrong_names)
    assert run([*SMALL]) == 1
    said = capsys.readouterr().out
    assert "called reward-d" in said
    assert "killed 2 = 0 named + 2 not" in said


def _alarms(*alarms: Alarm) -> Callable[..., Alarms]:
    def false_alarms(**options: Any) -> Alarms:
        variant = Variant("turned", "a label turned over", "numpy", "float64", options["cases"], alarms)
        return Alarms((variant,), tuple(options["seeds"]), options["cases"], 0.5)

    return false_alarms


def test_something_right_that_is_failed_fails_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(alarms_module, "false_alarms", _alarms())
    assert run([*SMALL, "--cases", "7"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("right 1, false alarms 0 in 7 cases")
    alarm = Alarm("A4", "logit", 0, b"\x01\x02", "1.0 where 2.0 was to be expected")
    monkeypatch.setattr(alarms_module, "false_alarms", _alarms(alarm))
    assert run([*SMALL, "--cases", "7", "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    PowerDocument.model_validate(document)
    assert document["summary"]["false_alarms"] == 1
    assert document["right"]["variants"][0]["alarms"][0]["data"] == "0102"


def test_each_seed_is_on_the_disk_before_the_next_one_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    judge = measure.judge

    def broken(**options: Any) -> Any:
        yield from judge(**{**options, "seeds": (4,)})
        raise ZeroDivisionError

    monkeypatch.setattr(measure, "judge", broken)
    assert run([*SMALL, "--seeds", "4,5", "--output", str(tmp_path)]) == 3
    capsys.readouterr()
    document = json.loads((tmp_path / "power.json").read_text(encoding="utf-8"))
    PowerDocument.model_validate(document)
    assert document["run"]["seeds"] == [4]


def test_ctrl_c_keeps_what_was_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    judge = measure.judge

    def interrupted(**options: Any) -> Any:
        yield next(iter(judge(**options)))
        raise KeyboardInterrupt

    monkeypatch.setattr(measure, "judge", interrupted)
    assert run([*SMALL, "--output", str(tmp_path)]) == 130
    assert (
        capsys.readouterr()
        .out.splitlines()[-1]
        .startswith("wrong formulas 2 = 1 killed + 0 survived + 1 not")
    )
    document = json.loads((tmp_path / "power.json").read_text(encoding="utf-8"))
    PowerDocument.model_validate(document)
    assert document["run"]["interrupted"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--only", "nothing-like-it"), "no wrong formula is called 'nothing-like-it'"),
        (("--only", ","), "--only names nothing"),
        (("--seeds", "one"), "--seeds 'one' is no list of seeds"),
        (("--seeds", "-1"), "--seeds '-1' is no list of seeds"),
        (("--cases", "3", "--only", "reward-log-d", "--profile", "smoke"), "3 cases are too few"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(
    arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["power", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_the_list_names_every_formula(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["power", "--list"]) == 0
    said = capsys.readouterr().out
    assert "tabular code:" in said
    assert "reward-log-d" in said
    assert run(["power", "--list", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)["wrong_formulas"]
    assert len({each["id"] for each in listed}) == len(listed) >= 250


# --- documents ----------------------------------------------------------------------------------------------


def caught(name: str, theme: str, kills_of: dict[str, int], named: str | None) -> Caught:
    """Return one that code of three claims could show, of which C1 should catch it."""
    return Caught(
        id=name,
        title=f"what {name} does <wrongly>",
        seen="somewhere",
        theme=theme,
        claims=("A4", "C1", "E1"),
        expected=("C1",),
        dtype="float64",
        kills=tuple(Kill(claim, "check", cases, 10.0) for claim, cases in kills_of.items()),
        names=() if named is None else tuple((claim, named) for claim in kills_of),
        rows=(1, 2),
        seconds=0.25,
    )


@pytest.fixture
def measured() -> Measured:
    """One that is caught, one by luck, one not, one by another name; two seeds."""
    first = (
        caught("sound", "reward", {"C1": 1, "E1": 3}, "sound"),
        caught("by-luck", "reward", {"C1": 2, "A4": 40}, "by-luck"),
        caught("survivor", "sequences", {}, None),
        caught("misnamed", "sequences", {"A4": 1}, "sound"),
    )
    second = (
        caught("sound", "reward", {"C1": 4, "E1": 60}, "sound"),
        caught("by-luck", "reward", {"C1": 2}, "by-luck"),
        caught("survivor", "sequences", {"A4": 5}, "survivor"),
        caught("misnamed", "sequences", {"A4": 2}, "sound"),
    )
    matrices = tuple(
        Matrix(("A4", "C1", "E1"), rows, "smoke", seed) for seed, rows in enumerate((first, second))
    )
    run_of = PowerRun("0.1.0", 6, None, 0, 1, "2026-01-01T00:00:00+00:00", 3.0, {"numpy": "2.0"})
    return Measured(Power("smoke", 4, matrices, None), run_of)


def test_numbers_follow_from_the_matrix(measured: Measured) -> None:
    power = measured.power
    assert [row.id for row in power.killed] == ["sound", "by-luck", "misnamed"]
    assert [row.id for row in power.diagnosed] == ["sound", "by-luck"]
    assert [row.id for row in power.missed] == ["survivor"]
    assert {row.id: row.lucky for row in power.lucky} == {"by-luck": ("A4",), "survivor": ("A4",)}
    assert {row.id: row.missed for row in power.unexpected} == {"survivor": ("C1",), "misnamed": ("C1",)}
    # "survivor" is caught by A4 under one seed alone, so that nothing catches it for certain.
    assert power.smallest_killing_set == ("A4", "C1")
    assert dict(power.sole_killers) == {"C1": ("by-luck",), "A4": ("misnamed",)}
    assert (power.cases.median, power.cases.worst) == (2.0, 5.0)
    assert not power.passed
    row = power.rows[1]
    luck = cell(row, "A4")
    assert luck is not None
    assert (luck.words, luck.kind) == ("40 (1/2)", "lucky")
    assert cell(row, "D1") is None


def test_what_a_claim_sees_by_rounding_is_no_luck(
    monkeypatch: pytest.MonkeyPatch, measured: Measured
) -> None:
    monkeypatch.setattr(outcome, "BLIND", {("by-luck", "A4"): "it holds", ("sound", "E1"): "so does that"})
    power = measured.power
    assert {row.id for row in power.lucky} == {"survivor"}
    assert {row.id: row.by_rounding for row in power.by_rounding} == {
        "sound": {"E1": "so does that"},
        "by-luck": {"A4": "it holds"},
    }
    assert {row.id: row.killers for row in power.rows}["sound"] == ("C1",)
    said = dict(tellings(measured)["Seen by rounding alone"])
    assert said["by-luck"] == "A4 under 1 of 2 seeds, though it holds of it: it holds"
    document = power_document(measured)
    PowerDocument.model_validate(json.loads(json.dumps(document)))
    assert document["by_rounding"] == [
        {"formula": "sound", "claim": "E1", "seeds": [0, 1], "because": "so does that"},
        {"formula": "by-luck", "claim": "A4", "seeds": [0], "because": "it holds"},
    ]


def test_every_document_tells_what_is_not_as_it_should_be(measured: Measured) -> None:
    page, text = to_html(measured, figure(measured)), to_markdown(measured, "power.svg")
    assert "<wrongly>" not in page
    for told in (page, text):
        assert measured.reconciled() in told
        for heading in tellings(measured):
            assert heading in told
        assert "missed, as only 1 of 2 seeds catch it" in told
        assert "called sound" in told
        assert "A4 under 1 of 2 seeds" in told
    assert list(tellings(measured)) == [
        "Survivors",
        "Caught, but not by its name",
        "Not caught by a claim that should",
        "Caught by luck of a seed",
    ]
    PowerDocument.model_validate(json.loads(json.dumps(power_document(measured))))


def test_the_page_stands_alone_and_the_figure_is_in_it(measured: Measured) -> None:
    drawn = figure(measured)
    page = to_html(measured, drawn)
    assert drawn in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=\"(?!#)", page.replace('xlink:href="#', ""))
    assert figure(measured) == drawn


def test_the_figure_names_claims_beside_their_rows_and_formulas_in_their_columns(measured: Measured) -> None:
    drawn = figure(measured)
    for claim in measured.power.claims:
        shown = f"<!-- {claim.title}  {claim.id} -->" in drawn  # what matplotlib says of text that it draws
        assert shown == (claim.id in measured.shown)
    titles = re.findall(r"<rect [^>]*><title>([^<]*)</title></rect>", drawn)
    # Of two themes, in the order of the columns.
    assert [title.partition(":")[0] for title in titles] == [row.id for row in measured.power.rows]
    assert titles[0] == "sound: what sound does &lt;wrongly&gt;"
    places = [float(place) for place in re.findall(r'<rect x="([\d.]+)"[^>]*><title>', drawn)]
    assert places == sorted(places)
    root = ElementTree.fromstring(drawn)
    assert root.tag.endswith("svg")


# --- the published copy -------------------------------------------------------------------------------------


def test_the_published_copy_holds_together_and_the_readme_tells_its_numbers() -> None:
    root = Path(__file__).parents[2]
    folder = root / "reports" / "published" / "power"
    document = json.loads((folder / "power.json").read_text(encoding="utf-8"))
    PowerDocument.model_validate(document)
    assert document["passed"]
    assert not document["run"]["interrupted"]
    assert document["run"]["command"] in (folder / "README.md").read_text(encoding="utf-8")
    summary, right = document["summary"], document["right"]
    told = (root / "README.md").read_text(encoding="utf-8")
    assert f"{summary['wrong_formulas']} wrong formulas" in told
    assert f"{summary['diagnosed']} are called by their name" in told
    assert f"{right['cases']:,} cases" in told
    assert (folder / "power.svg").read_text(encoding="utf-8") in (folder / "power.html").read_text(
        encoding="utf-8"
    )
