"""What is still to be written: an observable that its adapter's author has not filled in yet.

``@stub`` puts an object that cannot be called in the place of a function, so that an observable that is not written yet
is not there, and can say where it is to be written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Stub:
    """The place of an observable that is not filled in yet.

    Attributes
    ----------
    file : the name of the file that it is in
    line : where ``@stub`` stands
    """

    file: str
    line: int

    @property
    def where(self) -> str:
        """Where to fill it in."""
        return f"{self.file}, line {self.line}"


def stub(function: Callable[..., Any]) -> Any:
    """Mark an observable as not filled in yet; who fills it in deletes the mark.

    >>> from ganirl import stub
    >>> @stub
    ... def discriminator_logit(case, rows): ...
    >>> callable(discriminator_logit)
    False

    Raises
    ------
    TypeError
        If what it marks is not a function.
    """
    code = getattr(function, "__code__", None)
    if code is None:
        raise TypeError(f"@stub marks a function that is still to be filled in, not {function!r}")
    return Stub(Path(code.co_filename).name, code.co_firstlineno)


def stubs_of(implementation: object, names: tuple[str, ...]) -> dict[str, Stub]:
    """Return which of these observables are stubs."""
    found = {name: getattr(implementation, name, None) for name in names}
    return {name: value for name, value in found.items() if isinstance(value, Stub)}


def told(stubs: dict[str, Stub]) -> str:
    """Return the sentence about stubs, of which there is at least one: which they are, where, and what to do."""
    (name, first), *others = stubs.items()
    if not others:
        return f"{name} is still a stub: fill it in and delete its line @stub ({first.where})"
    rest = ", ".join(f"{other} ({each.where})" for other, each in others)
    if all(each.file == first.file for _, each in others):
        rest = ", ".join(f"{other} (line {each.line})" for other, each in others)
    return f"{told({name: first})}; so {'is' if len(others) == 1 else 'are'} {rest}"
