"""``ganirl verify --isolated`` from end to end: pip, another environment, another process, and the report back."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from offline_index import look_nowhere_else, neighbours, write_wheel

import ganirl_properties
from ganirl_properties import UsageError, verify
from ganirl_properties.targets import load_target
from ganirl_reports.command_line import run
from ganirl_reports.counterexamples.saved import read_all
from ganirl_reports.counterexamples.script import known_target
from ganirl_reports.counterexamples.script import script as script_of
from ganirl_reports.isolation import overlay, recipe_for, recipes, verify_isolated
from ganirl_reports.isolation.__main__ import main as isolation
from ganirl_reports.isolation.overlay import PACKAGES, Description, description, laid_over

Capture = pytest.CaptureFixture[str]
ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

ADAPTER = """\
import acme  # installed in the environment of its own, and nowhere else
from ganirl import Conventions

print("an adapter may print what it likes")


class Acme:
    name, framework, conventions, departures = "acme", "numpy", Conventions(), {}
    versions = {"acme": acme.VERSION}

    def generator_reward(self, case, rows):
        return -(rows.features @ case.theta) - case.b

    def discriminator_logit(self, case, rows):
        return self.generator_reward(case, rows) - rows.log_q


target = Acme()
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with wheels and, after the first test, an environment for all of them.

    Two releases of acme, and of a distribution called numpy that shows the packages which are here: an
    environment made of them holds all that ganirl needs.
    """
    home = tmp_path_factory.mktemp("home")
    for version in ("1.0", "1.1"):
        shown = {"acme.py": f'VERSION = "{version}"\n', "acme_neighbours.pth": neighbours()}
        write_wheel(home / "wheels", "acme", version, shown)
    for version in ("98.0", "99.0"):
        write_wheel(home / "wheels", "numpy", version, {"numpy_neighbours.pth": neighbours()})
    return home


@pytest.fixture(autouse=True)
def _offline(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look_nowhere_else(monkeypatch, home / "wheels")
    monkeypatch.setenv("GANIRL_CACHE", str(home))
    monkeypatch.chdir(tmp_path)
    told = description()
    bare = Description(told.version, (), told.entry_points)
    monkeypatch.setattr(recipes, "description", lambda: bare)


@pytest.fixture
def adapter(tmp_path: Path) -> str:
    (tmp_path / "adapter.py").write_text(ADAPTER)
    return "adapter.py:target"


ACME = ("acme==1.0",)


def test_an_adapter_of_a_library_that_is_not_here(adapter: str, capsys: Capture, tmp_path: Path) -> None:
    words = [
        "--claims",
        "A4,E1",
        "--profile",
        "smoke",
        "--dtype",
        "float64",
        "--format",
        "json",
        "--isolated",
        "--with",
        "acme==1.0",
    ]
    assert run(["verify", adapter, *words, "--output", "out"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [row["verdict"] for row in report["verdicts"]] == ["satisfied", "violated"]
    ran = report["run"]
    assert (ran["target"], ran["isolated"], ran["requirements"]) == (adapter, True, ["acme==1.0"])
    assert ran["versions"]["acme"] == "1.0"
    again = "ganirl verify adapter.py:target --isolated --with acme==1.0 --claims A4,E1 --profile smoke"
    assert again in (tmp_path / "out" / "summary.md").read_text()
    assert "acme" not in sys.modules


def test_its_script_says_how_it_is_run_and_is_run_so(adapter: str, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["--claims", "E1", "--profile", "smoke", "--dtype", "float64", "--output", "out"]
    assert run(["verify", adapter, *words, "--isolated", "--with", "acme==1.0"]) == 1
    script = Path("out", "counterexamples", "E1-float64.py")
    text = script.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 30
    told = re.search(r" Run: python -m ganirl_reports\.isolation (.*) THIS_FILE\"\"\"$", text, re.MULTILINE)
    assert told is not None, text
    here = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert "No module named 'acme'" in here.stderr
    capfd.readouterr()
    assert isolation([*shlex.split(told[1]), str(script)]) == 1
    assert "generator_reward: should be " in capfd.readouterr().out
    # On a target that is here, it says nothing of it.
    assert "isolation" not in script_of(known_target(read_all("out")[0], "numpy"))


@pytest.mark.parametrize("words", [[], ["--with", "acme==1.0"], ["--with"], ["--help"]])
def test_without_a_target_there_is_nothing_to_run(words: list[str], capsys: Capture) -> None:
    assert isolation(words) == 2
    assert capsys.readouterr().err.startswith(
        "usage: python -m ganirl_reports.isolation [--with REQUIREMENT]… TARGET"
    )


def test_a_built_in_target_at_a_version(capsys: Capture) -> None:
    assert run(["verify", "numpy@98.0", "--isolated", "--claims", "A4", "--profile", "smoke"]) == 0
    out = capsys.readouterr().out
    assert "ganirl numpy@98.0 " in out
    assert out.splitlines()[-1].startswith("planned 2 = 2 satisfied")


def test_the_same_report_as_here(capsys: Capture) -> None:
    options: dict[str, Any] = {"claims": ("A4", "C*"), "profile": "smoke", "dtypes": ("float32",), "seed": 5}
    there = verify_isolated("numpy@98.0", **options)
    here = verify(load_target("numpy"), **options)
    assert there.verdicts == here.verdicts
    assert there.equivalence == here.equivalence
    assert there.run.conventions == here.run.conventions


def test_a_version_that_does_not_exist(capsys: Capture) -> None:
    assert run(["verify", "numpy@7.0", "--isolated"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ganirl: numpy 7.0 cannot be installed: Could not find a version")
    assert "(there are 98.0, 99.0)" in err
    assert err.count("\n") == 1


def test_progress_comes_verdict_by_verdict_as_it_is_here() -> None:
    seen: list[Any] = []
    report = verify_isolated(
        "numpy@98.0",
        claims=["A4", "B1"],
        profile="smoke",
        dtypes=["float64"],
        progress=lambda *each: seen.append(each),
    )
    assert seen == [(verdict, done, 2) for done, verdict in enumerate(report.verdicts, 1)]


def test_several_processes_there(adapter: str) -> None:
    one, two = (
        verify_isolated(adapter, requirements=ACME, claims=["A4"], profile="smoke", jobs=jobs)
        for jobs in (1, 2)
    )
    assert one.verdicts == two.verdicts
    assert len(one.verdicts) == 2


def test_what_the_engine_refuses_there_is_one_sentence_here(capfd: pytest.CaptureFixture[str]) -> None:
    words = ["--isolated", "--claims", "A4", "--profile", "smoke", "--dtype", "float8"]
    assert run(["verify", "numpy@98.0", *words]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("ganirl: there is no dtype 'float8'")
    assert err.count("\n") == 1


def test_a_target_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no file 'missing\.py'"):
        verify_isolated("missing.py:target", requirements=ACME)


def test_a_library_that_crashes(adapter: str, tmp_path: Path) -> None:
    path = tmp_path / "adapter.py"
    path.write_text("import os; os._exit(7)\n")
    with pytest.raises(UsageError, match=r"ended with code 7 without a report: the adapter, or a library"):
        verify_isolated(adapter, requirements=ACME)
    path.write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n")
    with pytest.raises(UsageError, match="ended by SIGKILL without a report"):
        verify_isolated(adapter, requirements=ACME)


def test_a_bug_there_is_a_bug_here(
    adapter: str, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An adapter that breaks the engine under its feet.
    path = tmp_path / "adapter.py"
    path.write_text(f"{ADAPTER}\nimport ganirl_properties.verification as v\nv._formats = None\n")
    assert run(["verify", adapter, "--isolated", "--with", "acme==1.0"]) == 3
    out, err = capfd.readouterr()
    assert out == ""
    assert "'NoneType' object is not callable" in err
    assert "This is a bug in ganirl" in err


def test_nothing_from_here_is_seen_there(
    adapter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = tmp_path / "poison"
    poison.mkdir()
    for name in ("acme", "sitecustomize", "ganirl_reports"):
        (poison / f"{name}.py").write_text("raise SystemExit('seen')\n")
    (tmp_path / "ganirl_reports.py").write_text("raise SystemExit('seen in the current folder')\n")
    monkeypatch.setenv("PYTHONPATH", str(poison))
    report = verify_isolated(adapter, requirements=ACME, claims=["A4"], profile="smoke")
    assert report.run.versions["acme"] == "1.0"


@pytest.mark.skipif(os.name == "nt", reason="a signal to one process of a group is POSIX")
class TestSignals:
    """Ctrl-C brings back what was done; whatever ends us, nobody is left."""

    @pytest.fixture(autouse=True)
    def _hears(self) -> Iterator[None]:
        """A shell that runs the tests in the background has made them deaf to Ctrl-C."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
        signal.signal(signal.SIGINT, before)

    @pytest.fixture
    def told(self, adapter: str, tmp_path: Path) -> Path:
        """Have the adapter write down which process it is in."""
        path = tmp_path / "adapter.py"
        path.write_text(f"import os; open('pid', 'w').write(str(os.getpid()))\n{ADAPTER}")
        return tmp_path / "pid"

    def send(self, number: int) -> Any:
        return lambda *_: os.kill(os.getpid(), number)

    def test_ctrl_c(self, adapter: str, told: Path) -> None:
        def once(verdict: Any, done: int, planned: int) -> None:
            if done == 1:
                os.kill(os.getpid(), signal.SIGINT)

        report = verify_isolated(adapter, requirements=ACME, profile="thorough", progress=once)
        assert report.run.interrupted
        assert 0 < report.summary["inconclusive"] < report.summary["planned"]
        assert self.is_gone(told)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    @pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
    def test_the_end(self, adapter: str, told: Path, name: str) -> None:
        number = getattr(signal, name)
        with pytest.raises(SystemExit) as ended:
            verify_isolated(adapter, requirements=ACME, profile="thorough", progress=self.send(number))
        assert ended.value.code == 128 + number
        assert self.is_gone(told)
        assert signal.getsignal(number) is signal.SIG_DFL

    def is_gone(self, told: Path) -> bool:
        try:
            os.kill(int(told.read_text()), 0)
        except ProcessLookupError:
            return True
        return False


class TestWhatIsBuilt:
    def test_the_library_of_a_target_and_what_ganirl_needs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recipes, "description", description)
        plan = recipe_for("imitation-gail@1.0.0", ["gymnasium==0.29.0"])
        assert plan.target == "imitation-gail@1.0.0"
        assert plan.recipe.resolved[0].startswith("torch==")
        assert {*description().requirements, "gymnasium==0.29.0"} <= set(plan.recipe.resolved)
        assert plan.recipe.unresolved[-1] == "imitation==1.0.0"
        assert plan.recipe.name == "imitation 1.0.0"

    def test_targets_of_one_library_share_its_environment(self) -> None:
        recipe = recipe_for("imitation-airl").recipe
        assert recipe == recipe_for("imitation-gail@1.0.1").recipe
        assert recipe != recipe_for("imitation-gail@1.0.0").recipe

    def test_a_package_of_someone_else_may_bring_the_target(self) -> None:
        plan = recipe_for("acme-gail", ["acme>=1"])
        assert (plan.target, plan.recipe.resolved) == ("acme-gail", ("acme>=1",))

    def test_a_wheel(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(home / "wheels")
        wheel = "acme-1.0-py3-none-any.whl"
        assert recipe_for("adapter.py:target", [wheel]).recipe.resolved == (str(home / "wheels" / wheel),)

    @pytest.mark.parametrize(
        ("target", "requirements", "words"),
        [
            ("adapter.py:target", [], "say it: --isolated --with"),
            ("exec:node adapter.js", ["acme"], "leave out --isolated"),
            ("acme-gail", [], "does not know the library of 'acme-gail', but those of"),
            ("acme-gail@1.0", ["acme"], "does not know the library"),
            ("imitation-airl@newest", [], "is no version"),
            ("numpy", ["--pre"], "is no requirement"),
            ("numpy", ["missing.whl"], "there is no file 'missing.whl'"),
            ("numpy", ["."], "give the wheel that"),
        ],
    )
    def test_refused(self, target: str, requirements: list[str], words: str) -> None:
        with pytest.raises(UsageError, match=words):
            recipe_for(target, requirements)

    def test_another_python(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("platform.python_version", lambda: "3.10.4")
        with pytest.raises(UsageError, match=r"runs on Python >=3\.11, and this is 3\.10\.4"):
            recipe_for("numpy")

    def test_with_is_for_isolated(self, capsys: Capture) -> None:
        assert run(["verify", "numpy", "--with", "acme"]) == 2
        assert "add --isolated" in capsys.readouterr().err


class TestOverlay:
    """ganirl as it is now, whichever way it came here."""

    def test_it_is_all_of_ganirl_and_no_more(self) -> None:
        shipped = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
        assert sorted(PACKAGES) == sorted(Path(each).name for each in shipped)
        with laid_over() as folder:
            names = sorted(each.name for each in folder.iterdir())
            assert names == sorted([*PACKAGES, f"ganirl-{description().version}.dist-info"])
            assert (folder / "ganirl_properties" / "verification.py").samefile(
                Path(ganirl_properties.__file__).parent / "verification.py"
            )
        assert not folder.exists()

    def test_a_checkout_is_described_by_its_pyproject(self) -> None:
        project = PROJECT["project"]
        told = description()
        assert told.version == project["version"]
        assert told.requirements == (*project["dependencies"], *project["optional-dependencies"]["certify"])
        for group, points in project["entry-points"].items():
            assert f"[{group}]" in told.entry_points
            for name, value in points.items():
                assert f"{name} = {value}\n" in told.entry_points

    def test_an_installed_one_by_its_metadata(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        class Installed:
            version = "3.0"
            requires = (
                "numpy>=1.26",
                "torch>=2.4; extra == 'torch'",
                "python-flint>=0.6; extra == 'certify'",
            )

            def read_text(self, name: str) -> str:
                return f"the text of {name}"

        place = tmp_path / "lib" / "site-packages" / "ganirl_reports" / "isolation" / "overlay.py"
        monkeypatch.setattr(overlay, "__file__", str(place))
        monkeypatch.setattr(overlay, "distribution", lambda name: Installed())
        told = description.__wrapped__()
        assert told == Description(
            "3.0", ("numpy>=1.26", "python-flint>=0.6"), "the text of entry_points.txt"
        )

    def test_copies_where_links_cannot_be_made(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: Any, **__: Any) -> None:
            raise OSError("a required privilege is not held")

        monkeypatch.setattr(Path, "symlink_to", refuse)
        with laid_over() as folder:
            copied = folder / "ganirl" / "__init__.py"
            assert not (folder / "ganirl").is_symlink()
            assert copied.read_text() == (ROOT / "reference" / "ganirl" / "__init__.py").read_text()
