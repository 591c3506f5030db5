"""What was measured, with how: what every document of it tells alike."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ganirl_properties.power.outcome import Power, Row, Spread
from ganirl_reports.looks import number


@dataclass(frozen=True)
class PowerRun:
    """How it was measured.

    Attributes
    ----------
    ganirl : version
    cases_per_setting : that the profile draws
    only : patterns of formulas; None for all
    alarm_cases : that were asked for of implementations that are right
    jobs : processes
    started : ISO 8601
    seconds : all together
    versions : library → version
    interrupted : whether Ctrl-C ended it
    """

    ganirl: str
    cases_per_setting: int
    only: tuple[str, ...] | None
    alarm_cases: int
    jobs: int
    started: str
    seconds: float
    versions: Mapping[str, str]
    interrupted: bool = False


# Up to how many cases a kill takes, and what that is called; the rest is "later".
SPEEDS: tuple[tuple[int, str], ...] = ((1, "on the first case"), (6, "by the sixth"), (48, "by the 48th"))
LATER = "later"


def speed(cases: int) -> int:
    """Return which of `SPEEDS` a kill is, or their number if it comes later."""
    return next((place for place, (most, _) in enumerate(SPEEDS) if cases <= most), len(SPEEDS))


@dataclass(frozen=True)
class Cell:
    """A formula before a claim.

    Attributes
    ----------
    cases : of the slowest kill; None where no seed has one
    kills, seeds : how many seeds have one, of how many
    expected : whether the claim should catch it
    """

    cases: int | None
    kills: int
    seeds: int
    expected: bool

    @property
    def words(self) -> str:
        """What the cell says: cases, and how many seeds where it is not all."""
        if self.cases is None:
            return "missed" if self.expected else ""
        return f"{self.cases}" if self.kills == self.seeds else f"{self.cases} ({self.kills}/{self.seeds})"

    @property
    def kind(self) -> str:
        """The class that colours it."""
        if self.cases is None:
            return "missed" if self.expected else "none"
        return "lucky" if self.kills < self.seeds else f"speed-{speed(self.cases)}"


def cell(row: Row, claim: str) -> Cell | None:
    """Return a formula before a claim; None where its code does not show the claim."""
    if claim not in row.formula.claims:
        return None
    found = row.cases_of(claim)
    caught = [cases for cases in found if cases is not None]
    return Cell(max(caught, default=None), len(caught), len(found), claim in row.formula.expected)


@dataclass(frozen=True)
class Measured:
    """The power, and how it was measured."""

    power: Power
    run: PowerRun

    @property
    def title(self) -> str:
        """A line."""
        return "What the verifier catches, and that it catches only that"

    @property
    def summary(self) -> dict[str, int]:
        """Numbers that other tools read; the first is the sum of killed, survivors and not judged."""
        power = self.power
        return {
            "wrong_formulas": power.planned,
            "killed": len(power.killed),
            "survivors": len(power.survivors),
            "proved_equivalent": len(power.survivors) - len(power.missed),
            "not_judged": power.planned - len(power.rows),
            "diagnosed": len(power.diagnosed),
            "right_variants": power.right_variants,
            "false_alarms": power.false_alarms,
        }

    @property
    def headline(self) -> str:
        """The first sentence of every document."""
        power, summary = self.power, self.summary
        said = f"{summary['killed']} of {summary['wrong_formulas']} wrong formulas are caught"
        if len(power.seeds) > 1:
            said += f" under each of {len(power.seeds)} seeds"
        if power.alarms is None:
            return f"{said}; implementations that are right were not run"
        return (
            f"{said}; {summary['false_alarms'] or 'no'} false alarm{'' if summary['false_alarms'] == 1 else 's'} "
            f"in {power.alarms.cases:,} cases of {summary['right_variants']} implementations that are right"
        )

    def reconciled(self) -> str:
        """Return the line in which the numbers add up."""
        each = self.summary
        line = f"wrong formulas {each['wrong_formulas']} = {each['killed']} killed + {each['survivors']} survived"
        if each["not_judged"]:
            line += f" + {each['not_judged']} not judged"
        if each["proved_equivalent"]:
            line += f" ({each['proved_equivalent']} of them proved equivalent)"
        line += f"; killed {each['killed']} = {each['diagnosed']} named + {each['killed'] - each['diagnosed']} not"
        alarms = self.power.alarms
        if alarms is None:
            wrongly = (
                f", {each['false_alarms']} checks fail the right formula" if each["false_alarms"] else ""
            )
            return f"{line}; nothing right was run{wrongly}"
        right = (
            f"right {each['right_variants']}, false alarms {each['false_alarms']} in {alarms.cases:,} cases"
        )
        return f"{line}; {right}"

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What follows from the matrix, each with its name."""
        power = self.power
        alone = power.sole_killers
        found = [
            ("first kill, in cases", _spread(power.cases, "")),
            ("first kill, in seconds", _spread(power.seconds, " s")),
            ("smallest killing set", ", ".join(power.smallest_killing_set) or "none"),
            (
                "what one claim alone catches",
                ", ".join(f"{claim}: {len(alone[claim])}" for claim in self.claims if claim in alone)
                or "nothing",
            ),
        ]
        if power.counterexample_rows.worst:
            counted = sum(each.rows is not None for row in power.rows for each in row.caught)
            of = f" ({counted} counterexamples)"
            found.append(
                ("rows a side of a smallest counterexample", _spread(power.counterexample_rows, "") + of)
            )
        return tuple(found)

    @property
    def claims(self) -> tuple[str, ...]:
        """Ids of the columns."""
        return tuple(claim.id for claim in self.power.claims)

    @property
    def shown(self) -> tuple[str, ...]:
        """Ids of the columns that any of the formulas shows."""
        present = {claim for row in self.power.rows for claim in row.formula.claims}
        return tuple(claim for claim in self.claims if claim in present)

    @property
    def how(self) -> str:
        """A sentence on how it was measured."""
        run, power = self.run, self.power
        seeds = ", ".join(map(str, power.seeds))
        return (
            f"{power.profile} profile ({run.cases_per_setting} cases a setting), "
            f"seed{'s' if len(power.seeds) > 1 else ''} {seeds}, "
            f"started {run.started}, {number(run.seconds)} s with {run.jobs} "
            f"process{'es' if run.jobs > 1 else ''}; ganirl {run.ganirl}, "
            + ", ".join(f"{name} {version}" for name, version in run.versions.items())
        )

    @property
    def again(self) -> str:
        """The command that measures it again."""
        run, power = self.run, self.power
        words = ["ganirl", "power", "--profile", power.profile]
        words += ["--seeds", ",".join(map(str, power.seeds))]
        if run.only is not None:
            words += ["--only", shlex.quote(",".join(run.only))]
        return " ".join([*words, "--cases", str(run.alarm_cases), "--output", "power"])


def _spread(spread: Spread, unit: str) -> str:
    return f"median {number(spread.median)}{unit}, at worst {number(spread.worst)}{unit}"


# What is told of single formulas: heading, and a sentence a formula.
def tellings(measured: Measured) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return heading → (formula, sentence) for all that is not as it should be; headings of nothing are left out."""
    power = measured.power
    seeds = len(power.seeds)
    found = {
        "Survivors": tuple(
            (row.id, f"{row.formula.title}: {row.proof or _how_missed(row)}") for row in power.survivors
        ),
        "Caught, but not by its name": tuple(
            (
                row.id,
                f"{row.formula.title}: "
                + (
                    f"called {', '.join(row.misnamed)}" if row.misnamed else "no known formula was recognised"
                ),
            )
            for row in power.undiagnosed
        ),
        "Not caught by a claim that should": tuple(
            (row.id, f"{row.formula.title}: expected of {', '.join(row.missed)}") for row in power.unexpected
        ),
        "Caught by luck of a seed": tuple(
            (
                row.id,
                "; ".join(
                    f"{claim} under {_caught_under(row, claim)} of {seeds} seeds" for claim in row.lucky
                )
                + f"; always by {', '.join(row.killers) or 'none'}",
            )
            for row in power.lucky
        ),
        "Seen by rounding alone": tuple(
            (
                row.id,
                "; ".join(
                    f"{claim} under {_caught_under(row, claim)} of {seeds} seeds, though it holds of it: {why}"
                    for claim, why in row.by_rounding.items()
                ),
            )
            for row in power.by_rounding
        ),
        "False alarms": tuple(
            (
                f"{each.claim} {each.check}",
                f"fails the right formula itself in {each.dtype}, under seed {seed}",
            )
            for seed, each in power.unsound
        )
        + tuple(
            (
                variant.id,
                f"{variant.title}, {variant.dtype}: {alarm.claim} {alarm.check}, seed {alarm.seed}: {alarm.said}",
            )
            for variant in (power.alarms.variants if power.alarms is not None else ())
            for alarm in variant.alarms
        ),
    }
    return MappingProxyType({heading: said for heading, said in found.items() if said})


def _caught_under(row: Row, claim: str) -> int:
    return sum(cases is not None for cases in row.cases_of(claim))


def _how_missed(row: Row) -> str:
    kills = sum(each.killed for each in row.caught)
    if kills:
        return f"missed, as only {kills} of {len(row.caught)} seeds catch it"
    return "missed: no claim catches it"
