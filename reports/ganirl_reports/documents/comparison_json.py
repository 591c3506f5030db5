"""``comparison.json``: a comparison as plain JSON, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ganirl_properties import UsageError
from ganirl_reports.comparison import Column, Comparison, Entry

from .comparison_schema import COMPARISON_SCHEMA, ComparisonDocument
from .html_document import family
from .json_document import plain, to_document


def comparison_document(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as plain JSON data, each report whole."""
    slugs = [column.slug for column in comparison.judged]
    document: dict[str, Any] = plain(
        {
            "schema": COMPARISON_SCHEMA,
            "ganirl": comparison.ganirl,
            "started": comparison.started,
            "seconds": comparison.seconds,
            "interrupted": comparison.interrupted,
            "notes": comparison.notes,
            "outcomes": {"implementations": len(comparison.columns), **comparison.outcomes},
            "summary": comparison.summary,
            "matrix": [
                {
                    "claim": row.id,
                    "title": row.title,
                    "family": family(row.id),
                    "tells_apart": row.tells_apart,
                    "cells": {
                        slug: None if cell is None else cell.gravest
                        for slug, cell in zip(slugs, row.cells, strict=True)
                    },
                }
                for row in comparison.rows
            ],
            "implementations": [_implementation(column) for column in comparison.columns],
        }
    )
    return document


def _implementation(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "slug": column.slug,
        "target": column.target,
        "outcome": column.outcome,
        "release": column.release,
        "headline": column.headline,
        "faults": [asdict(remark) for remark in column.faults],
        "provisos": [asdict(remark) for remark in column.provisos],
        "cases": column.cases,
        "problem": column.problem,
        "report": to_document(column.report) if column.report else None,
    }


def is_comparison(path: Path) -> bool:
    """Whether a file calls itself a comparison; what is broken is left to those who read it."""
    try:
        return f'"{COMPARISON_SCHEMA}"' in path.read_text(encoding="utf-8")[:500]
    except (OSError, UnicodeDecodeError):
        return False


def read_entries(path: Path) -> tuple[Entry, ...]:
    """Return the columns of a saved comparison, those without a report, too.

    Raises
    ------
    UsageError
        If it is broken or contradicts itself: one sentence with the mend.
    """
    try:
        document = ComparisonDocument.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = "/".join(map(str, first["loc"])) or "the whole"
        raise UsageError(
            f"{path} is malformed at {where}: {first['msg']}; compare again, or give the reports beside it"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {error}; copy the file again") from None
    return tuple(
        Entry(each.target, each.report.report() if each.report else None, each.problem)
        for each in document.implementations
    )
