"""Whether code that is asked the same thing again says something else: it draws random numbers, or keeps state."""

from __future__ import annotations

import numpy as np

from .narrative import number
from .observed import NotObservedError, ObservableError
from .search import Failure, Search, judged

_TIMES = 3


def another_answer(search: Search, failure: Failure) -> str | None:
    """Ask about the case of a failure again; return a sentence if what was compared is another number then."""
    said = failure.judgement.comparison.observable
    for _ in range(_TIMES):
        try:
            again = [each for each in judged(failure.check, search.view_of(failure.case)) if each is not None]
        except (NotObservedError, ObservableError):
            return None
        for each in again:
            first = failure.judgement.comparison.got
            if each.comparison.observable == said and not np.array_equal(
                first, each.comparison.got, equal_nan=True
            ):
                return (
                    f"asked about one case again, it says otherwise: {said} is {number(each.got)} where it was "
                    f"{number(failure.judgement.got)}; where it draws random numbers, declare what does, "
                    "Conventions(sampled=…), and its expectation is judged; else it keeps state from call to call"
                )
    return None
