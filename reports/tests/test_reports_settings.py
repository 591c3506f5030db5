"""``[tool.ganirl]``: found above the working directory, and refused where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganirl_reports.settings import Settings, SettingsError, read_settings


def write(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def test_every_key(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        [tool.ganirl]
        target = "my_library.adapter:target"
        claims = ["A4", "C*"]
        profile = "smoke"
        dtype = "float64, float32"
        seed = 7
        output = "out"
        """,
    )
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert read_settings(below) == Settings(
        target="my_library.adapter:target",
        claims=("A4", "C*"),
        profile="smoke",
        dtype=("float64", "float32"),
        seed=7,
        output=tmp_path / "out",
    )


def test_file_targets_count_from_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, '[tool.ganirl]\ntarget = "adapters/mine.py:target"\n')
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    found = read_settings(below).target
    assert found is not None
    path, _, attribute = found.rpartition(":")
    assert (below / path).resolve() == (tmp_path / "adapters/mine.py").resolve()
    assert attribute == "target"
    monkeypatch.chdir(tmp_path)
    assert read_settings(tmp_path).target == str(Path("adapters/mine.py")) + ":target"


@pytest.mark.parametrize("text", ["", "[project]\nname = 'x'\n", "[tool.ganirl]\n"])
def test_nothing_set(tmp_path: Path, text: str) -> None:
    assert read_settings(write(tmp_path, text)) == Settings()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tool.ganirl]\nprofil = 'smoke'\n", "has no key 'profil'; there are target, claims, profile"),
        ("[tool.ganirl]\nprofile = 'fast'\n", "profile in .* should be one of smoke, default, thorough"),
        ("[tool.ganirl]\nprofile = ['smoke']\n", "should be one of"),
        ("[tool.ganirl]\nseed = '7'\n", "should be a whole number"),
        ("[tool.ganirl]\nseed = true\n", "should be a whole number"),
        ("[tool.ganirl]\nclaims = 4\n", "should be a list of names"),
        ("[tool.ganirl]\nclaims = []\n", "should be a list of names"),
        ("[tool.ganirl]\noutput = ''\n", "should be text"),
        ("[tool]\nganirl = 3\n", "should be a table"),
        ("[tool.ganirl\n", "cannot read"),
    ],
)
def test_wrong_settings(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read_settings(write(tmp_path, text))
