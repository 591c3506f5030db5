"""What a check asks of any minibatch is of tier 1: a statement about populations would fail right code there."""

from __future__ import annotations

from ganirl.claims import CLAIMS
from ganirl_properties.checks import CHECKS, kind_of

# A constant in the cost is invisible on any batch, too: that part of D4 is what can be observed of it.
ON_A_BATCH_ALL_THE_SAME = {"D4"}


def test_minibatches_are_asked_about_tier_1_alone() -> None:
    settings: dict[str, set[str | None]] = {}
    for check in CHECKS:
        settings.setdefault(check.claim, set()).add(check.setting)
    assert settings["A4"] & {"batch"}
    for claim in CLAIMS:
        asked = settings.get(claim.id, set()) - {None}  # cases of their own are of either sort
        if claim.id in ON_A_BATCH_ALL_THE_SAME:
            assert asked == {"batch"}
        else:
            assert asked <= (
                {"batch", "optimum"} if claim.tier == 1 else {"matched", "population", "converged", "process"}
            )


def test_a_check_on_other_cases_is_of_the_kind_of_a_check_of_the_same_claim() -> None:
    drawn = {(check.claim, check.name) for check in CHECKS if not check.like}
    for check in CHECKS:
        kind = kind_of(check.claim, check.name)
        assert kind == (check.like or check.name)
        assert (check.claim, kind) in drawn
    assert any(check.like for check in CHECKS)
    assert kind_of("A4", "no such check") == "no such check"
