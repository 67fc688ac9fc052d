"""The client of the rewards API: transport, paging, the aggregation job, and pulling many members at once.

- `credentials`: keys that no `repr`, log or traceback shows;
- `transport`: one HTTP call; `session`: the connections; `retry`: what is tried again and when;
- `pages`: a list, whatever its pages do;
- `rewards`: `AtriumClient`, a method per endpoint; `challenges`: the questions of an institution;
- `aggregation`: start a job, poll, ask the user, end; `pull`: many members at once.
"""

from rewards_analytics.client.challenges import (
    Challenge,
    ImageChallenge,
    ImageOption,
    ImageOptionsChallenge,
    Option,
    OptionsChallenge,
    TextChallenge,
)
from rewards_analytics.client.rewards import AtriumClient

__all__ = [
    "AtriumClient",
    "Challenge",
    "ImageChallenge",
    "ImageOption",
    "ImageOptionsChallenge",
    "Option",
    "OptionsChallenge",
    "TextChallenge",
]
