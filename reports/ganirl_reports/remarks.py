"""The remark beside one verdict, for every renderer alike."""

from __future__ import annotations

from ganirl_properties.report import Run, Verdict

from .coarseness import hides
from .gaps import told
from .tabulation import ClaimRow


def remark(row: ClaimRow, verdict: Verdict, run: Run) -> str:
    """Return what there is to say of a verdict beside its evidence; empty if nothing is."""
    if verdict.verdict == "not_addressed":
        return told(verdict, run)
    return verdict.message or hides(row, verdict)
