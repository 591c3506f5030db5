"""The catalogue: found by id and by pattern, built on claims that are there and on no circle."""

from __future__ import annotations

import pytest

from ganirl.claims import CLAIMS, claim, select


def test_claims_are_found_by_id_and_by_pattern() -> None:
    assert select(None) == CLAIMS
    assert select([]) == ()
    assert [each.id for each in select(["b2", "A4"])] == ["A4", "B2"]
    assert select(["c*"]) == tuple(each for each in CLAIMS if each.id.startswith("C"))
    assert claim("A4") in CLAIMS
    with pytest.raises(LookupError, match=r"no claim matches 'Q\*'; there are A1, "):
        select(["A4", "Q*"])
    with pytest.raises(LookupError, match="there is no claim 'a4'; there are A1, "):
        claim("a4")


def test_what_a_claim_builds_on_is_there_and_ends() -> None:
    below: dict[str, set[str]] = {}

    def gather(identifier: str, above: tuple[str, ...]) -> set[str]:
        assert identifier not in above, f"{identifier} builds on itself"
        if identifier not in below:
            required = claim(identifier).requires
            below[identifier] = set(required).union(
                *(gather(each, (*above, identifier)) for each in required)
            )
        return below[identifier]

    assert all(each.id not in gather(each.id, ()) for each in CLAIMS)
    assert len({each.id for each in CLAIMS}) == len(CLAIMS)


def test_an_expectation_over_resampling_is_no_claim_about_one_batch() -> None:
    """Nobody's single batch can show tier 3; what code can be seen to do is planned unless it is theory."""
    assert all(each.theory for each in CLAIMS if each.tier == 3)
    for each in CLAIMS:
        assert [unit for unit in ("trajectory", "transition", "process") if each.shows_in(unit)] == (
            [] if each.theory else sorted(each.units, key=("trajectory", "transition", "process").index)
        )


# What is algebra for any weights, and what is an expectation over samples, as the proofs have it; the rest is about
# populations.
OF_ANY_BATCH = (
    *("A4", "A5", "A6", "A9", "B1", "B2", "B3", "B4", "B5", "B7", "B9", "C1", "C2", "C3", "C4", "C8", "E1"),
    *("F7", "I1", "I2", "I3", "I4", "K2", "K7", "N1", "N1b", "N2", "S1", "S2"),
)
OF_SAMPLES = ("F4", "F5", "F8", "F10")


def test_the_tier_of_every_claim() -> None:
    tiers = dict.fromkeys(OF_ANY_BATCH, 1) | dict.fromkeys(OF_SAMPLES, 3)
    assert {each.id: each.tier for each in CLAIMS} == {each.id: tiers.get(each.id, 2) for each in CLAIMS}
    assert tiers.keys() <= {each.id for each in CLAIMS}
