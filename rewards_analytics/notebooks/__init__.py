"""Notebooks of a team's own: starters to write into a folder, and their strict validation.

- `validating`: runs nbval on notebooks in a process of its own; `differences` is the plugin that it runs with;
- `starters`: the notebooks of this project with their data and a recipe for CI.
"""
