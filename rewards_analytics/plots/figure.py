"""The figure of a picture in a notebook: an image that is light or dark as the notebook is, with alternative text."""

from __future__ import annotations

from typing import Final

from matplotlib import figure

from rewards_analytics.plots.images import image, svg
from rewards_analytics.plots.style import scheme_sheet

_SHEET: Final = (
    f"<style>{scheme_sheet('.rewards-picture')} .rewards-picture img {{max-width: 100%; height: auto}}</style>"
)


class Figure(figure.Figure):
    """A figure that also has a representation as HTML, which front ends prefer to the white PNG of pyplot.

    It is drawn when it is shown, with all that the caller has changed until then.
    """

    def _repr_html_(self) -> str:
        words = "; ".join(label for ax in self.axes if (label := str(ax.get_label())))
        return f'<div class="rewards-picture">{_SHEET}{image(svg(self, "figure"), words)}</div>'
