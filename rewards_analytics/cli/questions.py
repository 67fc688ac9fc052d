"""The institution's questions, asked on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rewards_analytics.cli.messages import say
from rewards_analytics.wording import one_line

if TYPE_CHECKING:
    from rewards_analytics.client import Challenge, Option

_SIGNATURES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif"}


class Terminal:
    """Asks on standard error and reads from standard input; pictures are written to `folder` for the user to open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pictures = 0

    def answer(self, challenges: Sequence[Challenge]) -> Mapping[str, str]:
        """The user's answer to each challenge, empty once the input has ended."""
        return {challenge.guid: self._ask(challenge) for challenge in challenges}

    def _ask(self, challenge: Challenge) -> str:
        from rewards_analytics.client import ImageChallenge, ImageOptionsChallenge, OptionsChallenge

        say(f"The institution asks: {one_line(challenge.label, 500)}")
        match challenge:
            case OptionsChallenge(options=options):
                return self._choose(options, [option.label for option in options])
            case ImageOptionsChallenge(image_options=pictures):
                shown = [f"{picture.label} ({self._written(picture.image)})" for picture in pictures]
                return self._choose(pictures, shown)
            case ImageChallenge():
                say(f"  The picture: {self._written(challenge.image)}")
                return _read("Answer: ")
            case _:
                return _read("Answer: ")

    def _choose(self, options: Sequence[Option], shown: Sequence[str]) -> str:
        """Value of the option that the user chooses by number; asks again until the number is valid."""
        for number, words in enumerate(shown, start=1):
            say(f"  {number}. {one_line(words, 500)}")
        while given := _read(f"Number (1 to {len(options)}): "):
            if given.isascii() and given.isdigit() and 1 <= int(given) <= len(options):
                return options[int(given) - 1].value
            say(f"  {given!r} is not one of the numbers.")
        return ""

    def _written(self, image: bytes) -> str:
        """Path of the file a picture was written to, or why there is none."""
        if not image:
            return "the institution sent no picture that can be shown"
        self._pictures += 1
        ending = next((ending for start, ending in _SIGNATURES.items() if image.startswith(start)), "bin")
        path = self._folder / f"picture-{self._pictures}.{ending}"
        path.write_bytes(image)
        return str(path)


def _read(prompt: str) -> str:
    """One line of standard input, empty at its end."""
    say(prompt, end="")
    return sys.stdin.readline().strip() if sys.stdin else ""
