"""Progress of a study, counted."""

from __future__ import annotations

from .study import Progress


class Steps:
    """Count what is done, and tell."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def done(self, what: str) -> None:
        """One more step is done."""
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total, what)
