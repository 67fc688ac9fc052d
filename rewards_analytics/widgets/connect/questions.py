"""An institution's question with a field for the answer, which is deleted as soon as it is sent."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import Final

import ipywidgets as widgets

from rewards_analytics.client import Challenge, ImageChallenge, ImageOptionsChallenge, Option, OptionsChallenge
from rewards_analytics.wording import one_line

LONGEST_LABEL: Final = 500

_FIELD: Final = {
    "description": "Answer",
    "style": {"description_width": "5em"},
    "layout": {"width": "36em", "max_width": "100%"},
}
_SIGNATURES: Final = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp"}


class Question:
    """One question with its field.

    Attributes
    ----------
    challenge
        The question as the API sent it.
    field
        The field for the answer: text, or numbered choices.
    box
        The widget with the question, its pictures and its field.
    """

    def __init__(self, challenge: Challenge) -> None:
        self.challenge = challenge
        self._options: Sequence[Option] = ()
        label = one_line(challenge.label, LONGEST_LABEL) or "The institution sent no text for this question."
        shown: list[widgets.Widget] = [widgets.HTML(f'<p class="rewards-question">{escape(label)}</p>')]
        match challenge:
            case OptionsChallenge(options=options):
                self._options = options
                self.field = _choices(options)
            case ImageOptionsChallenge(image_options=pictures):
                self._options = pictures
                shown.append(_gallery([(f"Picture {n}", each.image) for n, each in enumerate(pictures, 1)]))
                self.field = _choices(pictures)
            case ImageChallenge():
                shown.append(_gallery([("Picture for this question", challenge.image)]))
                self.field = _text()
            case _:
                self.field = _text()
        self.box = widgets.VBox([*shown, self.field])

    def __repr__(self) -> str:
        """Show the question without its answer."""
        return f"Question({self.challenge.type}: {self.challenge.label!r})"

    @property
    def answer(self) -> str:
        """The answer as the API expects it, empty if there is none yet."""
        if isinstance(self.field, widgets.Text):
            return str(self.field.value).strip()
        return "" if self.field.value is None else self._options[self.field.value].value

    def forget(self) -> None:
        """Empty the field, in the page too, and remove the question from the notebook's widgets."""
        self.field.value = "" if isinstance(self.field, widgets.Text) else None
        for part in (*self.box.children, self.box):
            # close() leaves a widget's layout and style behind.
            for model in (part, part.layout, getattr(part, "style", part.layout)):
                model.close()


def _text() -> widgets.Text:
    # The page sends the value when the field loses focus, not letter by letter.
    return widgets.Text(placeholder="Sent to the institution, never stored", continuous_update=False, **_FIELD)


def _choices(options: Sequence[Option]) -> widgets.RadioButtons:
    """Choices by number: labels may repeat, and the answer itself stays out of the page."""
    numbered = [(f"{n}. {one_line(option.label, LONGEST_LABEL)}", n - 1) for n, option in enumerate(options, 1)]
    return widgets.RadioButtons(options=numbered, value=None, **_FIELD)


def _gallery(pictures: Sequence[tuple[str, bytes]]) -> widgets.HTML:
    return widgets.HTML(f'<div class="rewards-gallery">{"".join(_figure(*picture) for picture in pictures)}</div>')


def _figure(caption: str, image: bytes) -> str:
    if not image:
        return f"<figure><figcaption>{escape(caption)} cannot be shown.</figcaption></figure>"
    kind = next((kind for start, kind in _SIGNATURES.items() if image.startswith(start)), "png")
    # Base64 has no character that could end the attribute.
    picture = f'<img alt="{escape(caption)}" src="data:image/{kind};base64,{b64encode(image).decode("ascii")}">'
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"
