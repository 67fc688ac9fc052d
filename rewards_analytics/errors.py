"""Every exception and warning that rewards_analytics raises; their named constructors own the wording.

`RewardsError` is the root of all of them, so one `except` catches what this package raises on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection


class RewardsWarning(UserWarning):
    """Something in the data deserves a look, but the result stands."""


class RewardsError(Exception):
    """Root of every error of this package."""


# --- What the caller passed ------------------------------------------------------------------------


class ArgumentError(RewardsError, ValueError):
    """An argument has a value that the function does not take."""

    @classmethod
    def not_one_of(cls, argument: str, value: object, allowed: Iterable[str]) -> ArgumentError:
        """Name the value, what is allowed, and the nearest match."""
        choices = list(allowed)
        hint = _nearest(value, choices)
        return cls(f"{argument}={value!r} is not one of {', '.join(map(repr, choices))}.{hint}")

    @classmethod
    def unknown_parameter(cls, name: str, known: Sequence[str], notebook: str) -> ArgumentError:
        """Name the parameter and those that the notebook knows."""
        knows = f"it knows {', '.join(known)}" if known else "it has no cell tagged 'parameters'"
        return cls(f"{notebook} has no parameter {name!r}: {knows}.{_nearest(name, known)}")


class FrameError(RewardsError, TypeError):
    """A frame of a kind, or with a column of a type, that the analyses cannot compute on exactly."""

    @classmethod
    def from_float(cls, where: str, value: object) -> FrameError:
        """Name the amount that is a float and the way out."""
        return cls(
            f"{where} is the float {value!r}: its exact amount is lost already. Pass amounts as Decimal, int "
            "or text, or load the file that they came from."
        )


class MissingColumnError(ArgumentError):
    """A frame lacks columns that are needed. `.missing` and `.found` list them."""

    def __init__(self, message: str, *, missing: Sequence[str] = (), found: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.missing = list(missing)
        self.found = list(found)

    @classmethod
    def from_columns(cls, missing: Sequence[str], found: Sequence[str], *, wanted_by: str) -> MissingColumnError:
        """Name the missing columns, those there are, and the nearest match of the first one missing."""
        word = "Column" if len(missing) == 1 else "Columns"
        verb = "is" if len(missing) == 1 else "are"
        names = ", ".join(map(repr, missing))
        hint = _nearest(missing[0], found)
        return cls(
            f"{word} {names} {verb} missing ({wanted_by}); found {list(found)}.{hint} "
            "load() returns every column that the analyses read.",
            missing=missing,
            found=found,
        )


class MissingDependencyError(RewardsError, ImportError):
    """An optional package is needed and not installed."""

    @classmethod
    def for_extra(cls, package: str, extra: str) -> MissingDependencyError:
        """Say which extra brings the package."""
        return cls(f'{package} is not installed: pip install "rewards-analytics[{extra}]"')


class CredentialsError(ArgumentError):
    """The API key or the client id is missing or cannot be sent. The message never shows one."""


# --- What was read ---------------------------------------------------------------------------------


class SourceError(RewardsError):
    """A source that cannot be read as a whole: not there, cut short, not of its kind, columns missing."""


class InvalidRewardsError(RewardsError, ValueError):
    """Rows that are not valid rewards.

    Attributes
    ----------
    rejected
        The rejected rows, each with `place`, `field`, `problem` and `value`.
    """

    def __init__(self, message: str, *, rejected: Any = ()) -> None:
        super().__init__(message)
        self.rejected = rejected

    @classmethod
    def from_rejected(
        cls,
        count: int,
        reasons: Mapping[str, int],
        first: Sequence[str],
        *,
        rejected: Any = (),
    ) -> InvalidRewardsError:
        """Give the count, the reasons with theirs, and the first rows with their places."""
        return cls(
            f"{rejected_in_words(count, reasons, first)}\n"
            'Correct the source, or load with on_invalid="drop" to leave these rows out.',
            rejected=rejected,
        )


def rejected_in_words(count: int, reasons: Mapping[str, int], first: Sequence[str]) -> str:
    """Count, reasons and first places of rejected rows: the wording shared by the error and the warning."""
    rows = "1 row is not a valid reward" if count == 1 else f"{count:,} rows are not valid rewards"
    by_reason = "; ".join(f"{reason}: {n:,}" for reason, n in reasons.items())
    lines = [f"{rows} ({by_reason}).", *(f"  {line}" for line in first)]
    if count > len(first):
        lines.append(f"  … and {count - len(first):,} more")
    return "\n".join(lines)


class NotebookError(RewardsError):
    """A notebook that cannot be read, or of which a cell fails. `.cell` is its number, None where none ran."""

    def __init__(self, message: str, *, cell: int | None = None) -> None:
        super().__init__(message)
        self.cell = cell

    @classmethod
    def cannot_read(cls, notebook: object, why: str) -> NotebookError:
        """Name the file and the reason."""
        return cls(f"Cannot read the notebook {notebook}: {why}")

    @classmethod
    def cannot_start(cls, notebook: object, why: str) -> NotebookError:
        """Say that no kernel answered, and what Jupyter said."""
        return cls(f"Cannot run the notebook {notebook}: its Python process did not answer. {why}")

    @classmethod
    def in_cell(cls, notebook: object, number: int, source: str, what: str) -> NotebookError:
        """Name the cell by its number among the code cells and its first line, and what it ended with."""
        first = next((line for line in source.splitlines() if line.strip()), "")
        return cls(
            f"{notebook}: code cell {number} failed with {what}\n"
            f"  It begins: {first}\n"
            "Nothing was written. Mend the cell, or run the notebook in JupyterLab to look closer.",
            cell=number,
        )


# --- What the API answered -------------------------------------------------------------------------


class AtriumError(RewardsError):
    """The API refused or failed, or could not be reached.

    Attributes
    ----------
    status
        HTTP status of the last answer, None where there was none.
    request_id
        The identifier that MX gave the request, to quote to its support; None where there was none.
    """

    advice = ""

    def __init__(self, message: str, *, status: int | None = None, request_id: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.request_id = request_id

    @classmethod
    def from_answer(cls, call: str, said: str, *, status: int | None, request_id: str | None = None) -> AtriumError:
        """Build the error of an answer's status: which call, what was answered, what to do."""
        kind = cls if status is None or cls is not AtriumError else _BY_STATUS.get(status, cls)
        reference = f" (request {request_id})" if request_id else ""
        advice = f" {kind.advice}" if kind.advice else ""
        return kind(f"{call} answered {status}: {said}{reference}.{advice}", status=status, request_id=request_id)


class AuthenticationError(AtriumError):
    """401: the API key or the client id is wrong."""

    advice = "Check MX_API_KEY and MX_CLIENT_ID, and that they belong to this host."


class ForbiddenError(AtriumError):
    """403: the caller's address is not on MX's list, or the feature is not enabled."""

    advice = "Ask MX to enable rewards for this client and to list this machine's address."


class NotFoundError(AtriumError):
    """404: no such user, member or reward."""

    advice = "Check the guids; list_users() and list_members() give those there are."


class ConflictError(AtriumError):
    """409: another kind of job is running on the member. Safe to try again once it ends."""

    advice = "Wait until member_status() says that it has ended, then try again."


class RateLimitError(AtriumError):
    """429: too many requests, and the retries are used up."""

    advice = "Wait, or use fewer workers."


class UnsupportedInstitutionError(AtriumError):
    """400 on fetch_rewards: the member's institution does not support rewards."""

    advice = "Nothing to mend: leave this member out."


_BY_STATUS: dict[int, type[AtriumError]] = {
    401: AuthenticationError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitError,
}


class AggregationError(RewardsError):
    """The job ended without rewards. `.connection_status` is the last state seen."""

    def __init__(self, message: str, *, connection_status: str | None = None) -> None:
        super().__init__(message)
        self.connection_status = connection_status


class ChallengeError(AggregationError):
    """The end user is needed: no `answer` was given, or the answers ran out. `.challenges` lists them."""

    def __init__(self, message: str, *, connection_status: str | None = None, challenges: Collection[Any] = ()) -> None:
        super().__init__(message, connection_status=connection_status)
        self.challenges = list(challenges)


class AggregationTimeout(AggregationError, TimeoutError):  # noqa: N818
    """The job was still running when the time was up. It goes on at MX: fetch again to join it."""


def _nearest(value: object, choices: Iterable[str]) -> str:
    matches = get_close_matches(str(value), list(choices), n=1)
    return f" Did you mean {matches[0]!r}?" if matches else ""
