"""The committed JSON Schemas are those of the models, and judge as the models do."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from ganirl_properties.report import Report
from ganirl_reports.documents.json_document import counterexample_document, to_document
from ganirl_reports.documents.schema import SavedCounterexample
from ganirl_reports.documents.schemas import SCHEMA_FOLDER, SCHEMAS, schema_text


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_committed_schema_is_in_step(name: str) -> None:
    committed = (SCHEMA_FOLDER / name).read_text(encoding="utf-8")
    assert committed == schema_text(name), "run: python -m ganirl_reports.documents.schemas"


def schema(name: str) -> Any:
    return json.loads((SCHEMA_FOLDER / name).read_text(encoding="utf-8"))


def test_reports_meet_the_schema(mixed_report: Report, good_report: Report, empty_report: Report) -> None:
    validator = jsonschema.Draft202012Validator(schema("report-1.schema.json"))
    validator.check_schema(validator.schema)
    for report in (mixed_report, good_report, empty_report):
        validator.validate(to_document(report))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "https://ganirl.dev/schema/report-2.json"),
        (("verdicts", 0, "verdict"), "fine"),
        (("verdicts", 0, "cases"), -1),
        (("verdicts", 0, "worst", "error"), "nan"),
        (("run", "dtypes"), "float64"),
        (("equivalence", "verdict"), "maybe"),
        (("summary", "extra"), 0),
    ],
)
def test_schema_refuses_mutated_reports(good_report: Report, path: tuple[str | int, ...], value: Any) -> None:
    document = to_document(good_report)
    target: Any = document
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema("report-1.schema.json"))


def test_saved_counterexamples_meet_their_schema(mixed_report: Report) -> None:
    saved = [row for row in mixed_report.verdicts if row.counterexample is not None]
    assert saved
    for row in saved:
        assert row.counterexample is not None
        document = counterexample_document(mixed_report.run, row, row.counterexample)
        jsonschema.validate(document, schema("counterexample-1.schema.json"))
        SavedCounterexample.model_validate(document)
        del document["target"]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, schema("counterexample-1.schema.json"))
