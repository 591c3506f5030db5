"""Much work of one kind in several processes, which Ctrl-C ends without a word from each of them."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Done = TypeVar("Done")


def in_processes(work: Callable[[Task], Done], tasks: Sequence[Task], jobs: int) -> Iterator[Done]:
    """Yield what becomes of each task, in their order; ``work`` is a function of a module, so that it travels."""
    # Spawned, not forked: a forked child of a process that has used threads may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(tasks)), context, initializer=_left_to_the_parent) as pool:
        try:
            yield from pool.map(work, tasks, chunksize=1)
        finally:
            # What has not begun is not waited for.
            pool.shutdown(cancel_futures=True)


def _left_to_the_parent() -> None:
    """Ignore Ctrl-C: the parent hears it, and keeps what was done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
