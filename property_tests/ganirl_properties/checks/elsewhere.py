"""Where else a claim looks than on cases that are drawn, so that what it finds there does not hang on the seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from ganirl_properties.cases import Setting

from .chain import long_paths
from .check import Check, View
from .far import far_on_one_side, far_out, far_out_at_optimum
from .rare import (
    long_trajectories,
    long_trajectories_of_any_density,
    rare_actions,
    rare_actions_at_optimum,
    rare_actions_of_own_policy,
)
from .settled import settled
from .sure import sure


@dataclass(frozen=True)
class _Place:
    """Where else a check looks at its number than on cases that are drawn.

    Attributes
    ----------
    name : what the check's own is preceded by there
    where : in words, for the catalogue
    claims : those that look there
    instances : setting of the drawn cases → the cases there, for code that computes log q
    given : the same for its log q alone, however the discriminator comes by its own
    """

    name: str
    where: str
    claims: tuple[str, ...]
    instances: Mapping[Setting, Callable[[View], Iterator[View]]]
    given: Callable[[View], Iterator[View]]


# Numbers that hold log q: what is off by ε/π violates their claims where an action is rare enough. Numbers made of D:
# what saturates violates theirs where |ℓ| is large enough, and what is no number there violates any. The curvature is
# off by e^δ where logits are by δ: where they are large, and not too large to be seen. Drawn cases hold such rows now
# and then, and a verdict must not be the seed's.
_PLACES = (
    _Place(
        "rare",
        "where the policy acts with π from 1 to 7e-13",
        ("A4", "B1", "B2", "B4", "B5", "C1", "C2", "C3", "E1", "I1"),
        {"batch": rare_actions_of_own_policy, "optimum": rare_actions_at_optimum},
        rare_actions,
    ),
    _Place(
        "far",
        "where D and 1 − D lose their digits in its format",
        ("B1", "B2", "B3", "C1", "C2", "E1"),
        {"batch": far_out, "optimum": far_out_at_optimum},
        far_out,
    ),
    _Place(
        "one-sided",
        "where e^ℓ of every row is 0 in its format, or not finite",
        ("A6", "B1", "B3", "B4", "C1", "C3", "D4", "E1", "S1", "S2"),
        {"batch": far_on_one_side},
        far_on_one_side,
    ),
    _Place(
        "sure",
        "where D of every row, or 1 − D, is about 1e-6",
        ("B3",),
        {"batch": sure},
        sure,
    ),
    _Place(
        "chain",
        "over all paths of up to five or six steps",
        ("E3",),
        {"population": long_paths},
        long_paths,
    ),
    _Place(
        "long",
        "of trajectories of 30 steps, whose density is down to e^-800",
        ("A4", "B1", "C1", "E1"),
        {"batch": long_trajectories_of_any_density},
        long_trajectories,
    ),
    _Place(
        "settled",
        "of processes whose values settle before their horizon",
        ("H2", "H12", "D1", "D3"),
        {"process": settled},
        settled,
    ),
)


def elsewhere(check: Check) -> Iterator[Check]:
    """Yield a check as it is in other places; none for a claim that looks at drawn cases alone."""
    for place in _PLACES:
        if check.claim in place.claims and check.setting is not None and check.setting in place.instances:
            instances = place.given if check.observables == ("log_q",) else place.instances[check.setting]
            yield replace(
                check,
                name=f"{place.name} {check.name}",
                description=f"{check.description}, {place.where}",
                setting=None,
                instances=instances,
                like=check.name,
            )
