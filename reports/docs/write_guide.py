"""Write into the guide what the examples really hold and really print: ``python reports/docs/write_guide.py``.

A block of ``wrap-your-library.md`` that follows ``<!-- file: PATH -->`` is that file, one that follows
``<!-- source: PATH NAME -->`` is that function or method of it, and one that follows ``<!-- output: PATH -->`` is what
``ganirl verify PATH/ganirl_adapter.py:target --profile smoke --dtype float32`` says that fails, and how it ends.
"""

from __future__ import annotations

import ast
import io
import re
import textwrap
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from ganirl_properties import verify
from ganirl_properties.report import Report
from ganirl_properties.targets import load_target
from ganirl_reports.documents.terminal import print_report

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "reports" / "docs" / "wrap-your-library.md"
BLOCK = re.compile(
    r"<!-- (?P<kind>file|source|output): (?P<of>[^>]+) -->\n```(?P<language>\w+)\n(?P<text>.*?)```\n",
    re.DOTALL,
)
WIDTH = 110


def file(of: str) -> str:
    """Return a whole file."""
    return (ROOT / of).read_text(encoding="utf-8")


def source(of: str) -> str:
    """Return one function or method of a file, ``PATH NAME``."""
    path, name = of.split()
    text = file(path)
    (found,) = (
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and node.name == name
    )
    lines = text.splitlines(keepends=True)[found.lineno - 1 : found.end_lineno]
    return textwrap.dedent("".join(lines))


def output(of: str) -> str:
    """Return what is said of an example, from the first failure on."""
    target = "ganirl_adapter.py:target"
    implementation = load_target(f"{ROOT / of}/{target}")
    report = verify(implementation, profile="smoke", dtypes=["float32"])
    return said(replace(report, run=replace(report.run, target=target)))


def said(report: Report) -> str:
    """Return what a report says that fails, its headline and its reckoning; times are not repeatable."""
    out = io.StringIO()
    print_report(report, Console(file=out, width=WIDTH, highlight=False, markup=False))
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    start = next(index for index, line in enumerate(lines) if line.startswith(("✗", "✓ GAN", "◐ GAN")))
    paragraphs = "\n".join(lines[start:]).split("\n\n")
    kept = [
        "\n".join(line for line in each.splitlines() if not line.startswith("again "))
        for each in paragraphs
        if not each.lstrip("\n").startswith(("· not addressed", "conventions", "departure"))
    ]
    return "\n\n".join(kept) + "\n"


def written(text: str) -> str:
    """Return the guide with its blocks as they are."""
    kinds = {"file": file, "source": source, "output": output}

    def block(found: re.Match[str]) -> str:
        fresh = kinds[found["kind"]](found["of"])
        return f"<!-- {found['kind']}: {found['of']} -->\n```{found['language']}\n{fresh}```\n"

    return BLOCK.sub(block, text)


if __name__ == "__main__":
    GUIDE.write_text(written(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
