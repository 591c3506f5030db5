"""The table of libraries: what each built-in target runs, and the version that a specification names."""

from __future__ import annotations

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from ganirl_properties import TargetError
from ganirl_properties.targets import load_target
from ganirl_properties.targets.libraries import LIBRARIES, TORCH, Library, library_of, split_version

ROOT = Path(__file__).parents[2]
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_every_built_in_target_has_a_library() -> None:
    for name in DECLARED["entry-points"]["ganirl.targets"]:
        assert library_of(name) is not None, f"{name}: add it to targets/libraries.py"


def test_every_target_is_one_and_is_named_once() -> None:
    named = [target for library in LIBRARIES for target in library.targets]
    assert set(named) <= set(DECLARED["entry-points"]["ganirl.targets"])
    assert len(named) == len(set(named))
    assert len({library.distribution for library in LIBRARIES}) == len(LIBRARIES)


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.distribution)
def test_requirements_can_be_installed_as_they_stand(library: Library) -> None:
    requirements = [Requirement(text) for text in (*library.resolved, *library.unresolved)]
    (own,) = (each for each in requirements if each.name == library.distribution)
    assert str(own.specifier) == f"=={library.version}"
    assert all(str(each.specifier).startswith("==") for each in map(Requirement, library.bare))
    assert SpecifierSet(library.python).contains("3.11.0")


def test_one_known_good_build_of_torch() -> None:
    assert TORCH in (ROOT / "constraints.txt").read_text().split()
    assert any("torch" in library.targets and library.requirement == TORCH for library in LIBRARIES)


def test_the_extra_installs_the_release_that_the_table_names() -> None:
    imitation = library_of("imitation-airl")
    assert imitation is not None
    assert imitation.requirement in DECLARED["optional-dependencies"]["imitation"]


def test_another_version_takes_the_place_of_the_pin_and_of_nothing_else() -> None:
    slim = Library("acme", "1.0", ("acme-gail",), beside=("numpy==2.0",), slim=True, bare=("tool==3",))
    assert (slim.resolved, slim.unresolved) == (("numpy==2.0",), ("tool==3", "acme==1.0"))
    assert slim.at("2.0").unresolved == ("tool==3", "acme==2.0")
    assert slim.at(None) is slim
    full = Library("acme", "1.0", ("acme-gail",), beside=("numpy==2.0",))
    assert (full.at("2.0rc1").resolved, full.unresolved) == (("numpy==2.0", "acme==2.0rc1"), ())


def test_a_build_is_no_other_version() -> None:
    torch = Library("torch", "2.13.0", ("torch",))
    assert torch.is_version("2.13.0+cpu")
    assert not torch.is_version("2.13.1")
    assert torch.at("2.13").is_version("2.13.0")


def test_what_stands_after_the_at_is_a_version() -> None:
    assert split_version("imitation-airl") == ("imitation-airl", None)
    assert split_version("imitation-airl@1.0.0") == ("imitation-airl", "1.0.0")
    assert split_version("a@b/adapter.py:target") == ("a@b/adapter.py:target", None)
    for wrong in ("imitation-airl@latest", "imitation-airl@", "imitation-airl@1.0 --pre"):
        with pytest.raises(TargetError, match="is no version"):
            split_version(wrong)


def test_a_version_that_is_here_is_run_and_another_says_how() -> None:
    here = version("numpy")
    assert load_target(f"numpy@{here}").name == load_target("numpy").name
    with pytest.raises(TargetError, match=rf"numpy {here} is installed here, not 1\.0; add --isolated"):
        load_target("numpy@1.0")
    with pytest.raises(TargetError, match="there is no built-in target 'acme'"):
        load_target("acme@1.0")
