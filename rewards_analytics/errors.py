"""Every exception and warning of this package; named constructors own the wording that several places share.

`RewardsError` is the root, so one `except` catches everything that this package raises on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

from rewards_analytics.terminal import printable, printable_lines


class RewardsWarning(UserWarning):
    """Something in the data needs attention; the result is still valid."""

    def __init__(self, message: str = "") -> None:
        super().__init__(printable_lines(message))


class RewardsError(Exception):
    """Root of every error of this package. Its message is safe to print, whatever texts from outside it quotes."""

    _has_lines = False
    """Whether a message may have several lines. Whoever composes one makes each text from outside `printable` first."""

    def __init__(self, message: str = "") -> None:
        super().__init__(printable_lines(message) if self._has_lines else printable(message))


# --- Arguments ------------------------------------------------------------------------


class ArgumentError(RewardsError, ValueError):
    """A function does not accept the value of an argument."""

    @classmethod
    def not_one_of(cls, argument: str, value: object, allowed: Iterable[str]) -> ArgumentError:
        """Name the value, what is allowed, and the nearest match."""
        choices = list(allowed)
        hint = _nearest(value, choices)
        return cls(f"{argument}={value!r} is not one of {', '.join(map(repr, choices))}.{hint}")

    @classmethod
    def below(cls, argument: str, value: object, least: int, kind: str = "a number") -> ArgumentError:
        """Name the value and the least that is allowed; `kind` says of what, such as `an integer`."""
        return cls(f"{argument} must be {kind} ≥ {least}, got {value!r}.")

    @classmethod
    def not_a_port(cls, port: object) -> ArgumentError:
        """Name the value and the ports that are valid."""
        return cls(f"port={port!r} is not a port. Pass a number from 1 to 65535, or 0 for a free one.")

    @classmethod
    def unknown_parameter(cls, name: str, known: Sequence[str], notebook: str) -> ArgumentError:
        """Name the parameter and those that the notebook has."""
        has = f"it has {', '.join(known)}" if known else "it has no cell tagged 'parameters'"
        return cls(f"{notebook} has no parameter {name!r}: {has}.{_nearest(name, known)}")


class FrameError(RewardsError, TypeError):
    """A kind of frame or a type of column on which nothing can be computed exactly."""

    @classmethod
    def from_float(cls, where: str, value: object) -> FrameError:
        """Name the amount that is a float, and what to pass instead."""
        return cls(
            f"{where} is the float {value!r}: its exact amount is lost. Pass amounts as Decimal, int "
            "or text, or load the file they came from."
        )


class MissingColumnError(ArgumentError):
    """A frame lacks required columns. `.missing` and `.found` list the columns."""

    def __init__(self, message: str, *, missing: Sequence[str] = (), found: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.missing = list(missing)
        self.found = list(found)

    @classmethod
    def from_columns(cls, missing: Sequence[str], found: Sequence[str], *, wanted_by: str) -> MissingColumnError:
        """Name the missing columns, the columns found, and the nearest match for the first missing one."""
        names = ", ".join(map(repr, missing))
        subject = f"Column {names} is" if len(missing) == 1 else f"Columns {names} are"
        return cls(
            f"{subject} missing ({wanted_by}); found {list(found)}.{_nearest(missing[0], found)} "
            "load() returns every column that the analyses read.",
            missing=missing,
            found=found,
        )


class MissingDependencyError(RewardsError, ImportError):
    """A required optional package is not installed."""

    @classmethod
    def for_extra(cls, package: str, extra: str) -> MissingDependencyError:
        """Name the extra that installs the package."""
        return cls(f'{package} is not installed: pip install "rewards-analytics[{extra}]"')


class ClusterError(RewardsError):
    """A Spark or Dask cluster that cannot be reached or started, or that has no worker left."""

    @classmethod
    def unreachable(cls, cluster: str, problem: str) -> ClusterError:
        """Name the address and the problem."""
        problem = problem.rstrip(".")
        return cls(f"{cluster} cannot be reached: {problem}. Check the address, and that the cluster runs.")

    @classmethod
    def not_started(cls, engine: str, problem: str) -> ClusterError:
        """Say that an engine did not start on this machine."""
        problem = problem.rstrip(".")
        return cls(
            f"{engine} did not start on this machine: {problem}. Check its own messages, the version of Java "
            "(JAVA_HOME, PATH) and the free memory."
        )

    @classmethod
    def without_workers(cls, cluster: str, seconds: float) -> ClusterError:
        """Name the address, and for how long there was no worker."""
        return cls(
            f"No worker of {cluster} was there for {seconds:g} seconds, so the computation was stopped. Check that its "
            "workers run, and have cores and memory free; then start again."
        )


class CredentialsError(ArgumentError):
    """The API key or the client id is missing or cannot be sent. The message never shows either."""

    @classmethod
    def not_set(cls, variables: Sequence[str], keyring_service: str) -> CredentialsError:
        """Name the environment variables, and where else the keys may be stored."""
        verb = "is" if len(variables) == 1 else "are"
        return cls(
            f"{' and '.join(variables)} {verb} not set. Set the environment variables MX_API_KEY and MX_CLIENT_ID, or "
            f'store them with "keyring set {keyring_service} MX_API_KEY".'
        )


# --- The source ---------------------------------------------------------------------------------


class SourceError(RewardsError):
    """A source that cannot be read as a whole: it is missing, truncated, in the wrong format, or lacks columns."""

    @classmethod
    def for_snapshot(cls, first: date, last: date, reason: object) -> SourceError:
        """Name the day of a history that cannot be read, or the days among which one is, and say what to do."""
        which = f"The snapshot of {first}" if first == last else f"A snapshot from {first} to {last}"
        return cls(f"{which} cannot be read: {reason}. If that persists, append the day again.")


class InvalidRewardsError(RewardsError, ValueError):
    """Rows that are not valid rewards.

    Attributes
    ----------
    rejected
        The rejected rows, each with `place`, `field`, `problem` and `value`.
    """

    _has_lines = True

    def __init__(self, message: str, *, rejected: Any = ()) -> None:
        super().__init__(message)
        self.rejected = rejected

    @classmethod
    def from_rejected(
        cls, count: int, reasons: Mapping[str, int], first: Sequence[str], *, rejected: Any = ()
    ) -> InvalidRewardsError:
        """Give the count, the reasons with their counts, the first rows with their places, and what to do."""
        has_no_owner = not reasons.keys().isdisjoint(("user_guid is missing", "member_guid is missing"))
        return cls(
            f"{rejected_in_words(count, reasons, first)}\n{_HOW_TO_NAME_OWNERS if has_no_owner else ''}"
            'Correct the source, or load with on_invalid="drop" to leave these rows out.',
            rejected=rejected,
        )


_HOW_TO_NAME_OWNERS = (
    "Rewards of the Platform API name no user and no member: list_rewards() and pull() fill them in. In what you have, "
    "add user_guid and member_guid to each reward.\n"
)


def rejected_in_words(count: int, reasons: Mapping[str, int], first: Sequence[str]) -> str:
    """Count, reasons and first places of rejected rows: the wording shared by the error and the warning."""
    rows = "1 row is not a valid reward" if count == 1 else f"{count:,} rows are not valid rewards"
    by_reason = printable("; ".join(f"{reason}: {n:,}" for reason, n in reasons.items()))
    lines = [f"{rows} ({by_reason}).", *(f"  {printable(line)}" for line in first)]
    if count > len(first):
        lines.append(f"  … and {count - len(first):,} more")
    return "\n".join(lines)


class NotebookError(RewardsError):
    """A notebook that cannot be read, or a cell that failed. `.cell` is its number, None if no cell ran."""

    _has_lines = True

    def __init__(self, message: str, *, cell: int | None = None) -> None:
        super().__init__(message)
        self.cell = cell

    @classmethod
    def cannot_read(cls, notebook: object, why: str) -> NotebookError:
        """Name the file and the reason."""
        return cls(printable(f"Cannot read the notebook {notebook}: {why}"))

    @classmethod
    def cannot_start(cls, notebook: object, why: str) -> NotebookError:
        """Say that the kernel did not start, and what Jupyter said."""
        return cls(printable(f"Cannot run the notebook {notebook}: its Python process did not answer. {why}"))

    @classmethod
    def in_cell(cls, notebook: object, number: int, source: str, what: str) -> NotebookError:
        """Name the cell by its number among the code cells and its first line, and how it failed."""
        first = next((line for line in source.splitlines() if line.strip()), "")
        return cls(
            f"{printable(str(notebook))}: code cell {number} failed with {printable(what)}\n"
            f"  It begins: {printable(first)}\n"
            "Nothing was written. Fix the cell, or run the notebook in JupyterLab to investigate.",
            cell=number,
        )


# --- The API -------------------------------------------------------------------------


class AtriumError(RewardsError):
    """The API refused the call, failed, or could not be reached.

    Attributes
    ----------
    status
        HTTP status of the last response, None if there was none.
    request_id
        MX's identifier of the request, to quote to its support; None if there was none.
    """

    advice = ""

    def __init__(self, message: str, *, status: int | None = None, request_id: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.request_id = request_id

    @classmethod
    def no_response(cls, call: str, base_url: str, reason: str) -> AtriumError:
        """Name the call, the host, and why there was no response."""
        return cls(
            f"{call} got no answer from {base_url}: {reason}. Check the network and the base URL, then try again."
        )

    @classmethod
    def beyond(
        cls,
        call: str,
        happened: str,
        setting: str,
        value: float,
        *,
        status: int | None = None,
        request_id: str | None = None,
    ) -> AtriumError:
        """Name the call, what happened, the bound that ended it, and how to raise that."""
        reference = f" (request {request_id})" if request_id else ""
        bound = f"{setting}={value:_}" if isinstance(value, int) else f"{setting}={value:g}"
        return cls(
            f"{call} {happened}{reference}. The bound is {bound}; if the answer is right, pass a larger {setting} to "
            "AtriumClient.",
            status=status,
            request_id=request_id,
        )

    @classmethod
    def unknown_version(
        cls, call: str, said: str, version: str, advice: str, *, request_id: str | None = None
    ) -> AtriumError:
        """Name the version that was asked for, and where the valid ones are listed."""
        reference = f" (request {request_id})" if request_id else ""
        return cls(
            f"{call} answered 406: {said}{reference}. It was asked for {version}. {advice}",
            status=406,
            request_id=request_id,
        )

    @classmethod
    def lacks_fields(cls, call: str, fields: Sequence[str], version: str, advice: str) -> AtriumError:
        """Name the fields that a reward lacks, and the version that was asked for."""
        return cls(
            f"{call} answered a reward without {', '.join(map(repr, fields))}, which the analyses need. It was asked "
            f"for {version}. {advice}",
            status=200,
        )

    @classmethod
    def wrong_shape(cls, call: str, expected: str) -> AtriumError:
        """Name the call and what its JSON lacks."""
        return cls(f"{call} answered JSON without {expected}. Is the base URL that of the rewards API?", status=200)

    @classmethod
    def from_response(cls, call: str, said: str, *, status: int, request_id: str | None = None) -> AtriumError:
        """Say what the API answered to which call, and what to do; of the status's class unless called on another."""
        kind = cls if cls is not AtriumError else _BY_STATUS.get(status, cls)
        reference = f" (request {request_id})" if request_id else ""
        advice = f" {kind.advice}" if kind.advice else ""
        return kind(f"{call} answered {status}: {said}{reference}.{advice}", status=status, request_id=request_id)


class AuthenticationError(AtriumError):
    """401: the API key or the client id is wrong."""

    advice = "Check MX_API_KEY and MX_CLIENT_ID, and that they belong to this host."


class ForbiddenError(AtriumError):
    """403: the caller's IP address is not on MX's list, or the feature is not enabled."""

    advice = "Ask MX to enable rewards for this client and to add this machine's IP address to its list."


class NotFoundError(AtriumError):
    """404: no such user, member or reward."""

    advice = "Check the guids; list_users() and list_members() list the valid ones."


class ConflictError(AtriumError):
    """409: another kind of job is running on the member. Safe to retry once that ends."""

    advice = "Wait until member_status() says that it has ended, then try again."


class RateLimitError(AtriumError):
    """429: still too many requests after the retries."""

    advice = "Wait, or use fewer workers."


class UnsupportedInstitutionError(AtriumError):
    """400 on fetch_rewards: the member's institution does not support rewards."""

    advice = "This cannot be fixed: leave the member out."

    @classmethod
    def of_institution(cls, member_guid: str, institution: str, products: Sequence[str]) -> UnsupportedInstitutionError:
        """Name the institution and the products that it supports."""
        return cls(
            f"No job was started for member {member_guid}: the institution {institution!r} does not support rewards, "
            f"only {', '.join(products) or 'nothing'}. {cls.advice}"
        )


_BY_STATUS: dict[int, type[AtriumError]] = {
    401: AuthenticationError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitError,
}


class AggregationError(RewardsError):
    """The job ended without rewards. `.connection_status` is the last status seen."""

    def __init__(self, message: str, *, connection_status: str | None = None) -> None:
        super().__init__(message)
        self.connection_status = connection_status


class ChallengeError(AggregationError):
    """The end user is needed: no `answer` was given, or the answers ran out. `.challenges` lists the questions."""

    def __init__(self, message: str, *, connection_status: str | None = None, challenges: Iterable[Any] = ()) -> None:
        super().__init__(message, connection_status=connection_status)
        self.challenges = list(challenges)


class AggregationTimeout(AggregationError, TimeoutError):  # noqa: N818
    """The job was still running when the time was up. It continues at MX: fetch again to join it."""

    @classmethod
    def after(
        cls, timeout: float, member_guid: str, connection_status: str | None, *, is_running: bool
    ) -> AggregationTimeout:
        """Name the member, the last status seen and the time that was up."""
        return cls(
            f"Member {member_guid} was {connection_status} ({'still' if is_running else 'not'} being aggregated) after "
            f"{timeout:g} s. The job continues at MX: fetch again to join it, or pass a longer timeout.",
            connection_status=connection_status,
        )


def _nearest(value: object, choices: Iterable[str]) -> str:
    matches = get_close_matches(str(value), list(choices), n=1)
    return f" Did you mean {matches[0]!r}?" if matches else ""
