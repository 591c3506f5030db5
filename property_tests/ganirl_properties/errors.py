"""What a user can mend: one clear sentence each, without a traceback."""


class UsageError(Exception):
    """An option, a configuration or a target that cannot be used; the message says what is wrong and the mend."""


class TargetError(UsageError):
    """A target that cannot be loaded or is not an `Implementation`."""
