"""What a study is: text, tables and figures as frozen data; renderers turn it into documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

# done, of how many, and what is being done
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Table:
    """A table; cells are text or numbers, which renderers format alike.

    Attributes
    ----------
    caption : what it shows, in a sentence
    headings : of the columns
    rows : one value a column
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str | float | int, ...], ...]


@dataclass(frozen=True)
class Figure:
    """A picture drawn by matplotlib.

    Attributes
    ----------
    name : of its file, without suffix
    caption : what to see in it
    svg : the picture, an ``<svg>`` element
    """

    name: str
    caption: str
    svg: str = field(repr=False)


@dataclass(frozen=True)
class Section:
    """A heading, paragraphs (Markdown; formulas between dollar signs), then tables and figures."""

    title: str
    paragraphs: tuple[str, ...] = ()
    parts: tuple[Table | Figure, ...] = ()


@dataclass(frozen=True)
class Study:
    """The outcome of a study.

    Attributes
    ----------
    name : as the command line calls it
    title : a line
    summary : what was found, in a sentence or two
    command : the one command that makes it again
    sections : in order
    numbers : everything that was measured, as JSON data
    passed : whether everything that it claims held; a study that finds otherwise says so and exits with 1
    versions : library → version
    """

    name: str
    title: str
    summary: str
    command: str
    sections: tuple[Section, ...]
    numbers: Mapping[str, Any] = field(repr=False)
    passed: bool = True
    versions: Mapping[str, str] = field(default_factory=dict)


class RunStudy(Protocol):
    """Every study module has a function ``run`` of this kind."""

    def __call__(self, *, seed: int = 0, progress: Progress | None = None) -> Study:
        """Run the study; the same seed gives the same numbers."""
        ...


def columns(headings: Sequence[str], *values: Sequence[str | float | int]) -> tuple[tuple[Any, ...], ...]:
    """Rows of a table from its columns.

    Raises
    ------
    ValueError
        If there is not one column of values a heading, all of one length.
    """
    if len(headings) != len(values):
        raise ValueError(f"{len(headings)} headings for {len(values)} columns")
    return tuple(zip(*values, strict=True))
