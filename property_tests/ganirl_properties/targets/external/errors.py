"""What goes wrong between ganirl and a process: one clear sentence each."""

from __future__ import annotations

from ganirl_properties.observed import ObservableError


class ExternalError(ObservableError):
    """The process broke the protocol, died or kept silent, or said that an observable failed."""
