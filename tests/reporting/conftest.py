"""The command line, for reports as well."""

from tests.cli.conftest import rewards_json, run

__all__ = ["rewards_json", "run"]
