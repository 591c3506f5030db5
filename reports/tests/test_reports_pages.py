"""What the pages' styles promise: a ≠ that stands by itself, boxes that are explained, sentences that end."""

from __future__ import annotations

import re

from ganirl_properties.report import Report
from ganirl_reports.comparison import Entry, compare
from ganirl_reports.documents.comparison_html import to_html as comparison_page
from ganirl_reports.documents.html_document import SIDES
from ganirl_reports.documents.html_document import to_html as report_page


def compared(report: Report) -> str:
    entries = [Entry(report.run.target, report)]
    return comparison_page(compare(entries, ganirl="0.1.0", started="2025-03-01T09:30:00+00:00", seconds=3.5))


def test_unequal_comes_from_a_font_that_has_it(mixed_report: Report) -> None:
    """Where Noto Sans is the system's font, ≠ would be a = and a slash that lies over the next letter."""
    for page in (report_page(mixed_report), compared(mixed_report)):
        (first,) = re.findall(r'^  font: 16px/1\.55 "([^"]+)", system-ui', page, re.MULTILINE)
        faces = re.findall(r"@font-face \{(.*?)\}", page, re.DOTALL)
        assert len(faces) == 2  # plain and bold
        for face in faces:
            assert f'font-family: "{first}"; unicode-range: U+2260;' in face
            # From the reader's own machine: nothing is fetched.
            assert re.fullmatch(
                r'local\("[^"]+"\)(, local\("[^"]+"\))*', face.partition("src: ")[2].strip(" ;\n")
            )


def test_the_boxes_of_a_comparison_are_explained_above_them(mixed_report: Report) -> None:
    page = compared(mixed_report)
    above = page[: page.index('<table class="glance">')]
    for side, meaning in SIDES.items():
        assert f'<b class="side">{side}</b> {meaning}' in above
    assert '<b class="side absent">struck through</b> not in it' in above


def test_no_remark_of_a_comparison_is_cut(mixed_report: Report) -> None:
    page = compared(mixed_report)
    assert "line-clamp" not in page
    assert "text-overflow" not in page
