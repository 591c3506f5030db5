"""``report.html``: stands alone, escapes everything, and says every verdict in words."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ganirl.claims import CLAIMS
from ganirl_properties.report import VERDICT_NAMES, Equivalence, Report, Worst
from ganirl_reports.documents.html_document import ratio_bar, to_html
from ganirl_reports.documents.mathml import formula, prose
from ganirl_reports.looks import LOOKS

HOSTILE = "<script>alert('x')</script>\"><img src=http://evil.example/x.png onerror=alert(1)>"
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """Collects the elements, and checks that they are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def loads_nothing(page: Page) -> None:
    for tag, attributes in page.elements:
        assert tag not in {"script", "img", "link", "iframe", "object", "embed", "base", "form"}
        assert not {"src", "srcset", "data", "action", "background"} & set(attributes), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        assert (attributes.get("href") or "#").startswith("#"), (tag, attributes)


def test_stands_alone(mixed_report: Report) -> None:
    text = to_html(mixed_report)
    loads_nothing(Page(text))
    assert not re.search(r"url\(|@import|https?://", text)
    assert "default-src 'none'" in text


def test_says_every_verdict_in_words_and_symbols(mixed_report: Report) -> None:
    text = to_html(mixed_report)
    assert {row.verdict for row in mixed_report.verdicts} == set(VERDICT_NAMES)
    for name in VERDICT_NAMES:
        assert f'<span class="tag {name}">{LOOKS[name].symbol} {LOOKS[name].word}</span>' in text
        assert f".{name} {{ --tone" in text


def test_tells_the_whole_story(mixed_report: Report) -> None:
    text = to_html(mixed_report)
    row = next(row for row in mixed_report.verdicts if row.counterexample)
    assert row.counterexample is not None
    assert row.diagnosis is not None
    for words in (
        "GAN ≠ EBM: not equivalent",
        mixed_report.equivalence.because,
        mixed_report.reconciled(),
        row.counterexample.let,
        row.counterexample.then,
        row.counterexample.however,
        row.diagnosis.sentence,
        "ganirl verify adapters/acme_airl.py:target",
        "torch 2.5.1",
        "Finn et al. 2016",
        "trained by PPO",
        "mean of all",
        mixed_report.warnings[0],
    ):
        assert words.replace("'", "&#39;") in text


def test_a_declared_departure_is_not_coloured_like_a_failure(good_report: Report) -> None:
    design = Equivalence(("GAN", "IRL"), "not equivalent", "by design, E1: it is GAIL")
    text = to_html(replace(good_report, equivalence=design))
    assert '<section class="verdict-card waived"' in text
    assert "○ GAN and IRL: departs by design, as declared" in text
    assert "≠" not in text.partition("<main>")[2]


def test_links_lead_somewhere(mixed_report: Report) -> None:
    page = Page(to_html(mixed_report))
    assert len(page.ids) == len(set(page.ids))
    targets = {attributes["href"] for tag, attributes in page.elements if tag == "a"}
    missing = {target for target in targets if target and target[1:] not in page.ids}
    # A claim builds on others that were not asked for.
    assert missing <= {f"#claim-{claim.id}" for claim in CLAIMS}


def test_escapes_everything(mixed_report: Report) -> None:
    run = replace(
        mixed_report.run,
        target=HOSTILE,
        ganirl=HOSTILE,
        profile=HOSTILE,
        device=HOSTILE,
        started=HOSTILE,
        conventions={HOSTILE: HOSTILE},
        departures={HOSTILE: HOSTILE},
        versions={HOSTILE: HOSTILE},
        observables=(HOSTILE,),
        dtypes=(HOSTILE,),
    )
    rows = []
    for row in mixed_report.verdicts:
        found = row.counterexample and replace(
            row.counterexample,
            check=HOSTILE,
            observable=HOSTILE,
            let=HOSTILE,
            then=HOSTILE,
            however=HOSTILE,
            setting=HOSTILE,
            case={"precision": HOSTILE, HOSTILE: HOSTILE},
        )
        diagnosis = row.diagnosis and replace(row.diagnosis, formula=HOSTILE, title=HOSTILE, sentence=HOSTILE)
        rows.append(
            replace(
                row, claim=row.claim + HOSTILE, dtype=row.dtype + HOSTILE, device=HOSTILE, evidence=HOSTILE,
                message=HOSTILE, counterexample=found, diagnosis=diagnosis, blocked_by=HOSTILE,
            )
        )  # fmt: skip
    hostile = Report(run, tuple(rows), Equivalence((HOSTILE,), "undecided", HOSTILE), warnings=(HOSTILE,))
    loads_nothing(Page(to_html(hostile)))


def test_unknown_claims_are_shown_all_the_same(good_report: Report) -> None:
    rows = tuple(replace(row, claim="Z9") for row in good_report.verdicts[:1])
    text = to_html(replace(good_report, verdicts=rows))
    assert "Z9" in text
    assert "not in the catalogue" in text


def test_empty_report_is_a_page(good_report: Report) -> None:
    Page(to_html(replace(good_report, verdicts=())))


@pytest.mark.parametrize("ratio", [0.0, 1e-300, 0.5, 1.0, 1e300, float("inf"), float("nan")])
def test_bar_stays_inside_its_track(ratio: float) -> None:
    drawn = ratio_bar(Worst(ratio, 1.0, ratio), "satisfied")
    found = re.search(r'class="fill"[^>]* width="([0-9.]+)"', drawn)
    assert found is not None
    width = float(found[1])
    assert 0 < width <= 200
    if ratio != 1.0:
        assert (width > 100) == (not ratio <= 1), "beyond the line exactly if it is a violation"


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_statements_become_mathml(claim: object) -> None:
    statement = claim.statement  # type: ignore[attr-defined]
    drawn = formula(statement, display=True)
    assert "<math" in drawn, statement
    assert "</mrow></math>" in drawn


def test_functions_are_spaced_as_in_tex() -> None:
    drawn = formula(r"2 \log q - \log(1 - D)")
    assert drawn.count("<mspace") == 2
    assert re.search(r"<mn>2</mn><mspace[^>]*/?>(</mspace>)?<mi>log</mi><mspace", drawn)


@pytest.mark.parametrize("latex", [r"\unknowncommand{x}", r"\text{<b>bold</b>}", r"\text{<script>}", r"}{"])
def test_what_cannot_be_converted_is_shown_as_source(latex: str) -> None:
    drawn = formula(latex)
    assert drawn.startswith("<code")
    assert "<b>" not in drawn
    assert "<script>" not in drawn


def test_prose_with_formulas() -> None:
    drawn = prose("unique where $p + q > 0$ & <b>")
    assert "<math" in drawn
    assert drawn.endswith(" &amp; &lt;b&gt;")
    assert "<math" not in prose("it costs $5")


def test_prose_with_emphasis() -> None:
    assert prose("*worst* is <large>, *most of all* $x^*$ here.").startswith(
        "<em>worst</em> is &lt;large&gt;, <em>most of all</em> <span"
    )
    for plain in ("b* and Z* of b*", "reward*,tabular/*", "2 * 3 * 4", "a**2 and b**2", "f(*args, *more)"):
        assert prose(plain) == plain
