"""Where another machine can have this very ganirl from."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname


def address_of_ganirl() -> str:
    """Return where this ganirl was installed from (PEP 610), as pip takes it.

    ``git+https://…@commit`` or another URL; of a clone, that which it was cloned from; ``file:…`` where nobody else can
    have it; empty if it came from an index.
    """
    try:
        known = json.loads(distribution("ganirl").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return ""
    vcs, url = known.get("vcs_info"), str(known.get("url", ""))
    if vcs:
        return f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
    if not url.startswith("file:"):
        return url
    return _cloned_from(Path(url2pathname(urlsplit(url).path))) or url


def _cloned_from(folder: Path) -> str:
    """Return where a clone has its commits from; empty where that is no place that others reach."""
    # A folder inside of some other repository is no clone of ganirl.
    top = _git(folder, "rev-parse", "--show-toplevel")
    if not top or Path(top).resolve() != folder.resolve():
        return ""
    url = reachable(_git(folder, "config", "--get", "remote.origin.url"))
    if not url:
        return ""
    # A commit that was not pushed is nowhere but here.
    pushed = _git(folder, "branch", "--remotes", "--contains", "HEAD")
    commit = _git(folder, "rev-parse", "HEAD") if pushed else ""
    return f"git+{url}@{commit}" if commit else f"git+{url}"


def reachable(remote: str) -> str:
    """Return the address of a remote as pip takes it, without passwords; empty if it is a path on this machine."""
    short = re.fullmatch(r"([\w.-]+@[\w.-]+):(?!/)([^\s\"$`\\]+)", remote)
    if short:  # git@host:path, as git alone has it
        return f"ssh://{short[1]}/{short[2]}"
    if not re.fullmatch(r"(https|ssh)://[^\s\"$`\\]+", remote):
        return ""
    parts = urlsplit(remote)
    if parts.hostname in (None, "localhost", "127.0.0.1", "::1"):
        return ""
    user, at, host = parts.netloc.rpartition("@")
    # A token may stand where a user's name does, but in ssh, where that is part of the address.
    user = user.partition(":")[0] if parts.scheme == "ssh" else ""
    return parts._replace(netloc=f"{user}{at if user else ''}{host}", query="", fragment="").geturl()


def _git(folder: Path, *words: str) -> str:
    """Return what git says; nothing where there is no git, or no repository."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
