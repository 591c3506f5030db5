"""``summary.md``: says it all in the first lines, fits a comment, and lets no text out of its place."""

from __future__ import annotations

from dataclasses import replace

from ganirl_properties.report import Report
from ganirl_reports.documents.markdown_document import LIMIT, escape, to_markdown


def test_begins_with_the_headline_and_the_reckoning(mixed_report: Report) -> None:
    lines = to_markdown(mixed_report).splitlines()
    assert lines[0] == "## ✗ adapters/acme_airl.py:target: GAN ≠ EBM: not equivalent"
    assert lines[2] == mixed_report.equivalence.because
    assert lines[4] == f"**{mixed_report.reconciled()}**"


def test_tells_each_failure_once(mixed_report: Report) -> None:
    text = to_markdown(mixed_report)
    assert text.count("### ✗ E1 The generator minimises cost minus entropy: violated") == 1
    assert "float64 on cpu, also float32, bfloat16" in text
    assert "- **Let** one generator row" in text
    assert "**the reward leaves out −log q**: generator_reward equals" in text
    assert "```math\nL_G" in text
    assert "- N1 Tails of the loss: explained by the failure of E1" in text


def test_table_has_a_row_a_claim(mixed_report: Report) -> None:
    text = to_markdown(mixed_report)
    rows = [line for line in text.splitlines() if line.startswith("| A4 |")]
    assert rows == [
        f"| A4 | Discriminator as a sigmoid | {' | '.join(['✓ satisfied'] * 3)} | 0.02 | 2,000 cases |"
    ]
    widths = {
        line.count("|") for line in text.splitlines() if line.startswith(("| A4 |", "| E1 |", "| C2 |"))
    }
    assert len(widths) == 1
    assert text.count("<details>") == text.count("</details>") == 3


def test_a_good_report_is_short(good_report: Report) -> None:
    text = to_markdown(good_report)
    assert text.startswith("## ✓ adapters/acme_airl.py:target: GAN = IRL = EBM: equivalent")
    assert "###" not in text


def test_hostile_names_stay_text(mixed_report: Report) -> None:
    hostile = "<script>|@everyone|`#1`\n# heading https://evil.example [x](y) $z$"
    rows = tuple(replace(row, message=hostile, evidence=hostile) for row in mixed_report.verdicts)
    report = replace(mixed_report, verdicts=rows, run=replace(mixed_report.run, target=hostile))
    text = to_markdown(report)
    fenced = text.split("```sh")[0]
    assert "<script>" not in fenced
    assert "@everyone" not in fenced
    assert "https://" not in fenced
    assert "\n# heading" not in fenced
    assert not any("|@" in line.replace("\\|", "") for line in fenced.splitlines())


def test_identifiers_stay_readable() -> None:
    assert escape("generator_reward of L_D") == "generator_reward of L_D"
    assert escape("_private_") == "\\_private\\_"


def test_a_code_fence_in_the_target_does_not_end_the_fence(good_report: Report) -> None:
    text = to_markdown(replace(good_report, run=replace(good_report.run, target="a```b")))
    assert "````sh\n" in text


def test_fits_a_comment(mixed_report: Report) -> None:
    long = next(row for row in mixed_report.verdicts if row.counterexample)
    rows = tuple(replace(long, claim=f"X{index}", message="x" * 100) for index in range(300))
    text = to_markdown(replace(mixed_report, verdicts=rows))
    assert len(text) <= LIMIT + 200
    assert "more: see report.html" in text
