"""Targets: built-in ones by name (entry points), anyone's as ``module:attribute`` or ``path/to/file.py:attribute``."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import Path
from types import ModuleType
from typing import Any

from ganirl import OBSERVABLES, Conventions, Implementation, available_observables
from ganirl.stub import stubs_of, told
from ganirl_properties.departing import misnamed
from ganirl_properties.errors import TargetError

from .external import PREFIX, ExternalTarget
from .folders import loading_in, settle
from .libraries import Library, library_of, split_version

GROUP = "ganirl.targets"


@dataclass(frozen=True)
class TargetInfo:
    """A named target: whether it can be loaded here, and if not, what to install."""

    name: str
    available: bool
    note: str


def load_target(spec: str) -> Implementation:
    """Return the implementation that a specification names.

    A target of one's own is imported from its own folder, whatever another one has imported by the same names; it stays
    first on ``sys.path`` until a target of another folder is loaded, and `verify` goes back to it.

    Parameters
    ----------
    spec : the name of a built-in target, ``module:attribute`` or ``path/to/file.py:attribute``; a built-in target may
        name the version of its library that has to be installed here, ``imitation-airl@1.0.1``; or ``exec:command``, a
        process that speaks the protocol of reports/docs/protocol.md

    Raises
    ------
    TargetError
        One sentence: what cannot be found, imported or used, and the mend.
    """
    if spec.startswith(PREFIX):
        loaded: Any = ExternalTarget(spec.removeprefix(PREFIX))
    elif ":" not in spec:
        name, wanted = split_version(spec)
        points = {point.name: point for point in _points()}
        if name not in points:
            raise TargetError(
                f"there is no built-in target {name!r}; there are {', '.join(sorted(points))}; "
                + (
                    f"did you mean {name}:target?"
                    if name.endswith(".py")
                    else "name your own as module:attribute or path/to/file.py:attribute"
                )
            )
        if wanted is not None:
            _check_version(name, wanted)
        loaded = _load_entry_point(points[name])
    else:
        place, _, attribute = spec.rpartition(":")
        module = _load_file(Path(os.path.expanduser(place))) if place.endswith(".py") else _load_module(place)
        loaded = _attribute(module, place, attribute)
        settle(loaded)
    check_implementation(loaded, spec)
    return loaded  # type: ignore[no-any-return]


def list_targets() -> tuple[TargetInfo, ...]:
    """Return the named targets, with what each of them is or why it cannot be loaded here."""
    found = []
    for point in sorted(_points(), key=lambda point: point.name):
        try:
            loaded = load_target(point.name)
        except _LibraryMissingError as missing:
            wanted = missing.library.requirement
            found.append(
                TargetInfo(point.name, False, f"--isolated runs it; here it needs: pip install {wanted}")
            )
        except TargetError as missing:
            found.append(TargetInfo(point.name, False, str(missing)))
        else:
            observables = len(available_observables(loaded))
            unit = loaded.conventions.unit
            found.append(
                TargetInfo(point.name, True, f"{loaded.framework}, {unit} unit, {observables} observables")
            )
    return tuple(found)


def _check_departures(candidate: Any, name: str) -> None:
    if not isinstance(candidate.departures, Mapping):
        raise TargetError(f"{name}.departures must map claim ids to reasons, not be {candidate.departures!r}")
    for claim, reason in candidate.departures.items():
        if not isinstance(claim, str):
            raise TargetError(f"{name}.departures must map claim ids to reasons; {claim!r} is no id")
        if not isinstance(reason, str) or not reason.strip():
            raise TargetError(
                f"{name}.departures gives {claim} the reason {reason!r}; say in words why it departs by design"
            )
        problem = misnamed(reason, claim, candidate.conventions.unit)
        if problem is not None:
            raise TargetError(f"{name}.departures {problem}")


def check_implementation(candidate: Any, spec: str | None = None) -> None:
    """Raise a `TargetError` unless an object meets the protocol `ganirl.Implementation`."""
    name = spec or repr(candidate)
    if isinstance(candidate, type):
        raise TargetError(f"{name} is a class; name an instance of it: target = {candidate.__name__}()")
    parts = ("name", "conventions", "departures", "framework")
    for part in (*parts, "versions", "lanes", *OBSERVABLES):
        _check_readable(candidate, name, part)
    missing = [part for part in parts if not hasattr(candidate, part)]
    if missing:
        none = " (departures = {} says that there are none)" if "departures" in missing else ""
        raise TargetError(
            f"{name} is not an Implementation: it has no {', no '.join(missing)}{none}; "
            "ganirl.wrap(discriminator_logit=…, discriminator_loss=…) makes one of plain callables"
        )
    if not isinstance(candidate.conventions, Conventions):
        raise TargetError(f"{name}.conventions must be a ganirl.Conventions, not {candidate.conventions!r}")
    for part in ("name", "framework"):
        if not isinstance(getattr(candidate, part), str):
            raise TargetError(f"{name}.{part} must be a string, not {getattr(candidate, part)!r}")
    lanes = getattr(candidate, "lanes", False)
    if not isinstance(lanes, bool):
        raise TargetError(f"{name}.lanes must be True or False, not {lanes!r}")
    _check_departures(candidate, name)
    if not isinstance(getattr(candidate, "versions", {}), Mapping):
        raise TargetError(f"{name}.versions must map libraries to versions, not be {candidate.versions!r}")
    if not available_observables(candidate):
        stubs = stubs_of(candidate, tuple(OBSERVABLES))
        raise TargetError(
            f"{name} has nothing to verify yet: {told(stubs)}"
            if stubs
            else f"{name} has no observable; give it at least one of {', '.join(OBSERVABLES)}"
        )


def _check_readable(candidate: Any, name: str, part: str) -> None:
    """Raise unless an attribute is absent or can be read: a property that raises is neither."""
    try:
        getattr(candidate, part)
    except KeyboardInterrupt:
        raise
    except BaseException as failure:  # SystemExit, too
        if isinstance(failure, AttributeError) and not _is_declared(candidate, part):
            return
        raise TargetError(
            f"{name}.{part} cannot be read: it raised {_said(failure)}; an observable is a method"
            if part in OBSERVABLES
            else f"{name}.{part} cannot be read: it raised {_said(failure)}"
        ) from failure


def _is_declared(candidate: Any, part: str) -> bool:
    try:
        inspect.getattr_static(candidate, part)
    except AttributeError:
        return False
    return True


def _observables_of(value: Any) -> tuple[str, ...]:
    try:
        return available_observables(value)
    except Exception:  # whatever else a module holds
        return ()


def _points() -> Iterator[EntryPoint]:
    yield from entry_points(group=GROUP)


class _LibraryMissingError(TargetError):
    """The library that a built-in target runs is not installed here."""

    def __init__(self, target: str, library: Library, missing: ImportError) -> None:
        super().__init__(
            f"the target {target!r} needs a library that is not here ({missing}); add --isolated to run it in an "
            f"environment of its own, or install it here with: pip install {library.requirement}"
        )
        self.library = library


def _load_entry_point(point: EntryPoint) -> Any:
    try:
        return point.load()
    except ImportError as missing:
        library = library_of(point.name)
        if library is None:
            raise TargetError(
                f"the target {point.name!r} needs a library that is not here ({missing})"
            ) from missing
        raise _LibraryMissingError(point.name, library, missing) from missing
    except (Exception, SystemExit) as failure:
        raise TargetError(f"the target {point.name!r} cannot be imported: {_said(failure)}") from failure


def _check_version(target: str, wanted: str) -> None:
    """Raise unless the library that a target runs is installed here in the version that is asked for."""
    library = library_of(target)
    if library is None:
        raise TargetError(f"the target {target!r} is not known by a library whose version could be chosen")
    library = library.at(wanted)
    mend = "add --isolated to run that version in an environment of its own"
    try:
        installed = version(library.distribution)
    except PackageNotFoundError:
        raise TargetError(f"{library.distribution} is not installed here; {mend}") from None
    if not library.is_version(installed):
        raise TargetError(f"{library.distribution} {installed} is installed here, not {wanted}; {mend}")


def _load_module(name: str) -> ModuleType:
    try:
        # A target beside the user, as `python -m` would find it.
        with loading_in(str(Path.cwd())):
            return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name and (name == missing.name or name.startswith(missing.name + ".")):
            raise TargetError(f"there is no module {name!r} here or on the path") from missing
        raise TargetError(f"{name} cannot be imported: {_said(missing)}") from missing
    except (Exception, SystemExit) as failure:
        raise TargetError(f"{name} cannot be imported: {_said(failure)}") from failure


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise TargetError(f"there is no file {str(path)!r}")
    name = f"ganirl_target_{path.stem}"
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise TargetError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(specification)
    try:
        with loading_in(str(path.resolve().parent)):
            sys.modules[name] = module
            specification.loader.exec_module(module)
    except (Exception, SystemExit) as failure:
        raise TargetError(f"{path} cannot be imported: {_said(failure)}") from failure
    return module


def _attribute(module: ModuleType, place: str, attribute: str) -> Any:
    found: Any = module
    for part in (attribute or "target").split("."):
        if not hasattr(found, part):
            names = [name for name, value in vars(module).items() if _observables_of(value)]
            mend = f"; it has {', '.join(names)}" if names else ""
            raise TargetError(f"{place} has no attribute {attribute!r}{mend}")
        found = getattr(found, part)
    return found


def _said(failure: BaseException) -> str:
    lines = str(failure).strip().splitlines()
    return f"{type(failure).__name__}: {lines[0]}" if lines else type(failure).__name__
