"""Text from outside, safe to write to a terminal: nothing in it moves the cursor, hides text or turns it around.

Every error and warning of this package (`errors`) and everything that the command line writes (`cli.streams`) goes
through here, so no caller has to remember it.
"""

from __future__ import annotations

_BREAKS = "[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+"


def printable(text: str) -> str:
    r"""Return a text as one line: a line break or tab becomes a blank, any other invisible character its escape.

    Invisible are control characters (so terminal sequences too), marks of direction, joiners and other characters
    without width, and what Unicode has not assigned. Blanks of other widths stay.

    >>> print(printable("\x1b[31mred\nand \u202etfel ot thgir"))
    \x1b[31mred and \u202etfel ot thgir
    """
    if text.isprintable():
        return text  # nearly always
    import re  # here, because the command needs this module before it handles Ctrl-C

    return "".join(map(_visible, re.sub(_BREAKS, " ", text)))


def printable_lines(text: str) -> str:
    r"""Return a text with its lines kept, each of them `printable`.

    >>> printable_lines("one\ntwo\b\b\bTWO\n")
    'one\ntwo\\x08\\x08\\x08TWO\n'
    """
    return "\n".join(map(printable, text.split("\n")))


def _visible(character: str) -> str:
    from unicodedata import category

    if character.isprintable() or category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode("ascii")
