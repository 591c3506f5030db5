"""What a test of one claim is handed: its verdicts, and a check that fails as a person would put it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from ganirl_properties.report import Report, Verdict, VerdictName


class ClaimFailed(AssertionError):  # noqa: N818 - it is an assertion that failed, not an error of the code
    """A claim is not satisfied; the message is the counterexample."""


@dataclass
class ClaimResult:
    """One claim of one implementation, in all formats. The verification runs when it is first looked at.

    Attributes
    ----------
    claim : its id
    expected_failures : claim → the reason why it is expected to be violated; of all claims of the test
    looked_at : whether the test has asked for anything
    """

    claim: str
    expected_failures: Mapping[str, str]
    _verify: Callable[[], Report]
    looked_at: bool = False

    @property
    def report(self) -> Report:
        """The whole report, in which this claim is some of the rows."""
        self.looked_at = True
        return self._verify()

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The claim's rows, one a format."""
        return tuple(verdict for verdict in self.report.verdicts if verdict.claim == self.claim)

    @property
    def verdict(self) -> VerdictName:
        """The verdict that speaks for all formats."""
        from .looks import gravest  # noqa: PLC0415

        return gravest(self.verdicts) if self.verdicts else "not_addressed"

    def check(self) -> None:
        """Pass if the claim is satisfied or conditional; skip what cannot be observed or is waived.

        Raises
        ------
        ClaimFailed
            With Let, Then, However, if it fails; or if it was expected to fail and does not.
        """
        __tracebackhide__ = True
        verdict = self.verdict
        expected = self.expected_failures.get(self.claim)
        if expected is not None:
            self._check_expected(verdict, expected)
        elif verdict == "blocked" and (root := self._expected_root()) is not None:
            pytest.xfail(f"{self.claim} follows from {root}: {self.expected_failures[root]}")
        elif verdict in ("violated", "error", "inconclusive", "blocked"):
            raise ClaimFailed(self.explanation())
        elif verdict in ("not_addressed", "waived"):
            self._skip(verdict)

    def _expected_root(self) -> str | None:
        """Return the expected failure that explains every row that is blocked; None if one is not expected."""
        roots = {row.blocked_by for row in self.verdicts if row.verdict == "blocked"}
        known = [root for root in roots if root is not None and root in self.expected_failures]
        return known[0] if known and len(known) == len(roots) else None

    def _check_expected(self, verdict: VerdictName, reason: str) -> NoReturn:
        __tracebackhide__ = True
        if verdict in ("violated", "blocked"):
            pytest.xfail(f"{self.claim} is {verdict}: {reason}")
        was = f"{self.claim} was expected to be violated ({reason})"
        if verdict in ("error", "inconclusive"):
            raise ClaimFailed(f"{was}, but it could not be decided\n{self.explanation()}")
        raise ClaimFailed(
            f"{was}, but it is {verdict.replace('_', ' ')}: remove it from expected_failures of this test"
        )

    def _skip(self, verdict: VerdictName) -> NoReturn:
        __tracebackhide__ = True
        reason = next((row.message for row in self.verdicts if row.verdict == verdict), "not planned")
        pytest.skip(f"{self.claim} {verdict.replace('_', ' ')}: {reason}")

    def explanation(self) -> str:
        """Return what failed, format by format; the first counterexample is told in full."""
        from .documents.plain_text import explain  # noqa: PLC0415

        return explain(self.report, self.claim)
