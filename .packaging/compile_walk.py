"""Compiles the innermost loops of loading while the package is built.

Without a C compiler the package is built all the same: Arrow does the same work at half the speed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("rewards_analytics") / "loading"
MODULE = "rewards_analytics.loading._walk"


class CompileWalk(BuildHookInterface):
    """Puts the compiled module beside its source, and into the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Compile before the files of the wheel are collected."""
        try:
            compiled = compile_in_place(Path(self.root))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a missing compiler has many faces
            self.app.display_warning(f"The compiled part of loading is left out, files load slower: {error}")
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["artifacts"].append(f"/{compiled.relative_to(self.root).as_posix()}")


def compile_in_place(root: Path) -> Path:
    """Compile `_walk.pyx`, and give the path of the module."""
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    optimise = [] if sys.platform == "win32" else ["-O3"]
    with tempfile.TemporaryDirectory() as scratch:
        source = Extension(MODULE, [str(root / FOLDER / "_walk.pyx")], extra_compile_args=optimise)
        modules = cythonize([source], build_dir=scratch, quiet=True)
        command = build_ext(Distribution({"name": "walk", "ext_modules": modules}))
        command.build_lib, command.build_temp = scratch, scratch
        command.ensure_finalized()
        command.run()
        built = Path(command.get_ext_fullpath(MODULE))
        target = root / FOLDER / built.name
        target.write_bytes(built.read_bytes())
    return target
