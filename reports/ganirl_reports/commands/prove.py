"""``ganirl prove``: run the derivations, and refute their broken twins."""

# Floors and rich are imported when the command runs: `ganirl --help` should not wait for SymPy.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ganirl_reports.console import console, print_json

if TYPE_CHECKING:
    from ganirl_symbolic import ProofResult

EXAMPLES = """\b
Examples:
  ganirl prove
  ganirl prove A4 'C*' --format json
"""


@click.command(epilog=EXAMPLES)
@click.argument("identifiers", metavar="[ID]...", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(["pretty", "json"]),
    default="pretty",
    show_default=True,
    help="What to print.",
)
def prove(identifiers: tuple[str, ...], form: str) -> int:
    """Prove the claims named, or all of them: each derivation must close, and each broken twin must not."""
    from ganirl_symbolic import prove as run

    chosen = _derivable(identifiers)
    results: list[ProofResult] = []
    out = console()
    for result in run(chosen):
        results.append(result)
        if form == "pretty":
            out.print(_line(result), soft_wrap=True)
            for twin in result.twins:
                if not twin.refuted:
                    out.print(f"      twin not refuted: {twin.name}: {twin.broken}", soft_wrap=True)
            sys.stdout.flush()
    if form == "json":
        print_json({"summary": _summary(results), "proofs": [_document(result) for result in results]})
    else:
        out.print(_reckoning(_summary(results)), soft_wrap=True)
    if not results:
        return 5
    return 0 if all(result.ok for result in results) else 1


def _derivable(patterns: tuple[str, ...]) -> list[str]:
    """Return the claims that match and have a derivation; a claim named in full has to have one."""
    from ganirl.claims import select
    from ganirl_symbolic import CLAIMS

    try:
        chosen = [claim.id for claim in select(patterns or None)]
    except LookupError as error:
        raise click.UsageError(str(error.args[0])) from None
    for claim in chosen:
        if claim not in CLAIMS and claim in patterns:
            raise click.UsageError(f"claim {claim} has no derivation; ganirl claims {claim} says why")
    return [claim for claim in chosen if claim in CLAIMS]


def _line(result: ProofResult) -> str:
    if result.proved:
        verdict = "proved"
    elif result.statements == 0:
        verdict = f"not by algebra: {result.substitute}"
    else:
        verdict = f"not proved, left over: {result.residual}"
    refuted = sum(twin.refuted for twin in result.twins)
    twins = f", {refuted} of {len(result.twins)} twins refuted" if result.twins else ""
    return f"{'✓' if result.ok else '✗'} {result.claim:<4} {verdict}{twins}  ({result.seconds:.2f} s)"


def _summary(results: list[ProofResult]) -> dict[str, int]:
    twins = [twin for result in results for twin in result.twins]
    proved = sum(result.proved for result in results)
    substituted = sum(not result.proved and result.statements == 0 for result in results)
    return {
        "planned": len(results),
        "proved": proved,
        "substituted": substituted,
        "open": len(results) - proved - substituted,
        "twins": len(twins),
        "twins_refuted": sum(twin.refuted for twin in twins),
    }


def _reckoning(summary: dict[str, int]) -> str:
    parts = [f"{summary['proved']} proved"]
    parts += [f"{summary['substituted']} by other means"] if summary["substituted"] else []
    parts += [f"{summary['open']} open"] if summary["open"] else []
    return (
        f"planned {summary['planned']} = {' + '.join(parts)}; "
        f"{summary['twins_refuted']} of {summary['twins']} twins refuted"
    )


def _document(result: ProofResult) -> dict[str, Any]:
    return {
        "claim": result.claim,
        "proved": result.proved,
        "ok": result.ok,
        "statements": result.statements,
        "residual": result.residual,
        "substitute": result.substitute,
        "seconds": result.seconds,
        "twins": [
            {
                "name": twin.name,
                "broken": twin.broken,
                "refuted": twin.refuted,
                "residual": twin.residual,
                "witness": twin.witness,
            }
            for twin in result.twins
        ],
    }
