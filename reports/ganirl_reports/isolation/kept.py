"""What lies in the cache folder: environments that are whole, and what builds left that failed or were killed."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ganirl_properties import UsageError

from .environment import MARKER, Environment, cache_folder, log_of, whole
from .locking import LockedError, is_locked, lock_of, locked


@dataclass(frozen=True)
class Unfinished:
    """What a build left that did not come to its end.

    Attributes
    ----------
    folder : where the environment would be
    log : what was said while it was built; None if there is none
    being_built : whether a process is at work on it now
    """

    folder: Path
    log: Path | None
    being_built: bool


def environments() -> tuple[Environment, ...]:
    """Return the environments that are whole, by name."""
    found = (whole(marker.parent) for marker in sorted(cache_folder().glob(f"*/{MARKER}")))
    return tuple(each for each in found if each is not None)


def unfinished() -> tuple[Unfinished, ...]:
    """Return what is left of builds that failed, were killed, or are going on, by name."""
    cache = cache_folder()
    names = {path.name for path in cache.glob("*") if path.is_dir()}
    names |= {path.stem for ending in ("log", "lock") for path in cache.glob(f"[!.]*.{ending}")}
    found = (cache / name for name in sorted(names) if whole(cache / name) is None)
    return tuple(
        Unfinished(folder, log_of(folder) if log_of(folder).exists() else None, is_locked(folder))
        for folder in found
    )


def remove(folder: Path) -> None:
    """Remove an environment or what is left of one, with its log and its lock.

    Raises
    ------
    UsageError
        If it cannot be removed, or is being built.
    """
    try:
        with locked(folder, removing=True):
            # Without its marker it is nobody's environment, even if the rest takes its time.
            (folder / MARKER).unlink(missing_ok=True)
            if folder.exists():
                shutil.rmtree(folder)
            log_of(folder).unlink(missing_ok=True)
    except LockedError:
        raise UsageError(
            f"{folder} is being built by another process; remove it when that has come to its end"
        ) from None
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be removed: {error.strerror or error}; close what uses it"
        ) from None


def size_of(folder: Path) -> int:
    """Return the bytes that an environment takes on disk with its log, each file once."""
    sizes: dict[tuple[int, int], int] = {}
    beside = (log_of(folder), lock_of(folder))
    inside = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    for path in (*beside, *inside):
        try:
            status = os.lstat(path)
        except OSError:  # gone since, or never there
            continue
        sizes[status.st_dev, status.st_ino] = status.st_size
    return sum(sizes.values())
