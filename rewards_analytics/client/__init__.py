"""The client of the rewards API.

- `credentials`: keys that no `repr`, log or traceback shows; `version`: the version of the API to ask for;
- `connection`: connections that end in time, and put the keys in last; `transport`: one HTTP call; `response`: its
  result; `retry`: which calls are retried, and when;
- `paging`: every entry of a list once, even if its pages shift;
- `rewards`: `AtriumClient`, one method per endpoint; `reward`: one reward, completed;
- `challenges`: the questions of an institution; `aggregation`: start a job, poll, ask the user;
- `pull`: many members concurrently.
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
