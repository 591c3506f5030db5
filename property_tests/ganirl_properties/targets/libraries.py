"""The library that each built-in target runs, as released: what is installed for it, and which version.

One line a library. Its version is the one that the adapter was read in; ``TARGET@VERSION`` names another. What it
needs beside itself is pinned where another release would be another program.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from ganirl_properties.errors import TargetError

# The same build as in constraints.txt. It comes first: whatever else is installed has to fit it.
TORCH = "torch==2.13.0"


@dataclass(frozen=True)
class Library:
    """What a built-in target runs.

    Attributes
    ----------
    distribution : its name on a package index
    version : the release that is installed if nobody asks for another
    targets : names of the built-in targets that run it
    beside : requirements that are resolved together with it
    slim : whether it is installed without the dependencies that it declares, since ``beside`` has all that is used
    bare : other requirements that are installed without their dependencies
    python : versions of Python on which it runs, as in ``requires-python``
    """

    distribution: str
    version: str
    targets: tuple[str, ...]
    beside: tuple[str, ...] = ()
    slim: bool = False
    bare: tuple[str, ...] = ()
    python: str = ">=3.11"

    @property
    def requirement(self) -> str:
        """The library itself, pinned: ``imitation==1.0.1``."""
        return f"{self.distribution}=={self.version}"

    @property
    def resolved(self) -> tuple[str, ...]:
        """Requirements that are installed with all that they depend on."""
        return self.beside if self.slim else (*self.beside, self.requirement)

    @property
    def unresolved(self) -> tuple[str, ...]:
        """Requirements that are installed alone."""
        return (*self.bare, self.requirement) if self.slim else self.bare

    def at(self, version: str | None) -> Library:
        """Return the library at another version, or as it is for None."""
        return self if version is None else replace(self, version=version)

    def is_version(self, installed: str) -> bool:
        """Whether an installed version is this one; a local part, ``2.13.0+cpu``, is another build of the same."""
        return SpecifierSet(f"=={self.version}").contains(installed, prereleases=True)


LIBRARIES: tuple[Library, ...] = (
    Library("numpy", "2.4.6", ("numpy", "numpy-process")),
    Library("torch", TORCH.partition("==")[2], ("torch",)),
    # In full, imitation brings datasets, optuna and sacred, which the adapters do not use: 360 MB.
    Library(
        "imitation",
        "1.0.1",
        ("imitation-airl", "imitation-gail", "imitation-mce-irl"),
        beside=(TORCH, "gymnasium==0.29.1", "pandas", "matplotlib", "tensorboard", "tqdm"),
        slim=True,
        bare=("stable-baselines3==2.2.1", "seals==0.2.1"),
    ),
    Library("irl-maxent", "0.1.0", ("irl-maxent",)),
    Library("torchrl", "0.14.1", ("torchrl-gail",), beside=(TORCH, "tensordict==0.14.3")),
    Library("tianshou", "2.0.1", ("tianshou-gail",), beside=(TORCH,)),
    Library(
        "econirl",
        "0.1.1",
        (
            "econirl-airl",
            "econirl-airl-log-odds",
            "econirl-gail",
            "econirl-gail-linear",
            "econirl-gcl",
            "econirl-mce",
            "econirl-mce-discounted",
        ),
        beside=("jax==0.10.2", "jaxlib==0.10.2", "equinox==0.13.8", "optax==0.2.8"),
    ),
)


def library_of(target: str) -> Library | None:
    """Return the library that a built-in target runs, or None for a target that is not in the table."""
    return next((library for library in LIBRARIES if target in library.targets), None)


def split_version(spec: str) -> tuple[str, str | None]:
    """Split ``imitation-airl@1.0.0`` into the target and the version of its library; None where none is named.

    A specification with a colon, a module's or a file's, has no version.

    Raises
    ------
    TargetError
        If what stands after the @ is no version.
    """
    name, at, version = spec.partition("@")
    if not at or ":" in spec:
        return spec, None
    try:
        Version(version)
    except InvalidVersion:
        raise TargetError(
            f"{version!r} in {spec!r} is no version; write it as {name}@1.0.0, or {name} alone for the release "
            "that the adapter was read in"
        ) from None
    return name, version
