"""The endpoints of the rewards API, over a `World`.

Both dialects are served on the same paths: Atrium (two key headers) and the MX Platform API (HTTP Basic).

- `application`: the endpoints by path and method, as an ASGI application;
- `authentication`: keys and versions; `calls`: one call, its refusals, its pages;
- `people`, `aggregation`, `rewards`: the endpoints, by subject.
"""
