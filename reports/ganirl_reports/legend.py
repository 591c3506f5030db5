"""What the symbols mean: those of Finn et al. (2016), and the few that this project adds."""

from __future__ import annotations

import re
from collections.abc import Iterator

# pattern of the symbol in LaTeX, how it is shown, what it means
_LEGEND: tuple[tuple[str, str, str], ...] = (
    (r"c_\\theta|c_\{?\\theta|\bc\b|c'", "c_\\theta, c'", "cost of a trajectory, and its derivative in θ"),
    (r"\bb\b", "b", "the parameter that stands for log Z (the paper writes log Z for both)"),
    (r"b\^\{?\*|Z\^\{?\*", "b^{*}", "the b that minimises L_D, log Z* in the paper"),
    (r"Z_\\theta", "Z_\\theta", "the true partition function, Σ h e^{−c}"),
    (r"\bh\b", "h", "base measure: 1 on a plain space, ρ0 Π P on an MDP; densities are with respect to it"),
    (r"p_\\theta|p_\{\\theta", "p_\\theta", "the model, e^{−c}/Z"),
    (r"\bm\b", "m", "e^{−c−b}, the model with b in place of log Z"),
    (r"\bp\b", "p", "density of the data"),
    (r"\bq\b", "q", "density of the generator"),
    (r"\\ell", "\\ell", "logit of D, −c − b − log q"),
    (r"\\langle", "\\langle f \\rangle", "a sum Σ f over all rows, named"),
    (r"\\tilde\\mu|\\tilde\{\\mu\}", "\\tilde\\mu", "½(m + q), the mixture as the model has it"),
    (r"\\mu\b", "\\mu", "½(p + q), the mixture that samples come from"),
    (r"w\^\{?p|w\^p", "w^p, w^q", "weights of the rows of the expert's and of the generator's batch"),
    (r"\bw\b(?!\^)", "w", "importance weight, e^{−c} over the density in the denominator"),
    (r"s_\\varphi|\bs\b", "s_\\varphi", "score, ∂ log q/∂φ"),
    (
        r"L_\{?\\mathrm\{cost\}",
        "L_{\\mathrm{cost}}",
        "E_p[c] + log Z, the likelihood; with μ̃ the sampled one, eq. (4)",
    ),
    (r"\bL_D\b", "L_D", "the discriminator's loss, E_p[−log D] + E_q[−log(1 − D)]"),
    (r"\bL_G\b", "L_G", "the generator's loss, E_q[log(1 − D) − log D]"),
    (r"\\pi\b", "\\pi", "policy; π* the soft-optimal one"),
    (
        r"\bS\\,B|S\s*B\b",
        "B, S",
        "bound of the rounding error of sound code, from that case's own numbers; S = 2 for safety",
    ),
    (r"\\mathrm\{fl\}", "\\mathrm{fl}", "as computed in floating point"),
    (r"\\kappa", "\\kappa", "cumulants of the weights"),
    (r"\\mathrm\{CV\}|CV", "CV", "coefficient of variation of the weights"),
)


def legend(latex: str) -> Iterator[tuple[str, str]]:
    """Yield (symbol as LaTeX, meaning) of every symbol that occurs in a text."""
    bare = re.sub(
        r"\\(text|mathrm|operatorname\*?)\{[^{}]*\}", lambda found: found[0].replace(" ", "~"), latex
    )
    for pattern, shown, meaning in _LEGEND:
        if re.search(pattern, bare):
            yield shown, meaning
