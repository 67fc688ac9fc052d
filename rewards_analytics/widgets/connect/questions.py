"""The questions of an institution: how they are shown, and what an answer to them is.

Only numbers of choices reach the page. The values that the API expects stay in the kernel, and so do all answers.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from rewards_analytics.client import Challenge, ImageChallenge, ImageOptionsChallenge, Option, OptionsChallenge
from rewards_analytics.errors import ArgumentError
from rewards_analytics.wording import one_line

LONGEST_LABEL: Final = 500

_SIGNATURES: Final = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp"}


class Choice(NamedTuple):
    """One of the choices of a question: its words, and its picture as a data address, None if it has none to show."""

    label: str
    picture: str | None = None


class Question(NamedTuple):
    """A question as the form shows it.

    Attributes
    ----------
    label
        The question, in the institution's words.
    kind
        `text`, `choices` (of words) or `pictures` (to choose from).
    choices
        The choices, in the order of their numbers.
    has_picture, picture
        Whether the question itself has a picture, and its data address; None if it cannot be shown.
    """

    label: str
    kind: Literal["text", "choices", "pictures"] = "text"
    choices: Sequence[Choice] = ()
    has_picture: bool = False
    picture: str | None = None


def question_of(challenge: Challenge) -> Question:
    """Return the question that shows a challenge.

    >>> question_of(OptionsChallenge("CRD-1", "OPTIONS", "Where to?", options=[Option("By mail", "m-1")])).choices
    [Choice(label='By mail', picture=None)]
    """
    label = one_line(challenge.label, LONGEST_LABEL) or "The institution sent no text for this question."
    match challenge:
        case OptionsChallenge(options=options):
            return Question(label, "choices", [Choice(_words(option, n)) for n, option in enumerate(options, 1)])
        case ImageOptionsChallenge(image_options=pictures):
            shown = [Choice(_words(each, n), _address(each.image)) for n, each in enumerate(pictures, 1)]
            return Question(label, "pictures", shown)
        case ImageChallenge():
            return Question(label, has_picture=True, picture=_address(challenge.image))
        case _:
            return Question(label)


def options_of(challenge: Challenge) -> Sequence[Option]:
    """Return what can be chosen as the answer to a challenge, nothing if it is text."""
    match challenge:
        case OptionsChallenge(options=options):
            return options
        case ImageOptionsChallenge(image_options=pictures):
            return pictures
        case _:
            return ()


def chosen(challenge: Challenge, given: str) -> str:
    """Return the answer that the page has given, a text or the number of a choice; empty if it is none.

    >>> where = OptionsChallenge("CRD-1", "OPTIONS", "Where to?", options=[Option("By mail", "m-1")])
    >>> chosen(where, "0"), chosen(where, "1"), chosen(Challenge("CRD-2", "TEXT", "Who?"), " Ann ")
    ('m-1', '', 'Ann')
    """
    options = options_of(challenge)
    if not options:
        return given.strip()
    number = int(given) if given.isascii() and given.isdigit() and len(given) <= 4 else len(options)
    return options[number].value if number < len(options) else ""


def checked(challenge: Challenge, answer: object) -> str:
    """Return an answer that code has given. An error names what can be chosen, never the answer."""
    if not isinstance(answer, str) or not answer.strip():
        raise ArgumentError(f"The answer to {challenge.label!r} is empty or not a text.")
    options = options_of(challenge)
    if options and answer not in [option.value for option in options]:
        names = ", ".join(repr(one_line(option.label)) for option in options)
        raise ArgumentError(f"The answer to {challenge.label!r} is not the value of one of its choices ({names}).")
    return answer


def _words(option: Option, number: int) -> str:
    return one_line(option.label, LONGEST_LABEL) or f"Choice {number}"


def _address(image: bytes) -> str | None:
    kind = next((kind for start, kind in _SIGNATURES.items() if image.startswith(start)), "png")
    return f"data:image/{kind};base64,{b64encode(image).decode('ascii')}" if image else None
