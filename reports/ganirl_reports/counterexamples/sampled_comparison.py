"""How a script shows that draws contradict an expectation: their mean and its error, the truth, and what chance does.

The last lines bet against the claim as the test did. The wealth of code that is right is not expected to grow, so that
by Ville's inequality it reaches 2/α, on either side, with no more than a probability of α. What nothing bounds is
told by its distance in standard errors of means of sixteen, as by a t-test.
"""

from __future__ import annotations

import numpy as np

from ganirl.sequential import LARGEST_STAKE
from ganirl.sequential_normal import BLOCK, radius
from ganirl_properties.narrative import indexed
from ganirl_properties.report import Counterexample, Draws


def sampled_comparison(found: Counterexample, draws: Draws, derived: str) -> list[str]:
    """Return the lines after ``drawn``, ``found`` and ``should``; the script exits with 1 while it is contradicted.

    Parameters
    ----------
    derived : the comment on how far rounding may move an expectation
    """
    what = indexed(found.observable, found.component)
    # The sentence stands in an f-string of the script.
    plain = what.replace("\\", " ").replace('"', "'").replace("{", "{{").replace("}", "}}")
    lines = _by_bets(found, draws, derived) if draws.stakes else _by_distance(found, draws, derived)
    told = "over {len(drawn)} draws, with a standard error of {drawn.std(ddof=1) / len(drawn) ** 0.5:.3g}"
    return [
        *lines[:-2],
        f'print(f"{plain} is {{found}} on average {told}; its expectation should be {{should}}; {lines[-2]}")',
        f"sys.exit(int(not {lines[-1]}))",
    ]


def _by_bets(found: Counterexample, draws: Draws, derived: str) -> list[str]:
    low, high = draws.range
    stakes = f"{LARGEST_STAKE} * 2.0 ** -np.arange({draws.stakes}.0)"
    return [
        f"slack, low, high = {found.bound!r}, {low!r}, {high!r}  # {derived}; and the range of a draw",
        "edge, end = (should + slack, low) if found > should else (should - slack, high)",
        f"won = np.log1p(np.outer(drawn.clip(low, high) - edge, {stakes}) / (edge - end)).sum(0)  # by bets",
        f"chance = min(1.0, {2 * draws.stakes} * np.exp(-np.logaddexp.reduce(won)))",
        "the chance of such draws, if that is right, is at most {chance:.2g}",
        f"chance > {draws.alpha!r}",
    ]


def _by_distance(found: Counterexample, draws: Draws, derived: str) -> list[str]:
    if np.isnan(found.got):
        return ["a draw that is not finite has none", "np.isfinite(drawn).all()"]
    blocks = draws.count // BLOCK
    limit = float(radius(blocks, np.ones(1), draws.alpha)[0])
    return [
        f"slack = {found.bound!r}  # {derived}",
        f"means = drawn[: {blocks * BLOCK}].reshape(-1, {BLOCK}).mean(axis=1)  # nearer to normal than draws are",
        f"allowed = slack + {limit!r} * means.std()  # by chance of normal ones: α = {draws.alpha:.2g}",
        "off by {abs(means.mean() - should):.3g}, where {allowed:.3g} is allowed",
        "abs(means.mean() - should) <= allowed",
    ]
