"""Rewards of any number of made-up users, in flat memory: files to test and to measure with.

- `draws`: random numbers that are a function of the seed and of what they are drawn for;
- `people`: users, their members and holdings, by number;
- `snapshot`: what some of them hold on a day, as a table;
- `writing`: the files, the folder or the history.

The programmes are those of `sandbox.year`. There, people act from day to day; here, every day of every holding is
computed by itself, so that no state grows with the data and any part can be made alone.
"""

from rewards_analytics.generating.writing import generate

__all__ = ["generate"]
