"""``summary.md``: a report that fits a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ganirl_properties.report import Report, Run, Verdict
from ganirl_reports.coarseness import hidden
from ganirl_reports.gaps import WOULD, Gap, gaps
from ganirl_reports.looks import LOOKS, apart, argument, equivalence_symbol, headline, number
from ganirl_reports.notation import notation
from ganirl_reports.remarks import remark
from ganirl_reports.sampling import sampling_line
from ganirl_reports.tabulation import (
    ClaimRow,
    Failure,
    Sentence,
    called,
    catalogued,
    choices,
    failures,
    reproduce,
    tabulate,
    told_apart,
    what_worst_is,
)

# GitHub refuses a comment of more than 65,536 characters.
LIMIT = 60_000


def to_markdown(report: Report) -> str:
    """Return the summary, cut to what one comment may hold."""
    found = failures(report)
    failed, (head, tail) = (
        tell_failures(found),
        (_head(report), tell_blocked(found, report.run) + _tail(report)),
    )
    room = LIMIT - len(head) - len(tail)
    kept: list[str] = []
    for index, text in enumerate(failed):
        room -= len(text)
        if room < 0:
            kept.append(f"… and {len(failed) - index} more: see report.html.\n\n")
            break
        kept.append(text)
    return head + "".join(kept) + tail


def _head(report: Report) -> str:
    equivalence, run = report.equivalence, report.run
    symbol = equivalence_symbol(report)
    lines = [
        f"## {symbol} {escape(called(run))}: {headline(report)}",
        "",
        *([f"`{run.target}`", ""] if called(run) != run.target else []),
        escape(equivalence.because),
        "",
        f"**{escape(report.reconciled())}**",
        "",
    ]
    if (sampled := sampling_line(run)) is not None:
        lines += [escape(f"By sampling: {sampled}."), ""]
    if run.interrupted:
        lines += ["Interrupted: rows that were not finished are inconclusive.", ""]
    lines += [f"> {escape(warning)}" for warning in report.warnings]
    return "\n".join([*lines, ""])


def tell_failures(found: tuple[Failure, ...], folder: str = "") -> list[str]:
    """Return a section for each failure but the echoes; ``folder`` is where counterexamples are saved."""
    return [
        _sentence(told) if isinstance(told, Sentence) else _failure(told, folder)
        for told in told_apart(found)
        if isinstance(told, Sentence) or told.lead.verdict != "blocked"
    ]


def tell_blocked(found: tuple[Failure, ...], run: Run) -> str:
    """Return the list of the echoes; empty if there is none."""
    blocked = [each for each in found if each.lead.verdict == "blocked"]
    if not blocked:
        return ""
    lines = ["### ⊘ blocked: explained by the failures above", ""]
    for failure in blocked:
        verdict = failure.lead
        entry = catalogued(verdict.claim)
        title = f" {entry.title}" if entry else ""
        lines.append(
            f"- {escape(verdict.claim)}{title}: explained by the failure of {escape(verdict.blocked_by or '?')}"
            f"{escape(failure.in_its_formats(run))}"
        )
    return "\n".join([*lines, "", ""])


def _sentence(told: Sentence) -> str:
    look = LOOKS[told.verdict]
    lines = [
        f"### {look.symbol} {escape(', '.join(told.claims))}: {look.word}",
        "",
        escape(", ".join(told.formats)),
        "",
        escape(told.message),
        "",
    ]
    return "\n".join([*lines, ""])


def _failure(failure: Failure, folder: str) -> str:
    verdict = failure.lead
    look, entry = LOOKS[verdict.verdict], catalogued(verdict.claim)
    title = f" {entry.title}" if entry else ""
    lines = [
        f"### {look.symbol} {escape(verdict.claim)}{title}: {look.word}",
        "",
        f"{escape(verdict.dtype)} on {escape(verdict.device)}"
        + (f", also {escape(failure.also)}" if failure.also else ""),
        "",
    ]
    if entry is not None and verdict.verdict == "violated":
        lines += ["```math", entry.statement, "```", ""]
    if verdict.diagnosis is not None:
        lines += [f"**{escape(verdict.diagnosis.title)}**: {escape(verdict.diagnosis.sentence)}", ""]
    elif verdict.counterexample is not None and verdict.verdict == "violated":
        lines += [escape(verdict.message), ""]
    if verdict.counterexample is not None:
        lines += _counterexample(verdict, failure.conventions, folder)
    else:
        lines += [escape(verdict.message), ""]
    return "\n".join([*lines, ""])


def _counterexample(verdict: Verdict, conventions: Mapping[str, Any], folder: str) -> list[str]:
    found = verdict.counterexample
    assert found is not None
    got, expected = apart(found.got, found.expected)
    signs = notation(found, conventions)
    return [
        *(f"- **{word}** {escape(sentence)}" for word, sentence in argument(found)),
        *([f"- Notation: {escape(signs)}"] if signs else []),
        "",
        "| got | expected | bound | allowed |",
        "|---|---|---|---|",
        f"| {got} | {expected} | {number(found.bound)} | {number(found.allowed)} |",
        "",
        f"Saved as `{folder}counterexamples/{found.file_name.replace('`', '')}`.",
        "",
    ]


def _tail(report: Report) -> str:
    table, run = tabulate(report), report.run
    lines = [
        "<details><summary>All claims</summary>",
        "",
        f"| claim | | {' | '.join(map(escape, table.headings))} | worst | evidence |",
        f"|---|---|{'---|' * len(table.headings)}---|---|",
        *(_row(row, run) for row in table.rows),
        "",
        f"{what_worst_is(report).replace('worst:', '`worst` is', 1)}.",
        "",
        *(f"{escape(', '.join(each.claims))}: {escape(each.words)}.\n" for each in hidden(table.rows)),
        "</details>",
        *_gaps(report),
        "<details><summary>Conventions, departures and how to run it again</summary>",
        "",
        "| convention | declared | the paper's |",
        "|---|---|---|",
        *(
            f"| {escape(choice.name)} | {escape(choice.value)} | {escape(choice.paper or 'the same')} |"
            for choice in choices(run)
        ),
        "",
        *(
            f"- departs by design from {escape(claim)}: {escape(reason)}"
            for claim, reason in run.departures.items()
        ),
        "",
        code_block(reproduce(report)),
        "",
        f"ganirl {escape(run.ganirl)}, claim set {escape(run.claim_set)}, {escape(run.profile)} profile, "
        f"seed {run.seed}, {escape(run.device)}, {number(run.seconds)} s, started {escape(run.started)}; "
        + escape(", ".join(f"{name} {version}" for name, version in run.versions.items())),
        "",
        "</details>",
        "",
    ]
    return "\n".join(lines)


def _gaps(report: Report) -> list[str]:
    """Tell what the adapter could still show from what does not apply."""
    kinds = gaps(report).kinds
    if not kinds:
        return []
    lines = ["<details><summary>Not addressed</summary>", ""]
    for kind, found in kinds:
        lines += [
            f"{kind}:",
            "",
            *(f"- {escape(', '.join(gap.claims))}: {_gap(kind, gap)}" for gap in found),
            "",
        ]
    return [*lines, "</details>"]


def _gap(kind: str, gap: Gap) -> str:
    return re.sub(r"\w+_\w+", r"`\g<0>`", gap.words) if kind == WOULD else escape(gap.words)


def _row(row: ClaimRow, run: Run) -> str:
    cells = [
        "" if verdict is None else f"{LOOKS[verdict.verdict].symbol} {LOOKS[verdict.verdict].word}"
        for verdict in row.verdicts
    ]
    worst = "" if row.worst is None else number(row.worst.ratio, 2)
    speaker = row.speaker
    said = (
        speaker.evidence if speaker.verdict == "satisfied" else remark(row, speaker, run) or speaker.evidence
    )
    return f"| {escape(row.id)} | {escape(row.title)} | {' | '.join(cells)} | {worst} | {escape(said)} |"


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, on one line: no markup, no HTML, no mention of anyone."""
    text = " ".join(text.split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*\[\]|~$#]|(?<!\w)_|_(?!\w))", r"\\\1", text)
    # An empty comment after @ keeps the name readable and calls nobody; so it does for links.
    return text.replace("@", "@<!-- -->").replace("://", ":<!-- -->//")


def code_block(text: str) -> str:
    """Return a command as a block that nothing in it can end."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}sh\n{text}\n{fence}"
