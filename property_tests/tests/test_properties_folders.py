"""Targets of two folders that hold modules of the same names: each is loaded and judged with its own."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ganirl_properties import verify
from ganirl_properties.errors import TargetError
from ganirl_properties.targets import load_target
from ganirl_properties.targets.folders import alone

LIBRARY = """
def logit(case, rows):
    from its_package.last import last  # when it is called, not before
    return -(rows.features @ case.theta) - case.b - last(rows)
"""
LAST = {"right": "rows.log_q", "wrong": "0 * rows.log_q"}
SOURCE = "import sys; from pathlib import Path; source = str(Path(__file__).parent / 'src'); "
HOW = {
    "beside it": "",
    "put on the path": f"{SOURCE}sys.path.insert(0, source)\n",
    "put behind the path": f"{SOURCE}sys.path.append(source)\n",
}


@pytest.fixture(autouse=True)
def _left_as_it_was() -> Iterator[None]:
    with alone():
        yield


def two_folders(at: Path, how: str) -> dict[str, str]:
    """Write the same adapter twice, each over another library of the same name; return what names them."""
    for name, last in LAST.items():
        source = at / name / ("" if how == "beside it" else "src")
        (source / "its_package").mkdir(parents=True)
        (source / "its_package" / "__init__.py").write_text(LIBRARY)
        (source / "its_package" / "last.py").write_text(f"def last(rows):\n    return {last}\n")
        (at / name / "adapter.py").write_text(
            f"{HOW[how]}from its_package import logit\nfrom ganirl import wrap\n"
            f"target = wrap(name={name!r}, discriminator_logit=logit)\n"
        )
    return {name: f"{at / name / 'adapter.py'}:target" for name in LAST}


def failed(target: object) -> bool:
    return bool(verify(target, claims=["A4"], profile="smoke", dtypes=["float64"]).failed)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("order", [("right", "wrong"), ("wrong", "right")])
def test_two_that_are_loaded_before_either_is_judged(
    how: str, order: tuple[str, str], tmp_path: Path
) -> None:
    specs = two_folders(tmp_path, how)
    targets = {name: load_target(specs[name]) for name in order}
    for name in (*order, *order):
        assert failed(targets[name]) == (name == "wrong")


@pytest.mark.parametrize("order", [("right", "wrong"), ("wrong", "right")])
def test_two_of_which_the_program_itself_finds_the_first(order: tuple[str, str], tmp_path: Path) -> None:
    specs = two_folders(tmp_path, "beside it")
    # As `python -m` puts the working folder on the path.
    sys.path.insert(0, str(tmp_path / order[0]))
    try:
        for name in (*order, *order):
            with alone():
                assert failed(load_target(specs[name])) == (name == "wrong")
    finally:
        sys.path.remove(str(tmp_path / order[0]))


def test_a_target_is_first_on_the_path_until_another_is_loaded(tmp_path: Path) -> None:
    specs = two_folders(tmp_path, "beside it")
    path = list(sys.path)
    for name in LAST:
        load_target(specs[name])
        assert sys.path == [str(tmp_path / name), *path]
        found = importlib.import_module("its_package").__file__
        assert found == str(tmp_path / name / "its_package" / "__init__.py")


def test_what_is_shared_is_imported_once(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "its_shared_module.py").write_text("")
    specs = two_folders(tmp_path, "beside it")
    for name in LAST:
        adapter = tmp_path / name / "adapter.py"
        adapter.write_text(f"import numpy, its_shared_module as shared\n{adapter.read_text()}")
    sys.path.append(str(tmp_path / "shared"))
    try:
        modules = []
        for name in LAST:
            load_target(specs[name])
            modules.append([sys.modules[each] for each in ("its_shared_module", "numpy", "ganirl")])
    finally:
        sys.path.remove(str(tmp_path / "shared"))
        sys.modules.pop("its_shared_module", None)
    first, second = modules
    assert all(one is other for one, other in zip(first, second, strict=True))


def test_what_lies_beside_one_is_not_found_by_the_other(tmp_path: Path) -> None:
    specs = two_folders(tmp_path, "beside it")
    load_target(specs["right"])
    (tmp_path / "lost").mkdir()
    (tmp_path / "lost" / "adapter.py").write_text("import its_package\n")
    with pytest.raises(TargetError, match="its_package"):
        load_target(f"{tmp_path / 'lost' / 'adapter.py'}:target")
