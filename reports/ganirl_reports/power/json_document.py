"""``power.json``: what was measured as plain JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ganirl_properties.power.alarms import Alarms
from ganirl_properties.power.outcome import Power, Row
from ganirl_reports.documents.json_document import plain

from .measured import Measured
from .schema import POWER_SCHEMA


def power_document(measured: Measured) -> dict[str, Any]:
    """Return all that was measured as plain JSON data."""
    power, run = measured.power, measured.run
    document: dict[str, Any] = plain(
        {
            "schema": POWER_SCHEMA,
            "run": {
                "ganirl": run.ganirl,
                "profile": power.profile,
                "cases_per_setting": run.cases_per_setting,
                "seeds": power.seeds,
                "only": run.only,
                "alarm_cases": run.alarm_cases,
                "jobs": run.jobs,
                "started": run.started,
                "seconds": run.seconds,
                "versions": dict(run.versions),
                "interrupted": run.interrupted,
                "command": measured.again,
            },
            "summary": measured.summary,
            "passed": power.passed,
            "first_kill": {"cases": asdict(power.cases), "seconds": asdict(power.seconds)},
            "counterexample_rows": asdict(power.counterexample_rows),
            "smallest_killing_set": power.smallest_killing_set,
            "sole_killers": dict(power.sole_killers),
            "unexpected": [{"formula": row.id, "claims": row.missed} for row in power.unexpected],
            "luck": [
                {"formula": row.id, "claim": claim, "seeds": _seeds(power, row, claim)}
                for row in power.lucky
                for claim in row.lucky
            ],
            "by_rounding": [
                {"formula": row.id, "claim": claim, "seeds": _seeds(power, row, claim), "because": why}
                for row in power.by_rounding
                for claim, why in row.by_rounding.items()
            ],
            "unsound": [{**asdict(each), "seed": seed} for seed, each in power.unsound],
            "right": None if power.alarms is None else _alarms(power.alarms),
            "matrix": {
                "claims": [{"id": claim.id, "title": claim.title} for claim in power.claims],
                "formulas": [_row(row) for row in power.rows],
            },
        }
    )
    return document


def _seeds(power: Power, row: Row, claim: str) -> list[int]:
    """Return the seeds under which a claim catches a formula."""
    found = zip(power.seeds, row.cases_of(claim), strict=False)
    return [seed for seed, cases in found if cases is not None]


def _row(row: Row) -> dict[str, Any]:
    formula = row.formula
    return {
        "id": row.id,
        "title": formula.title,
        "theme": formula.theme,
        "seen": formula.seen,
        "dtype": formula.dtype,
        "expected": formula.expected,
        "killed": row.killed,
        "equivalent": row.proof,
        "diagnosed": row.diagnosed,
        "names": row.names,
        "first_kill_cases": [each.cases if each.killed else None for each in row.caught],
        "first_kill_seconds": [round(each.seconds, 4) if each.killed else None for each in row.caught],
        "counterexample_rows": [each.rows for each in row.caught],
        "cells": {claim: row.cases_of(claim) for claim in formula.claims},
    }


def _alarms(alarms: Alarms) -> dict[str, Any]:
    return {
        "cases": alarms.cases,
        "drawn": alarms.drawn,
        "seeds": tuple(alarms.seeds),
        "seconds": round(alarms.seconds, 3),
        "variants": [
            {
                "id": variant.id,
                "title": variant.title,
                "framework": variant.framework,
                "dtype": variant.dtype,
                "cases": variant.cases,
                "alarms": [
                    {
                        "claim": alarm.claim,
                        "check": alarm.check,
                        "seed": alarm.seed,
                        "data": None if alarm.data is None else alarm.data.hex(),
                        "said": alarm.said,
                    }
                    for alarm in variant.alarms
                ],
            }
            for variant in alarms.variants
        ],
    }
