"""What a coarse format cannot show: a claim that holds there while a finer one says how it fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ganirl import PRECISIONS
from ganirl_properties.report import Verdict, VerdictName

from .looks import number
from .tabulation import ClaimRow

_DEPARTING: frozenset[VerdictName] = frozenset({"violated", "blocked", "waived"})


@dataclass(frozen=True)
class Hidden:
    """Claims that hold in a coarse format while they fail, or depart, in a finer one.

    Attributes
    ----------
    claims : ids, in order
    where : the coarse format
    seen : the finer one
    coarse : whether the coarse one could not have shown what was seen; else its cases just did not
    """

    claims: tuple[str, ...]
    where: str
    seen: str
    coarse: bool

    @property
    def words(self) -> str:
        """Without the claims: ``bfloat16 is too coarse to show what float64 does``."""
        return _words(self.where, self.seen, coarse=self.coarse)


def hidden(rows: Iterable[ClaimRow]) -> tuple[Hidden, ...]:
    """Return what a coarse format hides of a report, claims of one reason together."""
    found: dict[tuple[str, str, bool], dict[str, None]] = {}
    for row in rows:
        for verdict in row.present:
            seen = seen_by(row, verdict)
            if seen is not None:
                share = _share(seen, verdict)
                found.setdefault((verdict.dtype, seen.dtype, share <= 1.0), {})[row.id] = None
    return tuple(Hidden(tuple(claims), *key) for key, claims in found.items())


def hides(row: ClaimRow, verdict: Verdict) -> str:
    """Say of one row what its format hides; empty if it hides nothing."""
    seen = seen_by(row, verdict)
    if seen is None:
        return ""
    share = _share(seen, verdict)
    said = _words(verdict.dtype, seen.dtype, coarse=share <= 1.0)
    if share > 1.0:
        return said
    return f"{said}: that is about {number(share, 2)} of what rounding may do here"


def seen_by(row: ClaimRow, verdict: Verdict) -> Verdict | None:
    """Return the verdict of the finest format that shows of this claim what another one, which holds, does not."""
    if verdict.verdict != "satisfied" or verdict.dtype not in PRECISIONS:
        return None
    finer = [
        other
        for other in row.present
        if other.verdict in _DEPARTING
        and other.device == verdict.device
        and other.dtype in PRECISIONS
        and _roundoff(other) < _roundoff(verdict)
    ]
    return min(finer, key=_roundoff, default=None)


def _share(seen: Verdict, coarse: Verdict) -> float:
    """Error over what is allowed in the coarse format, of what was seen in the finer: bounds grow as roundoffs do."""
    if seen.worst is None:
        return float("inf")
    share = seen.worst.ratio * _roundoff(seen) / _roundoff(coarse)
    return share if share >= 0 else float("inf")  # NaN is no small error


def _roundoff(verdict: Verdict) -> float:
    return float(PRECISIONS[verdict.dtype].unit_roundoff)


def _words(where: str, seen: str, *, coarse: bool) -> str:
    if coarse:
        return f"{where} is too coarse to show what {seen} does"
    return f"no case in {where} shows what {seen} does"
