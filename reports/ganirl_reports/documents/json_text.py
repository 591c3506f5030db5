"""JSON that people can read: a line for each key, and numbers of one array side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def as_text(document: Mapping[str, Any], *, ascii_only: bool = False) -> str:
    """Return JSON with a final newline; it holds no NaN and no infinity, which JSON lacks."""
    return _lines(document, "", ascii_only) + "\n"


def _lines(value: Any, margin: str, ascii_only: bool) -> str:
    inner = margin + "  "
    if isinstance(value, Mapping) and value:
        items = [
            f"{inner}{json.dumps(key, ensure_ascii=ascii_only)}: {_lines(item, inner, ascii_only)}"
            for key, item in value.items()
        ]
        return "{\n" + ",\n".join(items) + f"\n{margin}}}"
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        return "[\n" + ",\n".join(inner + _lines(item, inner, ascii_only) for item in value) + f"\n{margin}]"
    return json.dumps(value, ensure_ascii=ascii_only, allow_nan=False)
