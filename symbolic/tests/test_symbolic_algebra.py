"""The guards raise, the reduction is what it says, and a refutation is a refutation."""

import pytest
import sympy as sp

from ganirl_symbolic import symbols as s
from ganirl_symbolic.algebra import (
    AlgebraError,
    BareConstantError,
    LeftoverDerivativeError,
    LeftoverFunctionError,
    NotLinearError,
    SumNames,
    canonical,
    derivative,
    eliminate,
    merge,
    partial,
    written,
)
from ganirl_symbolic.instance import BALANCED, UNIT_EXPERT, instances, over_rows
from ganirl_symbolic.statements import NamedSumIdentity, Positivity, RowIdentity, SumIdentity

i = s.i
j = sp.Symbol("j", integer=True, positive=True)


class TestGuards:
    def test_leftover_derivative_raises(self):
        third = sp.Derivative(s.c, s.theta, s.theta, s.theta)
        with pytest.raises(LeftoverDerivativeError, match="without a name"):
            canonical(s.w_p[i] * third)

    def test_leftover_derivative_would_have_been_a_vacuous_zero(self):
        # Substituting the cost first turns dc/dθ into d(−b − log m)/dθ, which SymPy evaluates to 0.
        assert s.dc.subs(s.c, -s.b - sp.log(s.m[i])).doit() == 0
        assert canonical(s.dc) == s.first[i]

    def test_cost_of_another_row_raises(self):
        with pytest.raises(LeftoverFunctionError, match="not replaced"):
            canonical(s.cost(j, s.theta))

    def test_bare_constant_raises(self):
        with pytest.raises(BareConstantError, match=r"log\(2\)"):
            merge(s.mass_p + 2 * sp.log(2))

    def test_bare_constant_raises_in_a_statement(self):
        with pytest.raises(BareConstantError):
            SumIdentity("1 = Σ w", s.mass_p, sp.Integer(1)).judge()

    @pytest.mark.parametrize("product", [s.mass_p * s.mass_q, 1 / s.mass_p, sp.log(s.mass_p)])
    def test_nonlinear_combination_raises(self, product):
        with pytest.raises(NotLinearError, match="not linear"):
            merge(product)

    def test_different_ranges_raise(self):
        with pytest.raises(NotLinearError, match="ranges"):
            merge(s.mass_p + sp.Sum(s.w_q[i], (i, 1, s.N + 1)))

    def test_nested_sum_raises(self):
        with pytest.raises(NotLinearError, match="nested"):
            merge(s.total(s.w_p[i] * sp.Sum(s.w_q[j], (j, 1, s.N))))

    def test_index_outside_its_sum_raises(self):
        with pytest.raises(NotLinearError, match="outside"):
            merge(s.w_q[i] * s.mass_p)

    def test_sum_in_a_row_identity_raises(self):
        with pytest.raises(AlgebraError, match="a sum in an identity of rows"):
            RowIdentity("Σ", s.mass_p, s.w_p[i]).judge()


class TestReduction:
    def test_sums_with_different_dummies_merge(self):
        other = sp.Sum(s.w_p[j], (j, 1, s.N))
        assert merge(s.mass_p - other)[0] == 0

    def test_coefficients_are_distributed(self):
        summand, _ = merge(s.b * (s.mass_p + 2 * s.mass_q))
        assert sp.expand(summand - s.b * (s.w_p[i] + 2 * s.w_q[i])) == 0

    def test_canonical_writes_the_model_as_m(self):
        assert canonical(s.model) == s.m[i]
        assert canonical(s.D) == s.m[i] / (s.m[i] + s.q[i])

    def test_canonical_splits_logarithms(self):
        assert canonical(sp.log(s.D) - sp.log(s.model) + sp.log(s.model + s.q[i])) == 0

    @pytest.mark.parametrize("wrt", [(s.theta,), (s.b,), (s.b, s.b)])
    def test_derivative_under_the_sum_is_that_of_the_sum(self, wrt):
        loss = s.discriminator_loss()
        assert canonical(merge(derivative(loss, *wrt) - sp.diff(loss, *wrt))[0]) == 0

    def test_partial_takes_the_branch_in_range(self):
        x = sp.IndexedBase("x", positive=True)
        assert partial(s.total(s.h[i] * x[i] ** 3), x[i]) == 3 * s.h[i] * x[i] ** 2

    def test_named_sums_see_linear_relations(self):
        names = SumNames()
        gap = s.E_p(s.D) + s.E_p(1 - s.D) - s.mass_p
        assert sp.expand(names.name(gap)) == 0

    def test_named_sums_keep_different_sums_apart(self):
        assert sp.expand(SumNames().name(s.E_p(s.D**2) - s.E_p(s.D))) != 0

    def test_names_stand_for_their_summands(self):
        names = SumNames()
        expr = names.name(s.E_mu(s.D * (1 - s.D)))
        rebuilt = expr.xreplace(names.summands())
        assert canonical(rebuilt - (s.w_p[i] + s.w_q[i]) / 2 * s.D * (1 - s.D)) == 0

    def test_eliminate_uses_a_relation(self):
        x, y = sp.Dummy(), sp.Dummy()
        assert eliminate(x**2 - 9, [x - 3]) == 0
        assert eliminate((x + y) ** 2 - 1, [x + y - 1]) == 0
        assert eliminate(x - y, [x + y - 1]) != 0

    def test_written_abbreviates_without_reducing(self):
        assert written(s.model**2 / s.q[i]) == s.m[i] ** 2 / s.q[i]
        assert written(sp.exp(-s.c)) == sp.exp(-s.cost_row)
        assert written(s.D - s.D + sp.log(s.D)).has(sp.log)


class TestJudgement:
    def test_a_sum_that_vanishes_by_normalisation_is_neither_proved_nor_refuted(self):
        # Σ h p = Σ h q although p ≠ q: the summand does not vanish, and no instance shows a difference.
        masses = SumIdentity("Σ h p = Σ h q", s.total(s.h[i] * s.p[i]), s.total(s.h[i] * s.q[i]))
        judgement = masses.judge()
        assert not judgement.holds
        assert judgement.witness is None

    def test_score_identity_is_not_refuted(self):
        zero = SumIdentity("E_q[s] = 0", s.total(s.h[i] * s.q_phi * s.score), sp.Integer(0))
        assert not zero.judge().holds
        assert zero.judge().witness is None

    def test_condition_decides(self):
        equal = NamedSumIdentity("E_μ[D] = ½", s.E_mu(s.D), sp.Rational(1, 2), (BALANCED,))
        assert equal.judge().holds
        free = equal.twin("free", "without b*", given=()).statement.judge()
        assert not free.holds
        assert free.witness is not None

    def test_positivity_needs_every_coefficient(self):
        assert Positivity("p² + q", s.p[i] ** 2 + s.q[i]).judge().holds
        judgement = Positivity("p − q", s.p[i] - s.q[i]).judge()
        assert not judgement.holds
        assert float(judgement.witness) < 0

    def test_positivity_that_is_only_not_manifest_is_not_refuted(self):
        square = Positivity("(p − q)² + p q / 10", (s.p[i] - s.q[i]) ** 2 + s.p[i] * s.q[i] / 10).judge()
        assert not square.holds
        assert square.witness is None

    def test_balanced_instances_are_balanced(self):
        draws = instances({s.m[i], s.q[i], s.w_p[i], s.w_q[i]}, (BALANCED, UNIT_EXPERT))
        half = canonical((s.w_p[i] + s.w_q[i]) * s.D / 2)
        for rows, _ in (next(draws) for _ in range(5)):
            assert over_rows(half, i, rows) == sp.Rational(1, 2)
            assert sum(rows[s.w_p]) == 1
            assert all(weight > 0 for weight in rows[s.w_p])

    def test_instances_are_generic(self):
        rows, _ = next(instances({s.p[i], s.q[i], s.m[i]}))
        assert len({tuple(rows[base]) for base in (s.p, s.q, s.m)}) == 3
        assert sum(x * y for x, y in zip(rows[s.h], rows[s.p], strict=True)) == 1
        assert sum(x * y for x, y in zip(rows[s.h], rows[s.d_density], strict=True)) == 0
