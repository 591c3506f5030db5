"""Draw what ``ganirl verify TARGET`` prints: ``python reports/docs/draw_terminal.py TARGET PICTURE.svg``."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from ganirl_properties import verify
from ganirl_properties.targets import load_target
from ganirl_reports.documents.terminal import print_report

NORMAL = ["1a2028", "ff7d6e", "5bd3ac", "eec258", "74a4f2", "e8a6d5", "60c8dc", "e6e9ee"]
BRIGHT = ["586273", "ff9378", "6ee1be", "f5d26e", "8cbeff", "f0b4e1", "78d7eb", "ffffff"]


def rgb(colour: str) -> tuple[int, int, int]:
    """Return the three numbers of ``1a2028``."""
    red, green, blue = bytes.fromhex(colour)
    return red, green, blue


def draw(target: str) -> str:
    """Return the picture; it loads no font from anywhere."""
    report = verify(load_target(target), spec=target)
    report = replace(report, run=replace(report.run, target=target))
    out = Console(
        record=True, width=120, file=io.StringIO(), force_terminal=True, highlight=False, markup=False
    )
    out.print(f"$ ganirl verify {target} --output report", style="bold")
    out.print()
    print_report(report, out, Path("report"))
    theme = TerminalTheme(rgb(NORMAL[0]), rgb(NORMAL[7]), list(map(rgb, NORMAL)), list(map(rgb, BRIGHT)))
    picture = out.export_svg(title="ganirl", theme=theme)
    picture = re.sub(r"@font-face \{.*?\}\s*|<!-- Generated.*?-->\s*", "", picture, flags=re.DOTALL)
    return picture.replace("Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono")


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(draw(sys.argv[1]), encoding="utf-8")
