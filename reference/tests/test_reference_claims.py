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
