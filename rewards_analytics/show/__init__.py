"""Results as people read them: tables, pictures and sentences for notebooks, exports and terminals."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewards_analytics.show.drawings import pictures as pictures
    from rewards_analytics.show.overview import summary as summary
    from rewards_analytics.show.prose import Sentences as Sentences, sentences as sentences
    from rewards_analytics.show.shown import Shown as Shown, nothing as nothing
    from rewards_analytics.show.tables import by_unit as by_unit, table as table

_HOME = {
    "Sentences": "prose",
    "Shown": "shown",
    "by_unit": "tables",
    "nothing": "shown",
    "pictures": "drawings",
    "sentences": "prose",
    "summary": "overview",
    "table": "tables",
}

__all__ = ["Sentences", "Shown", "by_unit", "nothing", "pictures", "sentences", "summary", "table"]


def __getattr__(name: str) -> object:
    """Load a public name from its module when it is first used: drawing and frames are heavy."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
