"""Wrong formulas as implementations: what `ganirl power` hands to the verifier as if a library had written it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from ganirl import PRECISIONS, Case, Conventions, Gradient, ProcessConventions, Rows
from ganirl.bounds import FloatModel
from ganirl.framework import NUMPY
from ganirl.logspace import softplus
from ganirl.process_truth import ProcessTruth
from ganirl_properties.wrong_formulas import RIGHT, Pipeline, WrongFormula
from ganirl_properties.wrong_formulas.numerics import NumericForm, Rounded, Term
from ganirl_properties.wrong_formulas.process_formulas import PROCESS_RIGHT
from ganirl_properties.wrong_formulas.process_pipeline import ProcessFormula, numbers_of

Array = npt.NDArray[Any]

# A library that evaluates its own policy: every node of the pipeline is its own, and S1 can be seen.
CONVENTIONS = Conventions(log_q="computed")


@dataclass(frozen=True)
class FormulaTarget:
    """A wrong formula in float64, with every observable that its pipeline has."""

    formula: WrongFormula
    conventions: Conventions = CONVENTIONS
    framework: str = "numpy"
    departures: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def name(self) -> str:
        """As the catalogue calls it."""
        return self.formula.id

    @property
    def pipeline(self) -> Pipeline:
        """The formula under its conventions; the policy is trained through its own log q."""
        return Pipeline(self.formula, self.conventions, own_score=True)

    def discriminator_logit(self, case: Case, rows: Rows) -> Array:
        """(n,) ℓ."""
        return self.pipeline.logit(case, rows)

    def discriminator_probability(self, case: Case, rows: Rows) -> Array:
        """(n,) D."""
        return self.pipeline.probability(case, rows)

    def discriminator_loss(self, case: Case) -> Array:
        """L_D."""
        return self.pipeline.loss(case)

    def discriminator_gradient(self, case: Case) -> Gradient:
        """∂L_D in θ and b."""
        return Gradient(*self.pipeline.gradient(case))

    def discriminator_policy_gradient(self, case: Case) -> Array:
        """(S, A) what of L_D reaches the policy."""
        return self.pipeline.gradient_in_policy(case)

    def generator_reward(self, case: Case, rows: Rows) -> Array:
        """(n,) rewards."""
        return self.pipeline.reward_of(case, rows)

    def generator_loss(self, case: Case) -> Array:
        """L_G."""
        return self.pipeline.generator_loss(case)

    def generator_gradient(self, case: Case) -> Array:
        """(S, A) the policy gradient."""
        return self.pipeline.generator_gradient(case)

    def irl_gradient(self, case: Case) -> Array:
        """(d,) ∂L_IRL/∂θ."""
        return self.pipeline.irl_gradient(case)

    def irl_loss(self, case: Case) -> Array:
        """L_IRL."""
        return self.pipeline.irl_loss(case)

    def log_partition(self, case: Case) -> Array:
        """Return the estimate of log Z."""
        return self.pipeline.log_partition(case)

    def log_q(self, case: Case, rows: Rows) -> Array:
        """(n,) Σ log π."""
        return self.pipeline.log_q_of(case, rows)


@dataclass(frozen=True)
class FormTarget:
    """A loss whose digits are lost in a tail, computed as the format rounds it."""

    form: NumericForm
    conventions: Conventions = CONVENTIONS
    framework: str = "numpy"
    departures: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def name(self) -> str:
        """As the catalogue calls it."""
        return self.form.id

    def discriminator_loss(self, case: Case) -> float:
        """L_D, by terms that are rounded on the way."""
        expert, generator = self._terms(case)
        return float(case.expert.weight @ expert.value + case.generator.weight @ generator.value)

    def discriminator_gradient(self, case: Case) -> Gradient:
        """∂L_D in θ and b as autodiff takes it through the rounded terms; ∂ℓ/∂θ = −φ and ∂ℓ/∂b = −1."""
        sides = zip((case.expert, case.generator), self._terms(case), strict=True)
        slopes = [(rows.features, rows.weight * term.slope) for rows, term in sides]
        in_theta = sum((-(slope @ features) for features, slope in slopes), np.zeros(len(case.theta)))
        return Gradient(in_theta, -sum(float(slope.sum()) for _, slope in slopes))

    def _terms(self, case: Case) -> tuple[Term, Term]:
        model = FloatModel(PRECISIONS[case.precision_name], NUMPY.kappa(case.precision_name, "cpu"))
        rounding = Rounded(model, 0.0, False)
        right = Pipeline(RIGHT, self.conventions)

        def term(way: Callable[[Rounded, Array, Array], Term], rows: Rows) -> Term:
            return way(rounding, rounding(right.logit(case, rows)), right.log_q_of(case, rows))

        return term(self.form.expert, case.expert), term(self.form.generator, case.generator)


def conventions_of_process(formula: ProcessFormula) -> Conventions:
    """Return the plainest conventions of tabular code under which a formula says anything."""
    chosen = next(each for each in _OF_PROCESSES if formula.applies(each))
    return Conventions(unit="process", process=chosen, weights=True)


_OF_PROCESSES = (
    ProcessConventions(discounts=True),
    ProcessConventions(entropy="trajectory"),
    ProcessConventions(discounts=True, occupancy_scale="discounted"),
    ProcessConventions(rewards_on="state", occupancy_axes="s", discounts=True),
)


@dataclass(frozen=True)
class ProcessTarget:
    """A formula of tabular code in float64, with every observable."""

    formula: ProcessFormula
    conventions: Conventions
    framework: str = "numpy"
    departures: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def name(self) -> str:
        """As the catalogue calls it."""
        return self.formula.id

    def log_partition(self, case: Case) -> Array:
        """Log Z, or the soft value of the start."""
        return self._numbers(case)["log_partition"]

    def soft_values(self, case: Case) -> Array:
        """V, (T, S)."""
        return self._numbers(case)["soft_values"]

    def policy(self, case: Case) -> Array:
        """(T, S, A) π."""
        return self._numbers(case)["policy"]

    def occupancy(self, case: Case) -> Array:
        """Visits, along the declared axes."""
        return self._numbers(case)["occupancy"]

    def demonstration_gradient(self, case: Case) -> Array:
        """(d,) the gradient of IRL."""
        return self._numbers(case)["demonstration_gradient"]

    def _numbers(self, case: Case) -> Mapping[str, Array]:
        arithmetic = FloatModel(PRECISIONS[case.precision_name], NUMPY.kappa(case.precision_name, "cpu"))
        return numbers_of(self.formula, ProcessTruth(case, self.conventions, arithmetic))


_RIGHT_FORM = NumericForm(
    "right",
    "softplus, and its slope the sigmoid",
    "",
    (),
    expert=lambda fl, x, _: Term(fl(softplus(-x)), -fl.sigmoid(-x)),
    generator=lambda fl, x, _: Term(fl(softplus(x)), fl.sigmoid(x)),
)


Target = FormulaTarget | FormTarget | ProcessTarget


def right_beside(implementation: Target) -> Target:
    """Return the right implementation of the same kind as a wrong one, with its conventions."""
    if isinstance(implementation, ProcessTarget):
        return ProcessTarget(PROCESS_RIGHT, implementation.conventions)
    if isinstance(implementation, FormTarget):
        return FormTarget(_RIGHT_FORM, implementation.conventions)
    return FormulaTarget(RIGHT, implementation.conventions)
