"""What reports say of a run by sampling, and what the documentation says of it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ganirl import Conventions
from ganirl.sequential import Question, Rates
from ganirl.sequential_exact import exact_rates
from ganirl_properties.report import Report, Run, Sampling
from ganirl_properties.sampled import CONTRACTS
from ganirl_properties.sampled.plan import CHECKS
from ganirl_reports.documents.html_document import to_html
from ganirl_reports.documents.json_document import read_report, to_document, to_json
from ganirl_reports.documents.markdown_document import to_markdown
from ganirl_reports.documents.terminal import print_report
from ganirl_reports.sampling import sampling_line
from ganirl_reports.tabulation import choices

GUIDE = Path(__file__).parents[1] / "docs" / "only-a-sampler.md"
SAID = Sampling(alpha=9e-5, beta=0.01, effect=0.03125, tests=12, draws=4711, family=1e-4)
LINE = (
    "12 sequential tests took 4711 draws; in the whole run any false alarm has a probability of at most α = 0.0001, "
    "and in each test a miss of at most β = 0.01, where an expectation is δ = 0.0312 of a draw's range away"
)


def sampled(report: Report, said: Sampling = SAID) -> Report:
    """The same report, as if its first row had been sampled."""
    conventions = Conventions(sampled=("log_partition",)).declared()
    first = replace(report.verdicts[0], sampling=said, evidence=str(said))
    run = replace(report.run, sampling=said, conventions=conventions)
    return replace(report, run=run, verdicts=(first, *report.verdicts[1:]))


def on_terminal(report: Report) -> str:
    out = io.StringIO()
    print_report(report, Console(file=out, width=4000))
    return out.getvalue()


def test_every_renderer_states_the_budget_in_one_line(good_report: Report) -> None:
    report = sampled(good_report)
    assert sampling_line(report.run) == LINE
    assert f"sampling     {LINE}" in on_terminal(report)
    assert f"By sampling: {LINE}." in to_markdown(report)
    assert f"By sampling: {LINE}." in to_html(report).replace("&#39;", "'")
    assert str(SAID) in on_terminal(report)


def test_nothing_is_said_where_nothing_was_sampled(good_report: Report) -> None:
    assert sampling_line(good_report.run) is None
    for text in (on_terminal(good_report), to_markdown(good_report), to_html(good_report)):
        assert "sequential test" not in text
    document = to_document(good_report)
    assert "sampling" not in document["run"]
    assert not any("sampling" in row for row in document["verdicts"])


def test_an_approximation_is_called_one() -> None:
    said = replace(SAID, tests=1, approximate=1, approximation=0.043)
    line = sampling_line(replace(RUN, sampling=said))
    assert line is not None
    assert line.startswith("one sequential test took")
    assert line.endswith("1 of them are normal approximations, whose probabilities may be off by 0.043")


RUN = Run("", "", "", {}, {}, (), "", 0, "", (), {}, "", 0.0)


def test_it_is_read_back_whole(good_report: Report) -> None:
    report = sampled(good_report)
    back = read_report(to_json(report))
    assert back == report
    assert back.run.sampling == SAID


def test_what_is_sampled_is_shown_beside_the_papers_choice(good_report: Report) -> None:
    shown = {choice.name: choice for choice in choices(sampled(good_report).run)}
    assert (shown["sampled"].value, shown["sampled"].paper) == ("log_partition", "none")
    assert shown["unbiased"].paper is None


# --- the documentation --------------------------------------------------------------------------------------------


def test_the_guide_names_every_claim_that_is_judged() -> None:
    text = GUIDE.read_text()
    table = text[text.index("## What is judged") : text.index("## What is promised")]
    named = set(re.findall(r"[A-Z]\d+", " ".join(re.findall(r"^\| ([A-Z][^|]*) \|", table, re.MULTILINE))))
    assert named == {check.claim for check in CHECKS}


def test_the_guide_states_the_contracts() -> None:
    text = " ".join(GUIDE.read_text().split())
    assert {(each.alpha, each.beta) for each in CONTRACTS.values()} == {(1e-4, 0.01)}
    assert "**α = 10⁻⁴**" in text
    assert "**β = 0.01**" in text
    shares = {name: round(1 / each.effect) for name, each in CONTRACTS.items()}
    assert shares == {"smoke": 8, "default": 32, "thorough": 64}
    assert "1/8 of the range of a draw in the `smoke` profile, 1/32 in `default`, 1/64 in `thorough`" in text


@pytest.mark.parametrize("row", re.findall(r"^\| (1/8 .*) \|$", GUIDE.read_text(), re.MULTILINE))
def test_the_error_rates_in_the_guide_are_those_of_the_test(row: str) -> None:
    share, expected, *said = row.split(" | ")
    effect = 1 / int(share.removeprefix("1/"))
    mean = float(expected)
    asked = Question.of(expected=mean, tolerance=0.0, effect=effect, low=0.0, high=1.0)
    found = exact_rates(asked, Rates(1e-6, 0.01), [mean, mean + effect, mean + 2 * effect])
    missed = 1 - found.probability["failed"][1]
    draws = [f"{value:.0f}" for value in found.draws]
    assert said == [f"{found.probability['failed'][0]:.2g}", f"{missed:.2g}", *draws, str(found.most)]
