"""The command line, for reports as well."""

from tests.cli.conftest import run

__all__ = ["run"]
