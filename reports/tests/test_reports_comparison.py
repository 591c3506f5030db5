"""A comparison as data and as documents: what is counted adds up, what differs is told, nothing is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console

from ganirl import Conventions, wrap
from ganirl_properties import Report, UsageError, verify
from ganirl_properties.report import Equivalence, Run, Verdict, VerdictName
from ganirl_properties.targets import load_target
from ganirl_reports.comparison import Comparison, Entry, compare, exit_code, in_words, release
from ganirl_reports.documents.comparison_folder import write_comparison
from ganirl_reports.documents.comparison_html import to_html
from ganirl_reports.documents.comparison_json import comparison_document, is_comparison, read_entries
from ganirl_reports.documents.comparison_markdown import to_markdown
from ganirl_reports.documents.comparison_schema import ComparisonDocument
from ganirl_reports.documents.comparison_terminal import print_comparison
from ganirl_reports.documents.schemas import SCHEMA_FOLDER
from ganirl_reports.reading import read_report

HOSTILE = "<script>alert('x')</script>|`*\"><img src=http://evil.example/x.png onerror=alert(1)>"
VOID = {"meta", "br", "img", "link", "input", "hr"}
MISSING = Entry("tianshou-gail", None, "the target 'tianshou-gail' needs a library that is not here")


def side_by_side(*entries: Entry, interrupted: bool = False) -> Comparison:
    return compare(
        entries, ganirl="0.1.0", started="2025-03-01T09:30:00+00:00", seconds=3.5, interrupted=interrupted
    )


def of(report: Report, target: str | None = None, **run: Any) -> Entry:
    """Return a report as an entry, with some of its run changed."""
    report = replace(report, run=replace(report.run, target=target or report.run.target, **run))
    return Entry(report.run.target, report)


def ascending(report: Report, verdicts: Sequence[tuple[str, VerdictName]]) -> Report:
    rows = tuple(Verdict(claim, "float64", "cpu", name, "40 cases", 40, "") for claim, name in verdicts)
    return replace(report, verdicts=rows)


def without_log_q(case: Any, rows: Any) -> Any:
    return -(rows.features @ case.theta) - case.b


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Entry, Entry]:
    """Two that were run: the reference in NumPy, and one that leaves log q out, saved and read again."""
    claims, dtypes = ("A4", "A5", "C3"), ("float64", "float32")
    right = verify(load_target("numpy"), claims=claims, profile="smoke", dtypes=dtypes)
    wrong = verify(
        wrap(name="wrong", discriminator_logit=without_log_q, conventions=Conventions(log_z="bias")),
        claims=claims,
        profile="smoke",
        dtypes=dtypes,
    )
    folder = tmp_path_factory.mktemp("saved")
    write_comparison(side_by_side(of(right), of(wrong)), folder)
    first, second = (read_report(folder / name) for name in ("numpy", "wrong"))
    assert (first, second) == (right, wrong)
    return of(first), of(second)


@pytest.fixture
def mixed(mixed_report: Report, good_report: Report) -> Comparison:
    return side_by_side(of(mixed_report), of(good_report, "good"), MISSING)


# --- what it says ------------------------------------------------------------------------------------------


def test_what_was_run_is_told_apart(saved: tuple[Entry, Entry]) -> None:
    comparison = side_by_side(*saved)
    right, wrong = comparison.columns
    assert (right.outcome, wrong.outcome) == ("passed", "failed")
    assert right.faults == ()
    assert [fault.claims for fault in wrong.faults] == [("A4",)]
    assert "log q" in wrong.faults[0].words
    assert [row.id for row in comparison.telling] == ["A4"]
    row = next(row for row in comparison.rows if row.id == "A4")
    assert {name: [each.name for each, _ in found] for name, found in comparison.standings(row)} == {
        "holds": ["numpy"],
        "fails": ["wrong"],
    }
    # C3 is shown by the reference alone: that is no contradiction between the two.
    c3 = next(row for row in comparison.rows if row.id == "C3")
    assert c3.shown == 1
    assert not c3.tells_apart


def test_the_same_twice_tells_nothing_apart(saved: tuple[Entry, Entry]) -> None:
    right, wrong = saved
    assert side_by_side(right, right).telling == ()
    assert side_by_side(wrong, wrong).telling == ()


def test_a_cell_is_the_gravest_of_its_formats(mixed_report: Report) -> None:
    row = next(row for row in side_by_side(of(mixed_report)).rows if row.id == "N1")
    (cell,) = row.cells
    assert cell is not None
    assert {verdict.verdict for verdict in cell.present} == {"blocked", "error", "satisfied"}
    assert cell.gravest == "error"


def test_rows_that_nobody_shows_are_hidden_and_counted(mixed_report: Report, good_report: Report) -> None:
    alone = side_by_side(of(mixed_report))
    assert [row.id for row in alone.hidden] == ["C2"]
    assert len(alone.shown) + len(alone.hidden) == len(alone.rows)
    both = side_by_side(of(mixed_report), of(good_report, "good"))
    assert both.hidden == ()
    assert "1 more" in to_html(alone)
    assert "None of them shows 1 more: C2" in to_markdown(alone)


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        ("satisfied", "satisfied", False),
        ("satisfied", "violated", True),
        ("satisfied", "waived", True),
        ("satisfied", "conditional", True),
        ("violated", "error", False),  # both fail
        ("violated", "blocked", True),
        ("violated", "not_addressed", False),
        ("satisfied", "not_addressed", False),
        ("inconclusive", "satisfied", True),
    ],
)
def test_what_tells_apart(good_report: Report, first: VerdictName, second: VerdictName, apart: bool) -> None:
    comparison = side_by_side(
        of(ascending(good_report, [("A4", first)]), "one"),
        of(ascending(good_report, [("A4", second)]), "two"),
    )
    assert bool(comparison.telling) == apart


def test_rows_are_in_the_order_of_the_catalogue(good_report: Report) -> None:
    backwards = ascending(good_report, [("ZZ9", "satisfied"), ("E1", "satisfied"), ("A4", "satisfied")])
    comparison = side_by_side(of(backwards, "one"), of(ascending(good_report, [("B1", "satisfied")]), "two"))
    assert [row.id for row in comparison.rows] == ["A4", "B1", "E1", "ZZ9"]
    assert comparison.rows[1].cells[0] is None


def test_names_are_unlike(good_report: Report) -> None:
    def at(version: str) -> Entry:
        return of(good_report, "acme-airl", versions={"python": "3.12.1", "acme": version})

    columns = side_by_side(at("1.0"), at("1.1"), at("1.1"), of(good_report, "ACME-airl"), MISSING).columns
    assert [column.subtitle for column in columns[:3]] == ["", "acme 1.1", "acme 1.1"]
    isolated = side_by_side(of(good_report, "acme-airl@1.1", versions={"acme": "1.1"})).columns[0]
    assert (isolated.name, isolated.release, isolated.subtitle) == ("acme-airl@1.1", "acme 1.1", "")
    assert [column.name for column in columns] == [
        "acme-airl (acme 1.0)",
        "acme-airl",
        "acme-airl (2)",
        "ACME-airl",
        "tianshou-gail",
    ]
    slugs = [column.slug for column in columns]
    assert len({slug.lower() for slug in slugs}) == len(slugs)
    assert all(re.fullmatch(r"[A-Za-z0-9_@+][\w.@+-]*", slug) for slug in slugs)


@pytest.mark.parametrize("target", ["../../etc/passwd", "a/b.py:target", "..", "", "exec:run --x 'y'", "∑"])
def test_folders_stay_where_they_are(good_report: Report, tmp_path: Path, target: str) -> None:
    comparison = side_by_side(Entry(target, good_report))
    folder = write_comparison(comparison, tmp_path / "out")
    assert (folder / comparison.columns[0].slug / "report.json").is_file()
    assert comparison.columns[0].slug not in ("", ".", "..")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("target", "versions", "expected"),
    [
        ("imitation-airl", {"python": "3.11", "seals": "0.2", "imitation": "1.0.1"}, "imitation 1.0.1"),
        ("mine.py:target", {"python": "3.11", "numpy": "2", "torch": "2.13"}, ""),
        ("mine.py:target", {"python": "3.11", "acme": "4"}, "acme 4"),
        ("numpy", {"python": "3.11", "numpy": "2"}, "ganirl 0.1.0"),
        ("numpy@2.4.6", {"python": "3.11", "numpy": "2.4.6"}, "ganirl 0.1.0"),
    ],
)
def test_release(good_report: Report, target: str, versions: dict[str, str], expected: str) -> None:
    entry = of(good_report, target, versions=versions)
    assert entry.report is not None
    assert release(entry.report) == expected


def test_what_is_by_design_is_no_fault(good_report: Report) -> None:
    report = replace(
        ascending(good_report, [("E1", "waived"), ("A4", "satisfied")]),
        equivalence=Equivalence(("GAN", "IRL"), "not equivalent", "by design, E1: it is GAIL"),
    )
    (column,) = side_by_side(
        of(report, "gail", departures={"E1": "it is GAIL", "E3": "it is GAIL; so"})
    ).columns
    assert column.outcome == "passed"
    assert column.faults == ()
    assert column.headline == "○ GAN and IRL: departs by design, as declared"
    assert [(each.words, each.claims) for each in column.provisos] == [("it is GAIL", ("E1", "E3"))]
    failing = replace(report, verdicts=(*report.verdicts, *ascending(report, [("B1", "violated")]).verdicts))
    assert side_by_side(of(failing)).columns[0].headline.startswith("✗")


def test_runs_that_are_unlike_are_said_to_be(good_report: Report) -> None:
    alike = side_by_side(of(good_report, "one"), of(good_report, "two"), MISSING)
    assert alike.notes == ()
    unlike = side_by_side(of(good_report, "one"), of(good_report, "two", profile="smoke", seed=3))
    assert unlike.notes == (
        "They were not run alike: profile of one default, two smoke.",
        "They were not run alike: seed of one 0, two 3.",
    )


# --- what it adds up to ------------------------------------------------------------------------------------


def test_it_reconciles(mixed: Comparison) -> None:
    assert mixed.outcomes == {"passed": 1, "failed": 1, "interrupted": 0, "nothing_verified": 0, "not_run": 1}
    line = mixed.reconciled()
    for sums in re.findall(r"(\d+) implementations = ([^;]*)|planned (\d+) = (.*)", line):
        total, parts = [each for each in sums if each]
        assert int(total) == sum(int(part.split()[0]) for part in parts.split(" + "))
    rows = sum(len(column.report.verdicts) for column in mixed.columns if column.report)
    assert f"planned {rows} = " in line
    assert line.startswith("3 implementations = 1 passed + 1 failed + 1 not run; ")


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        (("good",), 0),
        (("good", "good"), 0),
        (("good", "bad"), 1),
        (("good", "missing"), 1),
        (("missing", "missing"), 2),
        (("empty", "empty"), 5),
        (("empty", "missing"), 1),
        (("good", "empty"), 0),
        (("stopped", "missing"), 130),
    ],
)
def test_exit_codes(
    mixed_report: Report, good_report: Report, empty_report: Report, outcomes: tuple[str, ...], code: int
) -> None:
    entries = {
        "good": of(good_report),
        "bad": of(mixed_report),
        "empty": of(empty_report),
        "missing": MISSING,
        "stopped": of(good_report, interrupted=True),
    }
    assert exit_code(side_by_side(*(entries[each] for each in outcomes))) == code


# --- JSON --------------------------------------------------------------------------------------------------


def schema() -> Any:
    return json.loads((SCHEMA_FOLDER / "comparison-1.schema.json").read_text(encoding="utf-8"))


def test_json_meets_its_schema_and_comes_back(
    mixed: Comparison, saved: tuple[Entry, Entry], tmp_path: Path
) -> None:
    for number, comparison in enumerate((mixed, side_by_side(*saved), side_by_side(MISSING))):
        document = comparison_document(comparison)
        jsonschema.validate(document, schema())
        folder = write_comparison(comparison, tmp_path / str(number))
        assert is_comparison(folder / "comparison.json")
        back = read_entries(folder / "comparison.json")
        again = compare(
            back, ganirl=comparison.ganirl, started=comparison.started, seconds=comparison.seconds
        )
        assert comparison_document(again) == document
        assert [entry.problem for entry in back] == [column.problem for column in comparison.columns]


def test_matrix_says_what_the_reports_say(mixed: Comparison) -> None:
    document = comparison_document(mixed)
    assert document["outcomes"]["implementations"] == 3
    (acme, good, missing) = document["implementations"]
    assert missing["report"] is None
    cells = {row["claim"]: row["cells"] for row in document["matrix"]}
    assert cells["E1"] == {acme["slug"]: "violated", good["slug"]: "satisfied"}
    assert cells["E3"] == {acme["slug"]: "waived", good["slug"]: None}
    for implementation in (acme, good):
        counted = [
            row["claim"] for row in implementation["report"]["verdicts"] if row["verdict"] == "violated"
        ]
        assert sorted(set(counted)) == [
            claim for claim in cells if cells[claim][implementation["slug"]] == "violated"
        ]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("outcomes", "implementations"), 4),
        (("outcomes", "passed"), 2),
        (("summary", "violated"), 0),
        (("implementations", 0, "outcome"), "not_run"),
        (("implementations", 2, "problem"), None),
        (("implementations", 0, "report", "summary", "planned"), 1),
        (("implementations", 1, "slug"), "../out"),
        (("matrix", 0, "cells"), {}),
        (("schema",), "https://ganirl.dev/schema/comparison-2.json"),
        (("colour",), "blue"),
    ],
)
def test_json_that_was_edited_is_refused(
    mixed: Comparison, tmp_path: Path, path: tuple[str | int, ...], value: Any
) -> None:
    document = comparison_document(mixed)
    ComparisonDocument.model_validate(document)
    target: Any = document
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    file = tmp_path / "comparison.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UsageError, match="is malformed at") as caught:
        read_entries(file)
    assert "\n" not in str(caught.value)


def test_what_is_no_comparison(tmp_path: Path, mixed: Comparison) -> None:
    file = write_comparison(mixed, tmp_path) / "comparison.json"
    assert not is_comparison(tmp_path / "none.json")
    assert not is_comparison(tmp_path / "good" / "report.json")
    file.write_text(file.read_text(encoding="utf-8")[:2000], encoding="utf-8")
    with pytest.raises(UsageError, match=r"cannot read .* copy the file again"):
        read_entries(file)


# --- HTML --------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Collects the elements, and checks that they are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _, attributes in self.elements if "id" in attributes]

    @property
    def links(self) -> set[str]:
        return {attributes["href"] or "" for tag, attributes in self.elements if tag == "a"}


def test_html_stands_alone(mixed: Comparison) -> None:
    text = to_html(mixed)
    page = Page(text)
    for tag, attributes in page.elements:
        assert tag not in {"script", "img", "link", "iframe", "object", "embed", "base", "form"}
        assert not {"src", "srcset", "data", "action", "background"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    assert all(link.startswith("#") for link in page.links)
    assert not re.search(r"url\(|@import|https?://", text)
    assert "default-src 'none'" in text


def test_links_of_html_lead_somewhere(mixed: Comparison, saved: tuple[Entry, Entry]) -> None:
    for comparison in (mixed, side_by_side(*saved), side_by_side(saved[1], saved[1]), side_by_side(MISSING)):
        page = Page(to_html(comparison))
        assert len(page.ids) == len(set(page.ids))
        dangling = {link[1:] for link in page.links} - set(page.ids)
        # A claim builds on others that were not asked for.
        assert all(re.fullmatch(r"claim-[A-Z]\d+[a-z]?", link) for link in dangling)


def test_a_violated_cell_leads_to_its_counterexample(mixed: Comparison) -> None:
    text = to_html(mixed)
    slug = mixed.columns[0].slug
    cell = re.search(r'<a class="cell violated" href="#([^"]*)" title="([^"]*)">', text)
    assert cell is not None
    assert cell[1] == f"{slug}-failure-E1-float64-cpu"
    assert "violated in float64, float32, bfloat16" in cell[2]
    card = text[text.index(f'id="{cell[1]}"') :]
    report = mixed.columns[0].report
    assert report is not None
    found = next(row.counterexample for row in report.verdicts if row.counterexample)
    assert found is not None
    for words in (found.let, found.then, found.however, f"{slug}/counterexamples/E1-float64.json"):
        assert words in card
    assert "the reward leaves out −log q" in text[: text.index('id="telling"')]


def test_html_says_verdicts_in_words_and_symbols(mixed: Comparison) -> None:
    text = to_html(mixed)
    for cell in re.findall(
        r'<a class="cell (\w+)" [^>]*><b>(.)</b><span class="word"> ([\w ]+)</span>', text
    ):
        name, symbol, word = cell
        assert word == name.replace("_", " ")
        assert symbol in "✓✗◐?·⊘!○"
    assert text.count('<a class="cell ') == sum(cell is not None for row in mixed.shown for cell in row.cells)


def test_html_says_what_could_not_be_run(mixed: Comparison) -> None:
    text = to_html(mixed)
    assert "needs a library that is not here" in text
    assert "! not run" in text
    alone = to_html(side_by_side(MISSING))
    assert 'id="matrix"' not in alone
    assert mixed.reconciled() in text


def test_conventions_of_html_are_marked_where_they_are_not_the_papers(mixed: Comparison) -> None:
    text = to_html(mixed)
    assert "<mark>mean of all</mark>" in text
    assert "<mark>1</mark>" not in text  # the expert's label is the paper's
    assert "expert label" in text


def hostile(report: Report) -> Report:
    run: Run = replace(
        report.run,
        target=HOSTILE,
        ganirl=HOSTILE,
        profile=HOSTILE,
        device=HOSTILE,
        started=HOSTILE,
        conventions={"reward": HOSTILE, HOSTILE: HOSTILE},
        departures={"E3": HOSTILE},
        versions={HOSTILE: HOSTILE},
        observables=(HOSTILE,),
    )
    rows = tuple(
        replace(
            row,
            message=HOSTILE,
            diagnosis=row.diagnosis and replace(row.diagnosis, title=HOSTILE, sentence=HOSTILE),
            counterexample=row.counterexample
            and replace(row.counterexample, let=HOSTILE, then=HOSTILE, however=HOSTILE),
        )
        for row in report.verdicts
    )
    equivalence = replace(report.equivalence, because=HOSTILE)
    return replace(report, run=run, verdicts=rows, equivalence=equivalence, warnings=(HOSTILE,))


def test_everything_is_escaped(mixed_report: Report) -> None:
    report = hostile(mixed_report)
    comparison = side_by_side(Entry(HOSTILE, report), Entry(HOSTILE, None, HOSTILE))
    page = Page(to_html(comparison))
    assert not {tag for tag, _ in page.elements} & {"script", "img"}
    text = re.sub(r"^(`{3,})sh\n.*?^\1$", "", to_markdown(comparison), flags=re.MULTILINE | re.DOTALL)
    assert "<script" not in text
    assert "<img" not in text
    assert not re.search(r"(?<!<!-- -->)//evil", text)


# --- Markdown and terminal ---------------------------------------------------------------------------------


def tables(text: str) -> list[list[str]]:
    """Return the tables of a Markdown text, a list of lines each."""
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [each for each in found if each]


def test_markdown_tables_have_as_many_cells_in_every_row(mixed: Comparison, mixed_report: Report) -> None:
    for comparison in (mixed, side_by_side(Entry(HOSTILE, hostile(mixed_report)), MISSING)):
        text = to_markdown(comparison)
        assert len(tables(text)) >= 3
        for table in tables(text):
            widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table}
            assert len(widths) == 1, table


def test_markdown_tells_the_whole_story(mixed: Comparison) -> None:
    text = to_markdown(mixed)
    assert f"\n{mixed.started}, ganirl 0.1.0." in text  # ISO 8601, as in every document
    row = next(line for line in text.splitlines() if line.startswith("| E1 |"))
    assert row.split("|")[3:5] == [" ✗ violated ", " ✓ "]
    for words in (
        "needs a library",
        "leaves out −log q",
        "**Let**",
        "adapters-acme_airl.py-target/summary.md",
    ):
        assert words in text
    assert "/counterexamples/E1-float64.json" in text
    assert mixed.reconciled().replace("|", "\\|") in text


@pytest.mark.parametrize("width", [60, 80, 140])
def test_terminal_ends_with_the_reckoning(mixed: Comparison, width: int) -> None:
    out = Console(width=width, record=True, file=None, quiet=False, highlight=False, markup=False)
    with out.capture() as captured:
        print_comparison(mixed, out)
    text = captured.get()
    assert text.splitlines()[-1] == mixed.reconciled()
    assert "✗ E1: " in text
    assert "! not run" in text


def test_those_that_fail_alike_are_told_together(saved: tuple[Entry, Entry]) -> None:
    _, wrong = saved
    assert wrong.report is not None
    comparison = side_by_side(*saved, of(wrong.report, "another"))
    row = next(row for row in comparison.rows if row.id == "A4")
    ((sentence, columns),) = in_words("fails", dict(comparison.standings(row))["fails"])
    assert "log q" in sentence
    assert [column.name for column in columns] == ["wrong", "another"]
    assert f"fails: wrong, another: {sentence}" in to_markdown(comparison)
