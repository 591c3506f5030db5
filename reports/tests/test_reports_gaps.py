"""What was not addressed: an observable that is named would show the claim, and what does not apply, no one shows."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from rich.console import Console

from ganirl import Conventions, Gradient, Implementation, ProcessConventions, available_observables, wrap
from ganirl.logspace import sigmoid, softplus
from ganirl_properties import verify
from ganirl_properties.report import Report, Verdict
from ganirl_properties.right_variants import right_variants
from ganirl_properties.targets import load_target
from ganirl_properties.targets.numpy_process import NumpyProcess
from ganirl_reports.documents.html_document import to_html
from ganirl_reports.documents.markdown_document import to_markdown
from ganirl_reports.documents.terminal import print_report
from ganirl_reports.gaps import NEVER, WOULD, Gap, gaps, wanting


def printed(report: Report) -> list[str]:
    file = io.StringIO()
    print_report(report, Console(file=file, width=160, highlight=False, markup=False, emoji=False))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def part(whole: Implementation, names: tuple[str, ...], claims: tuple[str, ...] | None = None) -> Report:
    target = wrap(
        framework=whole.framework,
        conventions=whole.conventions,
        **{name: getattr(whole, name) for name in names},
    )
    return verify(target, profile="smoke", dtypes=["float64"], claims=claims)


def gail() -> Implementation:
    """Return a discriminator without log q, in NumPy: it gives its gradient, and its loss as a number."""

    def logit(case: Any, rows: Any) -> Any:
        return -(rows.features @ case.theta) - case.b

    def loss(case: Any) -> Any:
        return softplus(-logit(case, case.expert)).mean() + softplus(logit(case, case.generator)).mean()

    def gradient(case: Any) -> Gradient:
        parts = [
            (sigmoid(-logit(case, case.expert)) / len(case.expert), case.expert.features),
            (-sigmoid(logit(case, case.generator)) / len(case.generator), case.generator.features),
        ]
        return Gradient(sum(share @ features for share, features in parts), sum(s.sum() for s, _ in parts))

    return wrap(
        conventions=Conventions(log_q="absent", loss_form="softplus"),
        discriminator_logit=logit,
        discriminator_probability=lambda case, rows: sigmoid(logit(case, rows)),
        discriminator_loss=loss,
        discriminator_gradient=gradient,
        generator_reward=logit,
    )


def variant(name: str) -> Implementation:
    return next(each for each in right_variants() if each.id == name).implementation()


def tabular(entropy: Any) -> Implementation:
    return NumpyProcess("tabular", ProcessConventions(entropy=entropy))


WHOLE: dict[str, Callable[[], Implementation]] = {
    "numpy": lambda: load_target("numpy"),
    "without log q": gail,
    "without log Z": lambda: variant("no-log-z"),
    "batches of one size": lambda: variant("mean-of-equal-batches"),
    "causal": lambda: tabular("causal"),
    "of trajectories": lambda: tabular("trajectory"),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_what_is_named_is_judged_once_it_is_there_and_nothing_else_would_be(kind: str) -> None:
    whole = WHOLE[kind]()
    every = available_observables(whole)
    full = {row.claim: row.verdict for row in part(whole, every).verdicts}
    wanting_more: dict[tuple[str, ...], set[str]] = {}
    for name in every:
        report = part(whole, (name,))
        for row in report.verdicts:
            if row.verdict != "not_addressed":
                continue
            wanted = wanting(row, report.run)
            if wanted is None:
                assert full[row.claim] == "not_addressed", (name, row)
                continue
            for more in product(*(each.split(" or ") for each in wanted.split(" and "))):
                if set(more) <= set(every):
                    wanting_more.setdefault(tuple(sorted({name, *more})), set()).add(row.claim)
    assert wanting_more
    for names, claims in wanting_more.items():
        for row in part(whole, names, tuple(sorted(claims))).verdicts:
            assert row.verdict != "not_addressed", (names, row)


def test_the_three_line_adapter_is_told_what_it_could_show() -> None:
    def logit(case: Any, rows: Any) -> Any:
        return -(rows.features @ case.theta) - case.b - rows.log_q

    target = wrap(framework="torch", discriminator_logit=logit)
    pytest.importorskip("torch")
    report = verify(target, profile="smoke", dtypes=["float64"])
    found = gaps(report)
    assert Gap(("A5", "A9"), "discriminator_probability") in found.would
    assert Gap(("C2",), "discriminator_loss or irl_loss") in found.would
    assert found.never == (
        Gap(("S1",), "log q is handed to it, so that no policy parameter reaches this loss"),
    )
    lines = printed(report)
    (start,) = (index for index, line in enumerate(lines) if line == f"· not addressed  {WOULD}")
    assert lines[start + 1].strip() == "A5, A9: discriminator_probability"
    (end,) = (index for index, line in enumerate(lines) if line.strip() == NEVER)
    assert end > start
    assert lines[end + 1].strip().startswith("S1: log q is handed to it")
    assert "- C2: `discriminator_loss` or `irl_loss`" in to_markdown(report)
    page = to_html(report)
    assert page.index(f"<h4>{WOULD}</h4>") < page.index(f"<h4>{NEVER}</h4>")
    assert f"{NEVER}: log q is handed to it" in page


def test_code_without_log_q_is_not_told_that_log_q_is_handed_to_it() -> None:
    report = part(gail(), ("discriminator_loss", "discriminator_gradient"))
    (row,) = (row for row in report.verdicts if row.claim == "S1")
    assert (
        row.message == "log q is no part of its discriminator, so that no policy parameter reaches this loss"
    )
    assert "handed" not in to_markdown(report)


def test_a_loss_that_cannot_be_differentiated_asks_for_its_gradient() -> None:
    report = part(load_target("numpy"), ("discriminator_loss",))
    told = {claim: gap.words for gap in gaps(report).would for claim in gap.claims}
    assert told["N2"] == "discriminator_gradient"
    assert told["C2"] == "discriminator_gradient or irl_gradient"


def test_a_claim_of_another_version_is_told_by_what_it_says(good_report: Report) -> None:
    def row(claim: str, message: str) -> Verdict:
        return Verdict(claim, "float64", "cpu", "not_addressed", "none", 0, message)

    rows = (
        row("Z9", "it has no irl_loss"),
        row("Z8", "stub and log_q is still a stub: fill it in"),
        row("Z7", "the moon is full"),
    )
    assert gaps(replace(good_report, verdicts=rows)).kinds == (
        (WOULD, (Gap(("Z9",), "irl_loss"), Gap(("Z8",), "log_q (still a stub)"))),
        (NEVER, (Gap(("Z7",), "the moon is full"),)),
    )


def test_nothing_is_said_where_all_was_addressed(good_report: Report) -> None:
    assert gaps(good_report).none
    assert "not addressed" not in "\n".join(printed(good_report))
    assert 'id="gaps"' not in to_html(good_report)
    assert "Not addressed" not in to_markdown(good_report)
