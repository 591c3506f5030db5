"""LaTeX as one line of Unicode, for terminals: ``L_D = b + E_p[c_θ] − E_q[log q]``."""

from __future__ import annotations

import re

_GAP = "\u2003"
_SYMBOLS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "theta": "θ",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "ell": "ℓ", "Sigma": "Σ", "Phi": "Φ",
    "partial": "∂", "nabla": "∇", "infty": "∞", "cdot": "·", "dots": "…", "ldots": "…", "cdots": "⋯",
    "times": "×", "pm": "±", "in": " ∈ ", "notin": " ∉ ", "le": " ≤ ", "leq": " ≤ ", "ge": " ≥ ",
    "geq": " ≥ ", "ne": " ≠ ", "neq": " ≠ ", "approx": " ≈ ", "equiv": " ≡ ", "propto": " ∝ ", "to": " → ",
    "mid": " | ", "Rightarrow": " ⇒ ", "Leftrightarrow": " ⇔ ", "mapsto": " ↦ ", "langle": "⟨",
    "rangle": "⟩", "sum": "Σ", "prod": "Π", "int": "∫", "|": "‖", "{": "{", "}": "}", "%": "%", "&": "&",
    "_": "_", "#": "#", "$": "$", ",": " ", ";": " ", ":": " ", " ": " ", "!": "", "quad": _GAP,
    "qquad": _GAP, "prime": "′", "forall": "∀", "left": "", "right": "", "big": "", "Big": "", "bigl": "",
    "bigr": "", "displaystyle": "", "textstyle": "", "lvert": "|", "rvert": "|", "lfloor": "⌊",
    "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "setminus": "∖", "cup": "∪", "cap": "∩",
    "subseteq": " ⊆ ", "subset": " ⊂ ", "iff": " ⇔ ", "leftarrow": " ← ", "rightarrow": " → ", "circ": "°",
}  # fmt: skip
_FUNCTIONS = frozenset("log exp max min arg sup inf lim sin cos tanh Pr".split())  # noqa: SIM905
_PLAIN = frozenset(
    "mathbb mathrm mathbf mathcal mathit text textrm textit operatorname operatorname* mathop".split()  # noqa: SIM905
)
_ACCENTS = {
    "tilde": "\u0303",
    "widetilde": "\u0303",
    "hat": "\u0302",
    "widehat": "\u0302",
    "bar": "\u0304",
    "dot": "\u0307",
}
_RAISED = str.maketrans("0123456789+-−n*′", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ*′")
_FRACTIONS: dict[tuple[str, str], str] = {("1", "2"): "½", ("1", "3"): "⅓", ("1", "4"): "¼", ("3", "4"): "¾"}
# The spaces of a line: one between words, none inside brackets or after ∂ and a leading minus.
_SPACES = (
    (re.compile(" +"), " "),
    (re.compile(r"([(\[{⟨∂]|^) +"), r"\1"),
    (re.compile(r" +([)\]}⟩,;])"), r"\1"),
    (re.compile(r"([(\[{⟨=] ?|^)− "), r"\1−"),
    (re.compile(f" *{_GAP} *"), "   "),
)
_TOKEN = re.compile(r"\\operatorname\*|\\[A-Za-z]+|\\.|[{}^_]|\s+|.", re.DOTALL)


class _UnknownError(ValueError):
    """A command that has no place on a line."""


def formula(latex: str) -> str:
    """Return the formula on one line; its source if it holds a command that is not known."""
    try:
        text = _Reader(latex).until_end()
    except (_UnknownError, IndexError):
        return latex
    for pattern, spaced in _SPACES:
        text = pattern.sub(spaced, text)
    return text.strip()


def prose(text: str) -> str:
    """Return text in which ``$…$`` is mathematics."""
    pieces = text.split("$")
    if len(pieces) % 2 == 0:
        return text
    return "".join(formula(piece) if index % 2 else piece for index, piece in enumerate(pieces))


class _Reader:
    """Reads tokens from left to right; groups nest."""

    def __init__(self, latex: str) -> None:
        self.tokens: list[str] = _TOKEN.findall(latex)
        self.at = 0

    def until_end(self, closing: str | None = None) -> str:
        parts: list[str] = []
        while self.at < len(self.tokens):
            if self.tokens[self.at] == closing:
                self.at += 1
                return "".join(parts)
            self._append(parts, self._next())
        if closing is not None:
            raise _UnknownError(closing)
        return "".join(parts)

    def _append(self, parts: list[str], piece: str) -> None:
        # 2 log q, but −log q and (log q.
        if piece[:-1] in _FUNCTIONS and parts and (parts[-1][-1:].isalnum() or parts[-1][-1:] in ")]"):
            parts.append(" ")
        parts.append(piece)

    def _next(self) -> str:
        token = self.tokens[self.at]
        self.at += 1
        if token == "{":
            return self.until_end("}")
        if token in "^_":
            return self._script(token)
        if token.startswith("\\"):
            return self._command(token[1:])
        if token.isspace():
            return " "
        return {"-": "−", "~": " ", "'": "′"}.get(token, token)

    def _argument(self) -> str:
        while self.tokens[self.at].isspace():
            self.at += 1
        return self._next().strip()

    def _script(self, mark: str) -> str:
        text = self._argument()
        if mark == "^" and all(ord(character) in _RAISED for character in text):
            return text.translate(_RAISED)
        bare = text.rstrip("".join(_ACCENTS.values()))
        return f"{mark}{text}" if len(bare) == 1 or text.isalnum() else f"{mark}{{{text}}}"

    def _command(self, name: str) -> str:
        if name in _SYMBOLS:
            return self._symbol(name)
        if name in _FUNCTIONS:
            following = self.tokens[self.at] if self.at < len(self.tokens) else ""
            return name if following in ("_", "^", "(", "{") else f"{name} "
        if name in _PLAIN:
            return self._text() if name.startswith("text") else self._argument().replace("  ", " ")
        if name in _ACCENTS:
            return self._argument() + _ACCENTS[name]
        if name in ("frac", "tfrac", "dfrac"):
            above, below = self._argument(), self._argument()
            return _FRACTIONS.get((above, below), f"{_grouped(above)}/{_grouped(below)}")
        if name == "sqrt":
            return f"√{_grouped(self._argument())}"
        raise _UnknownError(name)

    def _symbol(self, name: str) -> str:
        if name in ("left", "right") and self.at < len(self.tokens) and self.tokens[self.at] == ".":
            self.at += 1
        return _SYMBOLS[name]

    def _text(self) -> str:
        """Return the argument of a text command with its spaces."""
        while self.tokens[self.at].isspace():
            self.at += 1
        return self._next().replace("′", "'").replace("−", "-")


def _one_thing(text: str) -> bool:
    text = re.sub(r"[\^_]\{[^{}]*\}", "", text).replace("∂ ", "∂")
    return not re.search(r"[\s+−·/,=|]", text)


def _grouped(text: str) -> str:
    enclosed = re.fullmatch(r"[\w̃̂]*[(\[{⟨][^()\[\]{}⟨⟩]*[)\]}⟩]", text)
    return text if _one_thing(text) or enclosed else f"({text})"
