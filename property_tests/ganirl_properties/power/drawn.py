"""Cases with the truth about them, drawn once for all that is judged on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ganirl import Implementation
from ganirl_properties.cases import Setting
from ganirl_properties.checks import Check, View
from ganirl_properties.observed import NotObservedError
from ganirl_properties.search import Search, judged

from .planted import FormulaTarget
from .shared_truth import SharedView, shared

Seen = tuple[bytes | None, SharedView]


class _Asked(dict[str, Callable[..., Any]]):
    """Nodes of a formula that replaces none, and notes which are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        """Note the name, and give the right node."""
        self.names.add(key)
        return default


@dataclass(frozen=True)
class OfTheRight:
    """What the right implementation does under a check, on every case that is drawn.

    Attributes
    ----------
    passes : whether it does; what a check catches that fails what is right is not caught
    shown : cases on which the check said anything
    nodes : those that its formula asks for. A formula that replaces none of them gives the same numbers to the last
        bit, so that it passes, too. Of tabular code none are noted.
    """

    passes: bool
    shown: int
    nodes: frozenset[str]


@dataclass
class Drawn:
    """Cases of each setting with the truth about them, drawn when asked for and shared by all that is judged on them.

    Attributes
    ----------
    search : of the right implementation under the conventions of all that is judged; it draws as `verify` does
    """

    search: Search
    _truths: dict[Any, list[Seen]] = field(default_factory=dict, repr=False)
    _sources: dict[Any, Iterator[Seen]] = field(default_factory=dict, repr=False)
    _of_the_right: dict[str, OfTheRight] = field(default_factory=dict, repr=False)
    # Of the implementation that was asked last: what it gave once is not asked again.
    _last: Implementation | None = field(default=None, repr=False)
    _fresh: dict[int, Drawn] = field(default_factory=dict, repr=False)
    _views: dict[Any, list[Seen]] = field(default_factory=dict, repr=False)

    def suited(self, check: Check, implementation: Implementation) -> Iterator[Seen]:
        """Yield an implementation on the cases that a check looks at, beside the shared truth."""
        if implementation is not self._last:
            self._last = implementation
            self._views.clear()
        views = self._views.setdefault(check.setting or check.instances, [])
        for place, (data, view) in enumerate(self._drawn(check)):
            if place == len(views):
                views.append((data, view.of(implementation)))
            yield views[place]

    def views(self, setting: Setting, implementation: Implementation) -> Iterator[tuple[bytes, View]]:
        """Yield an implementation on the cases of a setting, beside the shared truth."""
        for data, view in self._of(setting, lambda: self._of_setting(setting)):
            assert data is not None
            yield data, view.of(implementation)

    def fresh(self, cases: int) -> Drawn:
        """Return cases that no claim has seen, the same ones whenever they are asked for."""
        if cases not in self._fresh:
            self._fresh[cases] = Drawn(self.search.fresh(cases))
        return self._fresh[cases]

    def of_the_right(self, check: Check) -> OfTheRight:
        """Return what the right implementation does under a check; worked out once."""
        key = f"{check.claim} {check.name}"
        if key not in self._of_the_right:
            self._of_the_right[key] = self._look(check)
        return self._of_the_right[key]

    def _look(self, check: Check) -> OfTheRight:
        right, asked = self.search.implementation, _Asked()
        if isinstance(right, FormulaTarget):
            right = replace(right, formula=replace(right.formula, nodes=asked))
        passes, shown = True, 0
        with np.errstate(all="ignore"):
            try:
                for _, view in self._drawn(check):
                    found = list(judged(check, view.of(right)))
                    passes = passes and not any(each is not None and each.failed for each in found)
                    shown += any(each is not None for each in found)
            except NotObservedError:
                pass
        return OfTheRight(passes, shown, frozenset(asked.names))

    def _drawn(self, check: Check) -> Iterator[Seen]:
        setting, instances = check.setting, check.instances
        if setting is not None:
            return self._of(setting, lambda: self._of_setting(setting))
        if instances is not None:
            return self._of(instances, lambda: self._of_instances(instances))
        return iter(())

    def _of_setting(self, setting: Setting) -> Iterator[Seen]:
        return ((data, shared(self.search.view(data, setting))) for data in self.search.drawn(setting))

    def _of_instances(self, instances: Callable[[View], Any]) -> Iterator[Seen]:
        _, first = next(self._of("batch", lambda: self._of_setting("batch")))
        return ((None, view) for view in instances(first) if isinstance(view, SharedView))

    def _of(self, key: Any, source: Callable[[], Iterator[Seen]]) -> Iterator[Seen]:
        found = self._truths.setdefault(key, [])
        if key not in self._sources:
            self._sources[key] = source()
        place = 0
        while True:
            if place == len(found):
                following = next(self._sources[key], None)
                if following is None:
                    return
                found.append(following)
            yield found[place]
            place += 1


@dataclass
class SharedSearch(Search):
    """A search whose cases, fresh ones among them, and the truth about them are shared.

    Attributes
    ----------
    beside : where they are drawn
    """

    beside: Drawn | None = None

    @staticmethod
    def of(implementation: Implementation, drawn: Drawn) -> SharedSearch:
        """Return the search of an implementation on what is drawn."""
        of = drawn.search
        return SharedSearch(
            implementation, of.framework, of.precision, of.device, of.cases, of.seed, beside=drawn
        )

    def fresh(self, cases: int) -> Search:
        """Return the same search on shared cases that no claim has seen."""
        if self.beside is None:
            return super().fresh(cases)
        return SharedSearch.of(self.implementation, self.beside.fresh(cases))

    def views(self, setting: Setting) -> list[tuple[bytes, View]]:
        """Return the shared cases of a setting."""
        if self.beside is None:
            return super().views(setting)
        if setting not in self._views:
            self._views[setting] = list(self.beside.views(setting, self.implementation))
        return self._views[setting]
