"""The rewards API on this machine: a synthetic world served over real HTTP, for demos, tests and exercises.

- `clock`: the sandbox's own time, which a test can advance;
- `programmes`: the loyalty programmes, and what happens on an account from day to day;
- `world`: users, members and their rewards; `jobs`: the aggregation job of one member, with its questions;
- `api`: the endpoints over HTTP; `openapi`: their description; `encoding`: how they write JSON;
- `faults`: what fails on request; `gateway`: the log, the latency and these faults, in front of the API;
- `server`: all of it on 127.0.0.1, as a context manager;
- `year`: a year of daily snapshots of a world of its own, without the API.
"""

from rewards_analytics.sandbox.clock import Clock
from rewards_analytics.sandbox.faults import Faults
from rewards_analytics.sandbox.server import Sandbox
from rewards_analytics.sandbox.world import World

__all__ = ["Clock", "Faults", "Sandbox", "World"]
