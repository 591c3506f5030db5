"""``ganirl harness``: the one file that lets code of another Python be asked."""

# Floors are imported when the command runs: `ganirl --help` should not wait for SymPy.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys

import click


@click.command()
def harness() -> None:
    """Print the harness, one file without dependencies for Python 3.6 or newer.

    \b
    ganirl harness > old_stack/ganirl_harness.py
    ganirl verify 'exec:python old_stack/adapter.py'
    """  # noqa: D301
    from ganirl_properties.targets.external import HARNESS

    sys.stdout.write(HARNESS.read_text(encoding="utf-8"))
