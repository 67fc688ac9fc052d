"""The questions of an institution, put to whoever sits at the terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rewards_analytics.wording import one_line

if TYPE_CHECKING:
    from rewards_analytics.client import Challenge, Option

_SIGNATURES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif"}


class Terminal:
    """Asks on standard error and reads from standard input; pictures are written into `folder`, to be looked at."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pictures = 0

    def answer(self, challenges: Sequence[Challenge]) -> Mapping[str, str]:
        """Answer of the user to each challenge; an answer is missing where the input has ended."""
        return {challenge.guid: self._ask(challenge) for challenge in challenges}

    def _ask(self, challenge: Challenge) -> str:
        from rewards_analytics.client import ImageChallenge, ImageOptionsChallenge, OptionsChallenge

        _say(f"The institution asks: {one_line(challenge.label, 500)}")
        match challenge:
            case OptionsChallenge(options=options):
                return self._choose(options, [option.label for option in options])
            case ImageOptionsChallenge(image_options=pictures):
                shown = [f"{picture.label} ({self._written(picture.image)})" for picture in pictures]
                return self._choose(pictures, shown)
            case ImageChallenge():
                _say(f"  The picture: {self._written(challenge.image)}")
                return _read("Answer: ")
            case _:
                return _read("Answer: ")

    def _choose(self, options: Sequence[Option], shown: Sequence[str]) -> str:
        """Value of the option whose number is given; asked again until it is one."""
        for number, words in enumerate(shown, start=1):
            _say(f"  {number}. {one_line(words, 500)}")
        while given := _read(f"Number (1 to {len(options)}): "):
            if given.isascii() and given.isdigit() and 1 <= int(given) <= len(options):
                return options[int(given) - 1].value
            _say(f"  {given!r} is not one of the numbers.")
        return ""

    def _written(self, image: bytes) -> str:
        """File that holds a picture, in words."""
        if not image:
            return "the institution sent none that can be shown"
        self._pictures += 1
        ending = next((ending for start, ending in _SIGNATURES.items() if image.startswith(start)), "bin")
        path = self._folder / f"picture-{self._pictures}.{ending}"
        path.write_bytes(image)
        return str(path)


def _read(prompt: str) -> str:
    """One line of standard input, nothing at its end."""
    typer.echo(prompt, err=True, nl=False)
    return sys.stdin.readline().strip()


def _say(words: str) -> None:
    typer.echo(words, err=True)
