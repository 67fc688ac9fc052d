"""The holdings of a choice: those with a lot in a period or a bucket, and those with a finding of a quality check."""

from __future__ import annotations

from collections.abc import Iterator

import narwhals as nw

from rewards_analytics.analysis.aging import BUCKETS, position
from rewards_analytics.analysis.holdings import JOIN_KEY, expiring_lots, holding_sums, with_join_key
from rewards_analytics.analysis.quality import holding_checks, reward_checks
from rewards_analytics.engines import LazyFrame
from rewards_analytics.schema import HOLDER, KEY
from rewards_analytics.widgets.explore.choice import Choice


def of_holdings(rewards: LazyFrame, keys: Iterator[LazyFrame]) -> LazyFrame:
    """Keep the rewards of the holdings that are in each frame of keys: all rewards of these."""
    schema = rewards.collect_schema()
    # The caller's own columns may be categorical, and a join matches text with text only.
    own = {name: f"__own_{name}__" for name in KEY if schema[name] != nw.String}
    keyed = rewards
    if own:
        keyed = keyed.with_columns(**{copy: nw.col(name) for name, copy in own.items()})
        keyed = keyed.with_columns(nw.col(*own).cast(nw.String))
    keyed = with_join_key(keyed)
    for each in keys:
        keyed = keyed.join(each, on=list(JOIN_KEY), how="semi")
    restored = {name: nw.col(copy) for name, copy in own.items()}
    return (keyed.with_columns(**restored) if own else keyed).select(*schema.names())


def chosen_holdings(rewards: LazyFrame, choice: Choice) -> Iterator[LazyFrame]:
    """Yield the keys of the holdings that each part of a choice chooses among rewards, as `JOIN_KEY`."""
    if choice.period is not None:
        first, last = choice.period_days()
        in_period = nw.col("expires_on") >= nw.lit(first)
        if last is not None:
            in_period &= nw.col("expires_on") <= nw.lit(last)
        yield _keys(expiring_lots(rewards, *HOLDER).filter(in_period))
    if choice.bucket is not None:
        lots = expiring_lots(rewards, *HOLDER)
        yield _keys(lots.filter(position(choice.as_of) == BUCKETS.index(choice.bucket)))
    if choice.check is not None:
        of_rewards, of_holdings_ = reward_checks(choice.as_of), holding_checks()
        if choice.check in of_holdings_:
            yield _keys(holding_sums(rewards).filter(of_holdings_[choice.check]))
        elif choice.check in of_rewards:
            yield _keys(rewards.filter(of_rewards[choice.check]))
        else:  # the calendar ends before anything could be found
            yield _keys(rewards.filter(nw.col("unit_type").is_null()))


def _keys(rows: LazyFrame) -> LazyFrame:
    return with_join_key(rows).select(*JOIN_KEY)
