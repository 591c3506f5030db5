"""LaTeX as one line of Unicode."""

from __future__ import annotations

import pytest

from ganirl.claims import CLAIMS
from ganirl_reports.documents.unicode_math import formula, prose


@pytest.mark.parametrize(
    ("latex", "line"),
    [
        (r"\frac{\partial L_D}{\partial b} = 1 - 2\,\mathbb{E}_\mu[D]", "∂L_D/∂b = 1 − 2 E_μ[D]"),
        (r"\log D - \log(1 - D) = \ell", "log D − log(1 − D) = ℓ"),
        (r"\tilde\mu = \tfrac12(m + q)", "μ̃ = ½(m + q)"),
        (r"D = \frac{e^{-c-b}}{e^{-c-b} + q}", "D = e^{−c−b}/(e^{−c−b} + q)"),
        (r"L_{\mathrm{cost}}^{\tilde\mu}", "L_cost^μ̃"),
        (r"\mathrm{KL}(q \,\|\, p_\theta) + b", "KL(q ‖ p_θ) + b"),
        (r"\ell \in \{0, \pm10^{-3}\}", "ℓ ∈ {0, ±10⁻³}"),
        (r"a \text{ is the generator's}", "a is the generator's"),
        (r"b = b^{*} \;\Rightarrow\; x,\qquad y", "b = b* ⇒ x,   y"),
        (r"\left(\frac{a}{2} + \sqrt{x + y}\right)", "(a/2 + √(x + y))"),
        (r"2 \log q", "2 log q"),
        (r"\nosuchcommand{x}", r"\nosuchcommand{x}"),
        (r"\frac{a", r"\frac{a"),
        (r"x_", "x_"),
    ],
)
def test_lines(latex: str, line: str) -> None:
    assert formula(latex) == line


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_every_statement_fits_a_line(claim: object) -> None:
    line = formula(claim.statement)  # type: ignore[attr-defined]
    assert "\\" not in line
    assert "\n" not in line


def test_prose() -> None:
    assert prose(r"unique where $p + q > 0$; else $\pm1$") == "unique where p + q > 0; else ±1"
    assert prose("it costs $5") == "it costs $5"
