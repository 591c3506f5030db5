"""Many small problems at once: lanes of one shape, each drawn as bytes of its own, judged side by side.

An implementation that says ``lanes = True`` is asked about hundreds of problems in one call. Lanes only find: one
that fails is decoded from its own bytes, judged by itself as any other case is, and shrunk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ganirl import PRECISIONS, Case, Conventions, Implementation
from ganirl.framework import Framework, Vectorising

from .batch_cases import KINDS
from .cases import BYTES_PER_CASE, Setting, generic, lanes_from_bytes
from .checks import Check, Comparison, View
from .observed import NotObservedError, ObservableError

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Drawn for each setting, and how many are asked about in one call.
LANES = {"smoke": 1024, "default": 4096, "thorough": 65536}
AT_ONCE = 256

# Lanes that fail and are judged by themselves, beside the worst one: what is said of a claim needs a few.
JUDGED_ALONE = 8

# Settings whose cases have one shape for all that they are drawn from but sizes.
SETTINGS_OF_LANES: tuple[Setting, ...] = ("batch", "optimum")


@dataclass(frozen=True)
class Lanes:
    """Cases of one shape, side by side.

    Attributes
    ----------
    data : (L, K), the bytes of each, from which alone it is decoded
    case : arrays with the L lanes in front
    generic : (L,) which of them break no rule of a generic instance (MATH section 9); the others are not counted
    """

    data: npt.NDArray[np.uint8]
    case: Case
    generic: Flags

    def __len__(self) -> int:
        return len(self.data)

    def bytes_of(self, lane: int) -> bytes:
        """Return what `case_from_bytes` decodes that lane's case from."""
        return bytes(self.data[lane])


@dataclass(frozen=True)
class Ratios:
    """A check on lanes: error over what is allowed, the worst component of each.

    Attributes
    ----------
    ratio : (L,), inf for NaN; zero where nothing was said
    decided : (L,) whether every bound says something, and a comparison was made
    """

    ratio: Array
    decided: Flags


@dataclass
class Screened:
    """What a check says of all lanes of a setting.

    Attributes
    ----------
    counted : lanes of generic cases on which it said something
    worst : the largest ratio, and of which bytes
    failing : the bytes of the first lanes that fail
    raised : why it could not be asked; nothing was asked from there on
    """

    counted: int = 0
    worst: tuple[float, bytes] | None = None
    failing: list[bytes] = field(default_factory=list)
    raised: NotObservedError | ObservableError | None = None

    def look(self, lanes: Lanes, check: Check, view: View) -> None:
        """Ask about some more lanes."""
        try:
            seen = ratios(check, view)
        except (NotObservedError, ObservableError) as why:
            self.raised = why
            return
        self.counted += int(np.count_nonzero(seen.decided & lanes.generic))
        for lane in np.flatnonzero(seen.ratio > 1.0)[: JUDGED_ALONE - len(self.failing)]:
            self.failing.append(lanes.bytes_of(int(lane)))
        lane = int(np.argmax(seen.ratio))
        if self.worst is None or seen.ratio[lane] > self.worst[0]:
            self.worst = float(seen.ratio[lane]), lanes.bytes_of(lane)

    @property
    def alone(self) -> tuple[bytes, ...]:
        """What is judged by itself: the worst lane of all, and the first that fail."""
        worst = () if self.worst is None else (self.worst[1],)
        return tuple(dict.fromkeys((*worst, *self.failing)))


def screen(drawn: Iterable[tuple[Lanes, View]], checks: Sequence[Check]) -> list[Screened]:
    """Run checks on lanes, all of them on some before any on the next: none is kept in memory."""
    found = [Screened() for _ in checks]
    for lanes, view in drawn:
        for check, screened in zip(checks, found, strict=True):
            if screened.raised is None:
                screened.look(lanes, check, view)
    return found


def takes_lanes(implementation: Implementation, framework: Framework) -> bool:
    """Whether an implementation may be asked about many problems at once: it says so, and its framework can."""
    return bool(getattr(implementation, "lanes", False)) and isinstance(framework, Vectorising)


def drawn_lanes(
    rng: np.random.Generator, setting: Setting, precision_name: str, conventions: Conventions, count: int
) -> Iterator[Lanes]:
    """Yield lanes of random bytes for ever, ``count`` of one shape after another; kinds of batches in turn."""
    precision, turn = PRECISIONS[precision_name], 0
    while True:
        data = np.frombuffer(rng.bytes(count * BYTES_PER_CASE), dtype=np.uint8).reshape(-1, count).copy().T
        data[:, 0] = turn % KINDS
        case = lanes_from_bytes(data, setting, precision, conventions)
        if conventions.equal_batches or case.expert.weight.shape != case.generator.weight.shape:
            yield Lanes(data, case, generic(case))
            turn += 1


def ratios(check: Check, view: View) -> Ratios:
    """Run a check on a view of lanes.

    Raises
    ------
    NotObservedError, ObservableError
        As the check does on one case.
    """
    lanes = view.observed.lanes
    worst, decided, said = np.zeros(lanes), np.ones(lanes, dtype=np.bool_), False
    with np.errstate(all="ignore"):
        for comparison in check.run(view):
            said = True
            ratio, finite = _of_comparison(comparison, view.safety)
            worst, decided = np.maximum(worst, ratio), decided & finite
    return Ratios(np.where(decided, worst, 0.0), decided & said)


def _of_comparison(comparison: Comparison, safety: float) -> tuple[Array, Flags]:
    lanes = len(comparison.error)
    bound = np.broadcast_to(comparison.bound, comparison.error.shape).reshape(lanes, -1)
    error = comparison.error.reshape(lanes, -1)
    ratio = np.where(error == 0.0, 0.0, error / (safety * bound))
    finite: Flags = np.all(np.isfinite(bound), axis=1)
    return np.where(np.isnan(ratio), np.inf, ratio).max(axis=1), finite
