"""The questions that an institution asks the end user, as typed objects."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Challenge:
    """A question to the end user. One of a type that this package does not know is of this very class.

    Attributes
    ----------
    guid
        Key of the answer.
    type
        `TEXT`, `OPTIONS`, `IMAGE_DATA`, `IMAGE_OPTIONS`, or a type that is not documented.
    label
        The question, in the institution's words.
    field_name
        Name of the field at the institution, None where it gives none.
    """

    guid: str
    type: str
    label: str
    field_name: str | None = None


@dataclass(frozen=True)
class TextChallenge(Challenge):
    """The answer is text."""


@dataclass(frozen=True)
class Option:
    """A choice: `label` is shown, `value` is the answer."""

    label: str
    value: str


@dataclass(frozen=True)
class OptionsChallenge(Challenge):
    """The answer is the `value` of one of `options`."""

    options: Sequence[Option] = ()


@dataclass(frozen=True)
class ImageChallenge(Challenge):
    """The answer is what the picture shows. `image_data` is its file in base64, `image` its bytes."""

    image_data: str = field(default="", repr=False)

    @property
    def image(self) -> bytes:
        """The picture's file."""
        return _decoded(self.image_data)


@dataclass(frozen=True)
class ImageOption(Option):
    """A choice that is a picture: `data_uri` holds its file, `image` its bytes."""

    data_uri: str = field(default="", repr=False)

    @property
    def image(self) -> bytes:
        """The picture's file."""
        return _decoded(self.data_uri)


@dataclass(frozen=True)
class ImageOptionsChallenge(Challenge):
    """The answer is the `value` of one of the pictures in `image_options`."""

    image_options: Sequence[ImageOption] = ()


def from_json(entry: Mapping[str, Any]) -> Challenge:
    """Typed challenge of one entry of the API's `challenges`."""
    common: dict[str, Any] = {
        "guid": _text(entry, "guid"),
        "type": _text(entry, "type"),
        "label": _text(entry, "label"),
        "field_name": entry.get("field_name"),
    }
    match common["type"]:
        case "TEXT":
            return TextChallenge(**common)
        case "OPTIONS":
            options = [Option(_text(option, "label"), _text(option, "value")) for option in _entries(entry, "options")]
            return OptionsChallenge(**common, options=options)
        case "IMAGE_DATA":
            return ImageChallenge(**common, image_data=_text(entry, "image_data"))
        case "IMAGE_OPTIONS":
            pictures = [
                ImageOption(_text(option, "label"), _text(option, "value"), _text(option, "data_uri"))
                for option in _entries(entry, "image_options")
            ]
            return ImageOptionsChallenge(**common, image_options=pictures)
        case _:
            return Challenge(**common)


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return "" if value is None else str(value)


def _entries(entry: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = entry.get(name)
    return [option for option in entries if isinstance(option, Mapping)] if isinstance(entries, list) else []


def _decoded(encoded: str) -> bytes:
    """Bytes of base64 text, alone or as a data URI; none where it is no such text."""
    try:
        return b64decode(encoded.rpartition(",")[2])
    except ValueError:
        return b""
