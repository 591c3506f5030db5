"""Run derivations and their broken twins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from time import perf_counter

from .catalogue import CLAIMS, derivation, require
from .proof import ProofResult, Twin, TwinResult


def prove(ids: Iterable[str] | None = None) -> Iterator[ProofResult]:
    """Decide each claim named, or all of them, and yield the results one by one, in the order asked for.

    Raises
    ------
    KeyError
        At once, before anything is proved, if an id has no derivation.
    """
    claims = CLAIMS if ids is None else tuple(require(claim) for claim in ids)
    return map(_prove, claims)


def _prove(claim: str) -> ProofResult:
    started = perf_counter()
    subject = derivation(claim)
    # Imported here: reading the catalogue of proofs does not load SymPy.
    from .continuous import carried_over  # noqa: PLC0415

    judgements = [statement.judge() for statement in subject.statements]
    proved = bool(judgements) and all(judgement.holds for judgement in judgements)
    left = next(
        (judgement.residual for judgement in judgements if not judgement.holds), "0" if judgements else ""
    )
    on_integrals = carried_over(subject)
    return ProofResult(
        claim=claim,
        proved=proved,
        residual=left,
        twins=tuple(_refute(twin) for twin in subject.twins),
        substitute=subject.substitute,
        statements=len(judgements),
        seconds=perf_counter() - started,
        carried=len(on_integrals),
        not_carried=tuple(each.name for each in on_integrals if not each.judge().holds),
    )


def _refute(twin: Twin) -> TwinResult:
    judgement = twin.statement.judge()
    refuted = not judgement.holds and judgement.witness is not None
    return TwinResult(twin.name, twin.broken, refuted, judgement.residual, judgement.witness)
