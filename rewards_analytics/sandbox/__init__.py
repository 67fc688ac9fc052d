"""The rewards API on this machine: a synthetic world served over real HTTP, for demos, tests and exercises.

- `clock`: the sandbox's own time, which a test can drive;
- `programmes`: the loyalty programmes there are, and how an account of one lives from day to day;
- `world`: users, members and the rewards that were gathered of them;
- `jobs`: the aggregation job of one member, with its questions;
- `api`: the endpoints, a file for each kind; `wire`: how they write JSON; `faults`: what goes wrong on request;
- `server`: the whole on 127.0.0.1, as a context manager.
"""

from rewards_analytics.sandbox.clock import Clock
from rewards_analytics.sandbox.faults import Faults
from rewards_analytics.sandbox.server import Sandbox
from rewards_analytics.sandbox.world import World

__all__ = ["Clock", "Faults", "Sandbox", "World"]
