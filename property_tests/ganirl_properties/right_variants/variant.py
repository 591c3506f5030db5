"""A right implementation that looks odd: what it does, and the algebra by which it is right all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ganirl import OBSERVABLES, Conventions, Implementation, wrap


@dataclass(frozen=True)
class RightVariant:
    """An implementation that no claim may fail.

    Attributes
    ----------
    id : kebab-case, unique
    title : what looks odd
    why : the algebra, in a sentence
    framework : whose arrays it computes with
    formats : what it is judged in
    conventions : as declared
    declared : whether every convention that it takes is declared; else it is right "up to" one
    author : a class whose methods are observables
    """

    id: str
    title: str
    why: str
    framework: str
    formats: tuple[str, ...]
    conventions: Conventions
    declared: bool
    author: type[Any] = field(repr=False)

    def implementation(self) -> Implementation:
        """Return a new one, that has kept nothing of earlier calls."""
        return implementation_of(self.author, self.id, self.framework)


def implementation_of(author: type[Any], name: str, framework: str) -> Implementation:
    """Wrap an instance of a class, but for the observables that it hides, as its adapter would."""
    library = author()
    observables = {
        observable: getattr(library, observable)
        for observable in OBSERVABLES
        if callable(getattr(library, observable, None)) and observable not in author.hidden
    }
    return wrap(
        name=name,
        framework=framework,
        conventions=author.conventions,
        departures=getattr(author, "departures", {}),
        **observables,
    )


@dataclass
class Shelf:
    """The variants of one kind, in the order in which they are written."""

    framework: str
    formats: tuple[str, ...]
    variants: list[RightVariant] = field(default_factory=list)

    def right(
        self,
        id: str,  # noqa: A002
        title: str,
        why: str,
        *,
        declared: bool = True,
        formats: tuple[str, ...] | None = None,
    ) -> Callable[[type[Any]], type[Any]]:
        """Put a class here."""

        def put(author: type[Any]) -> type[Any]:
            self.variants.append(
                RightVariant(
                    id,
                    title,
                    why,
                    self.framework,
                    formats or self.formats,
                    author.conventions,
                    declared,
                    author,
                )
            )
            return author

        return put
