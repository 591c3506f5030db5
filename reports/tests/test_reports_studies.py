"""Studies become documents, whole; the command says what went wrong in a sentence."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ganirl.errata import ERRATA
from ganirl_reports.command_line import run
from ganirl_reports.studies import STUDIES, study_runner
from ganirl_reports.studies.study import Figure, Section, Study, Table, columns
from ganirl_reports.studies.writing import to_document, to_html, to_markdown, write_study

PUBLISHED = Path(__file__).parents[1] / "published"
SVG = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0"/></svg>'
SMALL = Study(
    name="small",
    title="A small study of <D>",
    summary="It is $D = \\tfrac12$ everywhere.",
    command="ganirl report small --output DIR",
    sections=(
        Section(
            "Numbers",
            ("A paragraph.",),
            (
                Table("What was seen.", ("quantity", "value"), (("a|b", 0.1234567), ("n", 3))),
                Figure("picture", "Two lines.", SVG),
            ),
        ),
    ),
    numbers={"a": float("nan"), "b": [1, 2.5]},
    versions={"ganirl": "0"},
)


class Balanced(HTMLParser):
    """Fails where a tag is closed that is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "br", "img", "mspace"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_study_is_written_whole(tmp_path: Path) -> None:
    folder = write_study(SMALL, tmp_path / "new" / "folder")
    assert sorted(path.name for path in folder.iterdir()) == [
        "picture.svg", "study.html", "study.json", "study.md",
    ]  # fmt: skip
    assert (folder / "picture.svg").read_text(encoding="utf-8") == SVG


def test_markdown_has_tables_and_pictures() -> None:
    text = to_markdown(SMALL)
    assert "| a\\|b | 0.123457 |" in text
    assert "| n | 3 |" in text
    assert "![Two lines.](picture.svg)" in text
    assert re.search(r"Made by `ganirl report small --output DIR` on \d{4}-\d\d-\d\d \(ganirl 0, ", text)


def test_html_stands_alone_and_escapes() -> None:
    text = to_html(SMALL)
    parser = Balanced()
    parser.feed(text)
    assert parser.open == []
    assert "A small study of &lt;D&gt;" in text
    assert "<?xml" not in text
    assert text.count("<svg") == 1
    assert not re.search(r"(src|href)\s*=\s*[\"']?https?:", text)


def test_numbers_are_json() -> None:
    document = to_document(SMALL)
    assert document["numbers"] == {"a": "NaN", "b": [1, 2.5]}
    assert document["passed"] is True


def test_columns_of_a_table() -> None:
    assert columns(("x", "y"), (1, 2), ("a", "b")) == ((1, "a"), (2, "b"))
    with pytest.raises(ValueError, match="2 headings for 1 columns"):
        columns(("x", "y"), (1, 2))


def test_every_study_can_be_run_by_name() -> None:
    pytest.importorskip("torch", reason="the study of bounds is about PyTorch")
    assert all(callable(study_runner(name)) for name in STUDIES)
    with pytest.raises(KeyError, match="there is no study 'x'; there are"):
        study_runner("x")


def test_errata_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "errata", "--output", str(tmp_path / "out"), "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document["numbers"]) == [each.id for each in ERRATA]
    assert (tmp_path / "out" / "study.html").exists()
    assert run(["report", "errata", "--format", "markdown"]) == 0
    assert capsys.readouterr().out.startswith("# Reading Finn")
    assert run(["report", "errata"]) == 0
    assert "P13: Fu, Luo and Levine 2018, appendix A.2" in capsys.readouterr().out


def test_what_a_study_found_false_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from ganirl_reports.commands import report

    broken = replace(SMALL, passed=False)
    monkeypatch.setattr(report, "study_runner", lambda name: lambda **options: broken)
    assert run(["report", "errata"]) == 1


def test_bad_input_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    assert run(["report", "errata", "--output", str(file)]) == 2
    assert "choose another --output" in capsys.readouterr().err
    assert run(["report", "nothing"]) == 2
    assert run(["report"]) == 2

    def without_matplotlib(name: str) -> object:
        raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")

    from ganirl_reports.commands import report

    monkeypatch.setattr(report, "study_runner", without_matplotlib)
    capsys.readouterr()
    assert run(["report", "errata"]) == 2
    assert "pip install 'ganirl[figures]'" in capsys.readouterr().err


def test_published_errata_are_those_of_today() -> None:
    published = json.loads((PUBLISHED / "errata" / "study.json").read_text(encoding="utf-8"))["numbers"]
    for erratum in ERRATA:
        for was, now in zip(published[erratum.id], erratum.numbers(), strict=True):
            assert was["quantity"] == now.quantity
            assert was["printed"] == pytest.approx(now.printed, rel=1e-9, abs=1e-9)
            assert was["true"] == pytest.approx(now.true, rel=1e-9, abs=1e-9)
