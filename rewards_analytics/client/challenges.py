"""The questions that an institution asks the end user, as typed objects."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rewards_analytics import atrium
from rewards_analytics.atrium import JsonObject


@dataclass(frozen=True)
class Challenge:
    """A question to the end user. One whose type this package does not know is of this class itself.

    Attributes
    ----------
    guid
        Key of the answer.
    type
        `TEXT`, `OPTIONS`, `IMAGE_DATA`, `IMAGE_OPTIONS`, or an undocumented type.
    label
        The question, in the institution's words.
    field_name
        Name of the field at the institution, None if it has none.
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
    """A choice: show `label`, answer with `value`."""

    label: str
    value: str


@dataclass(frozen=True)
class OptionsChallenge(Challenge):
    """The answer is the `value` of one of `options`."""

    options: Sequence[Option] = ()


@dataclass(frozen=True)
class ImageChallenge(Challenge):
    """The answer is what the picture shows. `image_data` is the file in base64, `image` its bytes."""

    image_data: str = field(default="", repr=False)

    @property
    def image(self) -> bytes:
        """Bytes of the picture file."""
        return _decoded(self.image_data)


@dataclass(frozen=True)
class ImageOption(Option):
    """A choice that is a picture: `data_uri` holds the file, `image` its bytes."""

    data_uri: str = field(default="", repr=False)

    @property
    def image(self) -> bytes:
        """Bytes of the picture file."""
        return _decoded(self.data_uri)


@dataclass(frozen=True)
class ImageOptionsChallenge(Challenge):
    """The answer is the `value` of one of the pictures in `image_options`."""

    image_options: Sequence[ImageOption] = ()


def from_json(entry: Mapping[str, object]) -> Challenge:
    """Typed challenge from one entry of the API's `challenges`."""
    common: JsonObject = {**_texts(entry, "guid", "type", "label"), "field_name": entry.get("field_name")}
    match common["type"]:
        case atrium.TEXT:
            return TextChallenge(**common)
        case atrium.OPTIONS:
            options = [Option(**_texts(option, "label", "value")) for option in _entries(entry, "options")]
            return OptionsChallenge(**common, options=options)
        case atrium.IMAGE_DATA:
            return ImageChallenge(**common, **_texts(entry, "image_data"))
        case atrium.IMAGE_OPTIONS:
            choices = _entries(entry, "image_options")
            pictures = [ImageOption(**_texts(choice, "label", "value", "data_uri")) for choice in choices]
            return ImageOptionsChallenge(**common, image_options=pictures)
        case _:
            return Challenge(**common)


def _texts(entry: Mapping[str, object], *names: str) -> dict[str, str]:
    return {name: "" if entry.get(name) is None else str(entry[name]) for name in names}


def _entries(entry: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    entries = entry.get(name)
    return [option for option in entries if isinstance(option, Mapping)] if isinstance(entries, list) else []


def _decoded(encoded: str) -> bytes:
    """Bytes of base64 text, alone or as a data URI; empty if it is neither."""
    try:
        return b64decode(encoded.rpartition(",")[2])
    except ValueError:
        return b""
