"""One process at a time builds or removes an environment, and a lock's file is gone when its environment is.

The operating system gives a lock back when its holder dies. A file that is removed while somebody is about to lock it
would be two locks of one name; so every lock's file is opened, tried and removed behind one door, a lock that stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

_DOOR = ".lock"
_PAUSE = 0.1


class LockedError(Exception):
    """Another process holds the lock."""


def lock_of(folder: Path) -> Path:
    """Return the lock's file of an environment's folder."""
    return folder.with_name(f"{folder.name}.lock")


@contextmanager
def locked(
    folder: Path, waiting: Callable[[], None] | None = None, *, removing: bool = False
) -> Iterator[None]:
    """Hold the lock of an environment's folder.

    Parameters
    ----------
    folder : where the environment is or is to be; what it lies in must be there
    waiting : called once if another process holds it, which is then waited for; None does not wait
    removing : whether the lock's file goes, too, at the end

    Raises
    ------
    LockedError
        If another process holds it and nobody waits.
    """
    lock, door = FileLock(lock_of(folder)), FileLock(folder.with_name(_DOOR))
    told = False
    while not _tried(lock, door):
        if waiting is None:
            raise LockedError
        if not told:
            waiting()
            told = True
        time.sleep(_PAUSE)
    try:
        yield
        if removing:
            with door, suppress(OSError):  # Windows keeps a file that is open
                lock_of(folder).unlink()
    finally:
        lock.release()


def is_locked(folder: Path) -> bool:
    """Whether a process holds the lock of an environment's folder now."""
    if not lock_of(folder).exists():
        return False
    lock, door = FileLock(lock_of(folder)), FileLock(folder.with_name(_DOOR))
    try:
        free = _tried(lock, door)
    except OSError:  # who may not write here cannot know, and will not build
        return False
    lock.release()
    return not free


def _tried(lock: FileLock, door: FileLock) -> bool:
    with door:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        return True
