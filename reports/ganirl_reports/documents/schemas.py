"""The committed JSON Schemas of the models.

``python -m ganirl_reports.documents.schemas`` writes them again after a change of the models.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

from ganirl_reports.power.schema import POWER_SCHEMA, PowerDocument

from .comparison_schema import COMPARISON_SCHEMA, ComparisonDocument
from .schema import COUNTEREXAMPLE_SCHEMA, REPORT_SCHEMA, ReportDocument, SavedCounterexample

SCHEMAS: dict[str, tuple[str, type[BaseModel]]] = {
    "report-1.schema.json": (REPORT_SCHEMA, ReportDocument),
    "counterexample-1.schema.json": (COUNTEREXAMPLE_SCHEMA, SavedCounterexample),
    "comparison-1.schema.json": (COMPARISON_SCHEMA, ComparisonDocument),
    "power-1.schema.json": (POWER_SCHEMA, PowerDocument),
}
SCHEMA_FOLDER = Path(__file__).parent.parent / "schema"


def schema_text(file_name: str) -> str:
    """Return the JSON Schema that the models imply, as it is committed."""
    identifier, model = SCHEMAS[file_name]
    schema = model.model_json_schema(by_alias=True)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": identifier}
    return json.dumps({**head, **schema}, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for each in SCHEMAS:
        (SCHEMA_FOLDER / each).write_text(schema_text(each), encoding="utf-8")
