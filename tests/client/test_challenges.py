"""Challenges as typed objects, whatever the API sends."""

from base64 import b64encode

import pytest

from rewards_analytics.client import (
    Challenge,
    ImageChallenge,
    ImageOption,
    ImageOptionsChallenge,
    Option,
    OptionsChallenge,
    TextChallenge,
)
from rewards_analytics.client.challenges import from_json

PICTURE = b"\x89PNG and so on"
CODE = b64encode(PICTURE).decode()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "TEXT", "field_name": "city"}, TextChallenge("CRD-1", "TEXT", "Which?", "city")),
        (
            {"type": "OPTIONS", "options": [{"label": "Mail", "value": "m"}]},
            OptionsChallenge("CRD-1", "OPTIONS", "Which?", None, [Option("Mail", "m")]),
        ),
        ({"type": "IMAGE_DATA", "image_data": CODE}, ImageChallenge("CRD-1", "IMAGE_DATA", "Which?", None, CODE)),
        (
            {"type": "IMAGE_OPTIONS", "image_options": [{"label": "Cat", "value": "c", "data_uri": CODE}]},
            ImageOptionsChallenge("CRD-1", "IMAGE_OPTIONS", "Which?", None, [ImageOption("Cat", "c", CODE)]),
        ),
        ({"type": "TOKEN"}, Challenge("CRD-1", "TOKEN", "Which?")),
        ({"type": "OPTIONS", "options": 5}, OptionsChallenge("CRD-1", "OPTIONS", "Which?", None, [])),
        ({"type": "OPTIONS", "options": None}, OptionsChallenge("CRD-1", "OPTIONS", "Which?", None, [])),
        ({"type": "OPTIONS", "options": [5]}, OptionsChallenge("CRD-1", "OPTIONS", "Which?", None, [])),
    ],
)
def test_each_type_has_its_class(fields, expected):
    assert from_json({"guid": "CRD-1", "label": "Which?"} | fields) == expected


@pytest.mark.parametrize("data", [CODE, f"data:image/png;base64,{CODE}", f"{CODE[:8]}\n{CODE[8:]}"])
def test_a_picture_is_given_as_its_bytes(data):
    assert from_json({"type": "IMAGE_DATA", "image_data": data}).image == PICTURE


@pytest.mark.parametrize("data", ["", "abcde", "é", None, 5])
def test_an_invalid_picture_has_no_bytes(data):
    assert from_json({"type": "IMAGE_DATA", "image_data": data}).image == b""
