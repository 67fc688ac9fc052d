"""The wheel's software bill of materials (PEP 770): what it contains, and what it asks for, as CycloneDX."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable
from typing import Final

CYTHON: Final = "cython"


def bill_of_materials(version: str, requirements: Iterable[str], cython: str | None) -> str:
    """Return the document: the same text for the same contents, with no time in it.

    `requirements` are those of the package as `pyproject.toml` has them. `cython` is the version that the compiled
    module was made with, None in a pure wheel. Which versions of the requirements an installation gets, only the
    installation knows, so they carry the range and no version.
    """
    own = f"pkg:pypi/rewards-analytics@{version}"
    parts = [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}",
            "name": name,
            "scope": "required",
            "purl": f"pkg:pypi/{name}",
            "properties": [{"name": "requirement", "value": requirement}],
        }
        for requirement in requirements
        for name in [re.match(r"[\w.-]+", requirement)[0].lower()]
    ]
    if cython is not None:
        parts.append(
            {
                "type": "library",
                "bom-ref": f"pkg:pypi/{CYTHON}@{cython}",
                "name": CYTHON,
                "version": cython,
                "description": "its runtime code is part of the compiled module",
                "licenses": [{"license": {"id": "Apache-2.0"}}],
                "purl": f"pkg:pypi/{CYTHON}@{cython}",
            }
        )
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([own, parts]))}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": own,
                "name": "rewards-analytics",
                "version": version,
                "licenses": [{"license": {"id": "MIT"}}],
                "purl": own,
            }
        },
        "components": sorted(parts, key=lambda part: part["bom-ref"]),
        "dependencies": [{"ref": own, "dependsOn": sorted(part["bom-ref"] for part in parts)}],
    }
    return json.dumps(document, indent=2) + "\n"
