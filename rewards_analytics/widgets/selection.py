"""The results behind a dashboard's view: public functions on the chosen rewards, each computed once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from datetime import date
from typing import Any, Final, TypeVar

import narwhals as nw

import rewards_analytics as ra
from rewards_analytics.analysis.holdings import COLUMNS, expiring_lots
from rewards_analytics.engines import enter
from rewards_analytics.errors import MissingColumnError
from rewards_analytics.plots.results import Record, gathered, records
from rewards_analytics.schema import EXPIRING_BALANCE

ResultT = TypeVar("ResultT")

MOST_KEPT: Final = 64
"""Results kept for the case that the reader goes back to a view."""

MOST_GOALS: Final = 10


class Selection:
    """Results per user, as-of date, period and horizon. A choice of units only leaves rows of a result out.

    A frame in memory is typed once; a lazy one is computed by its engine at each new choice. `problem` says
    what is wrong with the rewards, empty where nothing is.
    """

    def __init__(self, rewards: Any) -> None:
        self.problem = ""
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self.users: list[str] = []
        self.units: list[str] = []
        try:
            table = enter(rewards, [*COLUMNS, "description"], asked_by="explore")
        except MissingColumnError as error:
            self.problem = str(error)
        else:
            typed = table.gather(table.frame) if table.eager else table.frame
            self._rewards: Any = typed
            self._lots = _as_rewards(table.gather(expiring_lots(table.frame, "user_guid"))) if table.eager else typed
            self._lots_of_all = self._lots.with_columns(user_guid=nw.lit("")) if table.eager else typed
            self.users, self.units = _distinct(typed, "user_guid"), _distinct(typed, "unit_type")
        self.known = frozenset(self.users)

    def totals(self, user: str) -> Sequence[Record]:
        """Totals per unit, of one user or (empty text) of all."""
        return self._once(("totals", user), lambda: records(ra.totals(self._of(user))))

    def expiring(self, user: str, as_of: date, every: str, until: date) -> Sequence[Record]:
        """The timeline."""
        return self._once(
            ("expiring", user, as_of, every, until),
            lambda: records(ra.expiring(self._lots_of(user), as_of=as_of, every=every, until=until)),
        )

    def aging(self, user: str, as_of: date) -> Sequence[Record]:
        """The aging schedule."""
        return self._once(("aging", user, as_of), lambda: records(ra.aging(self._lots_of(user), as_of=as_of)))

    def goals(self, user: str, units: Sequence[str]) -> tuple[Sequence[Record], int]:
        """The nearest goals in some units that are not reached, and how many there are."""
        every_goal = self._once(("goals", user), lambda: gathered(ra.distance(self._of(user))))
        ahead = every_goal.filter(~nw.col("reached") & nw.col("unit_type").is_in(list(units)))
        return records(ahead.head(MOST_GOALS)), len(ahead)

    def _of(self, user: str) -> Any:
        chosen = self._rewards.filter(nw.col("user_guid") == user) if user else self._rewards
        return chosen.to_native()

    def _lots_of(self, user: str) -> Any:
        """Rewards with the same expiring lots, so the same timeline and schedule, and far fewer to group."""
        return self._lots.filter(nw.col("user_guid") == user).to_native() if user else self._lots_of_all.to_native()

    def _once(self, key: Hashable, compute: Callable[[], ResultT]) -> ResultT:
        if key not in self._kept:
            self._kept[key] = compute()
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        kept: ResultT = self._kept[key]
        return kept


def _as_rewards(lots: nw.DataFrame[Any]) -> nw.DataFrame[Any]:
    """Expiring lots as rewards that have just these lots."""
    return lots.with_columns(member_guid=nw.lit(""), account_guid=nw.lit(""), balance_type=nw.lit(EXPIRING_BALANCE))


def _distinct(rewards: Any, column: str) -> list[str]:
    found = gathered(rewards.select(column).unique().to_native())
    return sorted(value for value in found[column].to_list() if value is not None)
