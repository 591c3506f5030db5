"""How packages get into a virtual environment: by uv where it is on the path, else by venv and pip.

Both read their own configuration, so that an index, a proxy or an offline folder of the user's (PIP_*, UV_*) is
honoured; only what says *where* to install is left out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TextIO

from packaging.version import Version

from ganirl_properties import UsageError

from .processes import started

Say = Callable[[str], None]
CHOICE = "GANIRL_INSTALLER"
# Settings that would install elsewhere than in the environment, or make its Python find what is outside of it.
_MISLEADING = (
    "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE", "PYTHONEXECUTABLE", "VIRTUAL_ENV",
    "__PYVENV_LAUNCHER__", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_DRY_RUN",
    "UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_PROJECT_ENVIRONMENT",
)  # fmt: skip
_REMEMBERED = 200


def environment_variables() -> dict[str, str]:
    """Return those of this process without any that point out of a virtual environment."""
    return {name: value for name, value in os.environ.items() if name.upper() not in _MISLEADING}


def python_of(folder: Path) -> Path:
    """Return where a virtual environment has its interpreter."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@dataclass(frozen=True)
class Installer:
    """The commands of one tool.

    Attributes
    ----------
    name : ``"uv"`` or ``"pip"``
    create : words that make an environment, but for its folder
    program : words that install into it, given its interpreter
    """

    name: str
    create: tuple[str, ...]
    program: Callable[[Path], tuple[str, ...]]

    def install(self, folder: Path, requirements: Sequence[str], *, alone: bool) -> tuple[str, ...]:
        """Return the command that installs requirements; alone means without what they depend on."""
        return (*self.program(python_of(folder)), *(["--no-deps"] if alone else []), *requirements)


def chosen_installer() -> Installer:
    """Return uv if it is on the path, else pip; GANIRL_INSTALLER=pip or uv decides otherwise.

    Raises
    ------
    UsageError
        If GANIRL_INSTALLER names another, or uv where there is none.
    """
    wanted, uv = os.environ.get(CHOICE), shutil.which("uv")
    if wanted not in (None, "", "pip", "uv"):
        raise UsageError(f"{CHOICE} should be pip or uv, not {wanted!r}")
    if wanted == "uv" and uv is None:
        raise UsageError(f"{CHOICE} is uv, but there is no uv on the path; install it, or leave {CHOICE} out")
    if uv is not None and wanted != "pip":
        return Installer(
            "uv",
            (uv, "venv", "--no-project", "--python", sys.executable),
            lambda python: (uv, "pip", "install", "--python", str(python)),
        )
    return _pip()


def _pip() -> Installer:
    """Return the pip that is here, which installs elsewhere; where it is old or missing, environments get their own."""
    # Bytecode is left to the first import, if that may write it: to compile all of PyTorch and SciPy takes a minute.
    compiling = () if sys.flags.dont_write_bytecode else ("--no-compile",)
    options = (
        "install", "--no-input", "--disable-pip-version-check", "--no-user", "--no-warn-script-location",
        *compiling,
    )  # fmt: skip
    create = (sys.executable, "-I", "-m", "venv")
    try:
        reaches_elsewhere = Version(version("pip")) >= Version("22.3")
    except PackageNotFoundError:
        reaches_elsewhere = False
    if reaches_elsewhere:
        return Installer(
            "pip",
            (*create, "--without-pip"),
            lambda python: (sys.executable, "-P", "-m", "pip", "--python", str(python), *options),
        )
    return Installer("pip", create, lambda python: (str(python), "-m", "pip", *options))


def run_step(command: Sequence[str], *, what: str, tool: str, log: TextIO, say: Say) -> None:
    """Run one command of an installation; what it says goes to the log, and line by line to ``say``.

    Parameters
    ----------
    what : what is to be had, as a sentence names it: ``"imitation 1.0.1"``

    Raises
    ------
    UsageError
        If it fails: the reason that the tool gives, and where the log is.
    """
    print("$", *command, file=log, flush=True)
    last: deque[str] = deque(maxlen=_REMEMBERED)
    try:
        with started(
            command, env=environment_variables(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                log.write(line)
                log.flush()
                last.append(line.rstrip())
                if shown := _shown(line):
                    say(shown)
            code = process.wait()
    except OSError as error:
        raise UsageError(f"{what} cannot be installed: {command[0]} does not start ({error})") from None
    if code != 0:
        raise UsageError(
            f"{what} cannot be installed: {_reason(list(last), code)}; all that {tool} said is in {log.name}"
        )


def _shown(line: str) -> str:
    """Return what a line says is going on, with names instead of paths; nothing for remarks and for bars."""
    text = re.sub(r"(\S*/)+", "", line.strip())
    return "" if text.startswith(("WARNING", "Looking in", "━", "$")) else text[:70]


def _reason(lines: Sequence[str], code: int) -> str:
    """Return the reason among the last lines of pip or uv, as one sentence."""
    told = [line.strip() for line in lines if line.strip()]
    first = next((at for at, line in enumerate(told) if re.match(r"(ERROR|error|Error|×)\b|×", line)), None)
    if first is None:
        reason = told[-1] if told else f"it ended with code {code}"
    elif told[first].startswith("ERROR"):  # pip: one error a line, the first is the cause
        reason = told[first].removeprefix("ERROR:")
    else:  # uv: one error, over several lines
        reason = " ".join(re.sub(r"^([×╰─▶│├ ]+|(error|cause):)\s*", "", line) for line in told[first:])
    reason = re.sub(r"\(from versions: (.*?)\)", lambda found: f"(there are {_newest(found[1])})", reason)
    if any("Retrying" in line or "dns error" in line for line in told):
        reason += ", and the package index could not be reached"
    return " ".join(reason.split()).rstrip(".")[:400]


def _newest(versions: str) -> str:
    every = versions.split(", ")
    return versions if len(every) <= 6 else f"…, {', '.join(every[-5:])}"
