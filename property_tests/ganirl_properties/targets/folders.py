"""The folder of a user's target: two that each hold an ``airl.py`` are two libraries, in one process, too.

Python keeps what it imported by name alone, so the second adapter that says ``from airl import AIRL`` would be judged
with the library of the first. Here each folder has modules of its own: when another target is loaded or judged, what
only the folder before it could import is set aside, and it is put back when its turn comes again. What is installed
is shared as ever: torch is imported once.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

_INSTALLED = {"site-packages", "dist-packages"}


class _Folder:
    """What a target imports from beside it: on ``sys.path`` while it is here, set aside while it is not."""

    def __init__(self, path: str) -> None:
        self._entries = [path]
        self._before: frozenset[str] | None = None
        self._own: dict[str, ModuleType] = {}
        self._aside: dict[str, ModuleType] = {}

    def on_the_path(self) -> None:
        sys.path[:0] = self._entries

    def stay_on_the_path(self) -> None:
        sys.path[:0] = [entry for entry in self._entries if entry not in sys.path]

    def off_the_path(self) -> None:
        for entry in self._entries:
            if entry in sys.path:
                sys.path.remove(entry)

    def claim(self) -> None:
        """Note what has been imported since it came first, whoever else may find that, too."""
        names = {name for name in sys.modules if "." not in name} - sys.stdlib_module_names
        names -= self._before or frozenset()
        self._own.update({name: sys.modules[name] for name in names if not _is_installed(sys.modules[name])})

    def set_aside(self) -> None:
        """Take away each module that ``sys.path``, as it is now, would not find, or would find elsewhere."""
        present = {name for name, module in self._own.items() if sys.modules.get(name) is module}
        mine = {name for name in present if _is_elsewhere(name)}
        for name in [each for each in sys.modules if each.partition(".")[0] in mine]:
            self._aside[name] = sys.modules.pop(name)

    def put_back(self) -> None:
        if self._before is None:
            self._before = frozenset(sys.modules)
        sys.modules.update(self._aside)
        self._aside = {}

    def add(self, entries: Collection[str]) -> None:
        """Count what an adapter has put on ``sys.path`` itself, ``sys.path.insert(0, "../src")``, as its own."""
        if entries:
            mine = {*self._entries, *entries}
            self._entries = [entry for entry in dict.fromkeys(sys.path) if entry in mine]


def _is_installed(module: ModuleType) -> bool:
    """Whether a module is the same for all: Python's, of a package that is installed, or of no file at all."""
    places = _places(_specification(module))
    return not places or any(_INSTALLED.intersection(Path(place).parts) for place in places)


def _is_elsewhere(name: str) -> bool:
    """Whether importing a module again would give another one."""
    # importlib.util.find_spec would answer what is imported already.
    found = (finder.find_spec(name, None) for finder in sys.meta_path if hasattr(finder, "find_spec"))
    first = next((each for each in found if each is not None), None)
    return _places(first) != _places(_specification(sys.modules[name]))


def _specification(module: ModuleType) -> ModuleSpec | None:
    # Of the dictionary, as a module that imports lazily would run code to answer.
    return getattr(module, "__dict__", {}).get("__spec__")


def _places(specification: ModuleSpec | None) -> tuple[str, ...]:
    if specification is None:
        return ()
    if specification.has_location and specification.origin is not None:
        return (specification.origin,)
    return tuple(specification.submodule_search_locations or ())


_folders: dict[str, _Folder] = {}
_here: _Folder | None = None
# By identity, as an implementation need not be hashable; it is kept, so that no other comes to have its identity.
_owners: dict[int, tuple[Any, _Folder]] = {}


@contextmanager
def loading_in(path: str) -> Iterator[None]:
    """Import from a folder before all else; it stays so afterwards, for what a target imports when it is called."""
    folder = _folders.setdefault(path, _Folder(path))
    _go(folder)
    with _watched(folder):
        yield


@contextmanager
def at_home(implementation: Any) -> Iterator[None]:
    """Put the modules of an implementation's own folder in place, if `loading_in` loaded it from one."""
    _, folder = _owners.get(id(implementation), (None, None))
    if folder is None:
        yield
        return
    before = _here
    _go(folder)
    try:
        with _watched(folder):
            yield
    finally:
        _go(before)


@contextmanager
def alone() -> Iterator[None]:
    """Begin without the modules of any target's folder, and leave none behind."""
    before = _here
    _go(None)
    try:
        yield
    finally:
        _go(before)


def settle(implementation: Any) -> None:
    """Remember that an implementation belongs to the folder that is here."""
    if _here is not None:
        _owners[id(implementation)] = implementation, _here


@contextmanager
def _watched(folder: _Folder) -> Iterator[None]:
    path = list(sys.path)
    try:
        yield
    finally:
        folder.add([entry for entry in sys.path if entry not in path])


def _go(folder: _Folder | None) -> None:
    global _here  # as sys.modules and sys.path are: one of each in a process
    if folder is _here:
        if folder is not None:
            folder.stay_on_the_path()
        return
    before, _here = _here, folder
    if before is not None:
        before.off_the_path()
    if folder is not None:
        folder.on_the_path()
    if before is not None:
        before.claim()
    for other in _folders.values():
        # Of each, as what the path of the program finds, too, has stayed until a folder that has its own.
        if other is not folder:
            other.set_aside()
    if folder is not None:
        folder.put_back()
