"""Does it hold for this implementation? The search for a counterexample, and what it says."""

from .errors import TargetError, UsageError
from .report import Report, Verdict
from .verification import verify

__all__ = ["Report", "TargetError", "UsageError", "Verdict", "verify"]
