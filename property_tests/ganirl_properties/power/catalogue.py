"""What is planted: every known wrong formula, by theme, and the format that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

from ganirl.claims import Claim, select
from ganirl_properties.errors import UsageError
from ganirl_properties.wrong_formulas import (
    WRONG_FORMULAS,
    WrongFormula,
    batches,
    density,
    estimates,
    losses,
    policies,
    rewards,
    sequences,
    slopes,
)
from ganirl_properties.wrong_formulas.numerics import NUMERIC_FORMS, NumericForm
from ganirl_properties.wrong_formulas.process_formulas import PROCESS_FORMULAS
from ganirl_properties.wrong_formulas.process_pipeline import ProcessFormula

from .planted import CONVENTIONS, FormTarget, FormulaTarget, ProcessTarget, Target, conventions_of_process

_TABULAR = "tabular/"
NUMERICS, PROCESSES = "digits lost in the tails", "tabular code"
_MODULES: tuple[tuple[str, Sequence[WrongFormula]], ...] = (
    ("logit and density", density.FORMULAS),
    ("sequences", sequences.FORMULAS),
    ("batches", batches.FORMULAS),
    ("discriminator loss", losses.FORMULAS),
    ("slopes and penalties", slopes.FORMULAS),
    ("log Z and its gradients", estimates.FORMULAS),
    ("reward", rewards.FORMULAS),
    ("generator and policy", policies.FORMULAS),
)
_THEME_OF: Mapping[str, str] = MappingProxyType(
    {formula.id: theme for theme, formulas in _MODULES for formula in formulas}
)
OTHERS = "others"
THEMES = (*(theme for theme, _ in _MODULES), OTHERS, NUMERICS, PROCESSES)


@dataclass(frozen=True)
class Planted:
    """A wrong formula to be handed in, and the format that shows it."""

    formula: WrongFormula | NumericForm | ProcessFormula
    dtype: str
    theme: str

    @property
    def implementation(self) -> Target:
        """It, as a library would have written it."""
        if isinstance(self.formula, NumericForm):
            return FormTarget(self.formula)
        if isinstance(self.formula, ProcessFormula):
            return ProcessTarget(self.formula, conventions_of_process(self.formula))
        return FormulaTarget(self.formula)

    @property
    def id(self) -> str:
        """Its name among all that is planted."""
        return self.called(self.formula.id)

    def called(self, formula: str) -> str:
        """Return how a formula of the same kind is called here: tabular code has names of its own."""
        return f"{_TABULAR}{formula}" if isinstance(self.formula, ProcessFormula) else formula

    @property
    def seen(self) -> str:
        """Where it was seen, or why it is likely; empty where that is not written down."""
        return getattr(self.formula, "seen", "")

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The claims that its code could show in its format."""
        unit = "process" if isinstance(self.formula, ProcessFormula) else CONVENTIONS.unit
        return tuple(each for each in select(None) if each.shows_in(unit) and self.dtype in each.dtypes)


def planted() -> tuple[Planted, ...]:
    """Return all known wrong formulas by theme; a loss that loses digits is judged in the format that shows it."""
    named = {formula.id for formula in WRONG_FORMULAS}
    found = (
        *(Planted(formula, "float64", _THEME_OF.get(formula.id, OTHERS)) for formula in WRONG_FORMULAS),
        *(
            Planted(form, "float64" if form.expected == ("N1b",) else "float32", NUMERICS)
            for form in NUMERIC_FORMS
            if form.id not in named
        ),
        *(Planted(formula, "float64", PROCESSES) for formula in PROCESS_FORMULAS),
    )
    return tuple(sorted(found, key=lambda each: THEMES.index(each.theme)))


def chosen(only: Sequence[str] | None) -> tuple[Planted, ...]:
    """Return the wrong formulas whose id fits one of the patterns; all where there are none.

    Raises
    ------
    UsageError
        If a pattern fits nothing.
    """
    everything = planted()
    if only is None:
        return everything
    for pattern in only:
        if not any(fnmatchcase(each.id, pattern) for each in everything):
            raise UsageError(
                f"no wrong formula is called {pattern!r}; ganirl power --list names them, and * stands for anything"
            )
    return tuple(each for each in everything if any(fnmatchcase(each.id, name) for name in only))


def columns() -> tuple[Claim, ...]:
    """Return the claims that code of any kind could show, in the catalogue's order."""
    return tuple(each for each in select(None) if each.shows_in(CONVENTIONS.unit) or each.shows_in("process"))
