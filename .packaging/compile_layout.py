"""Compiles the loops of `loading/json/_layout.pyx` while the package is built, and adds the bill of materials.

The environment variable REWARDS_ANALYTICS_COMPILE says whether: `require` (the build fails without a compiler), `auto`
(without one the wheel is pure Python, and files load more slowly; the default) or `never`.

A wheel gets the module from a scratch folder, so the checkout is not written to. Only an editable install puts it next
to its source, because Python looks for it there. The module holds a hash of its source, which
`rewards_analytics.loading.json.compiled` compares before it is used.
"""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
import tempfile
from contextlib import chdir
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import sys_tags

sys.path.insert(0, str(Path(__file__).parent))  # hatchling loads this file alone
from bill_of_materials import bill_of_materials

MODES: Final = ("require", "auto", "never")
FOLDER: Final = Path("rewards_analytics", "loading", "json")
MODULE: Final = "rewards_analytics.loading.json._layout"
STABLE_ABI: Final = not sysconfig.get_config_var("Py_GIL_DISABLED")
"""One module for Python 3.11 and all later ones; free-threaded builds of Python do not have it."""


class CompileLayout(BuildHookInterface):
    """Adds the compiled module to the wheel or an editable install, and says what the wheel is made of."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before the files of the wheel are collected."""
        mode = os.environ.get("REWARDS_ANALYTICS_COMPILE", "auto")
        if mode not in MODES:
            raise ValueError(f"REWARDS_ANALYTICS_COMPILE={mode!r} is not one of {', '.join(MODES)}.")
        editable = version == "editable"
        if editable:
            for old in (*Path(self.root, FOLDER).glob("_layout*.so"), *Path(self.root, FOLDER).glob("_layout*.pyd")):
                old.unlink()
        self.scratch = tempfile.TemporaryDirectory()  # until the wheel is written
        compiled_in = mode != "never" and self._compile(mode, editable, build_data)
        cython = metadata.version("cython") if compiled_in else None
        bill = Path(self.scratch.name, "rewards-analytics.cdx.json")
        requirements = self.metadata.core.dependencies
        bill.write_text(bill_of_materials(self.metadata.version, requirements, cython), encoding="utf-8")
        build_data["sbom_files"].append(str(bill))

    def _compile(self, mode: str, editable: bool, build_data: dict[str, Any]) -> bool:
        """Compile the module and add it; without a compiler return False, or fail if it is required."""
        try:
            module = compiled(Path(self.root), Path(self.scratch.name))
        except (Exception, SystemExit) as error:
            if mode == "require":
                raise RuntimeError(
                    f"REWARDS_ANALYTICS_COMPILE=require, and _layout.pyx cannot be compiled: {error}. "
                    "Install a C compiler, or build with REWARDS_ANALYTICS_COMPILE=auto."
                ) from error
            self.app.display_warning(f"Built without the compiled module, so files load more slowly: {error}")
            return False
        target = FOLDER / module.name
        if editable:
            Path(self.root, target).write_bytes(module.read_bytes())
            return True
        build_data["pure_python"] = False
        build_data["force_include"][str(module)] = target.as_posix()
        if STABLE_ABI:
            build_data["tag"] = f"cp311-abi3-{_platform()}"
        else:
            build_data["infer_tag"] = True
        return True


def compiled(root: Path, scratch: Path) -> Path:
    """Compile `_layout.pyx` in a scratch folder. The same source gives the same bytes, wherever the folders are."""
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    source = (root / FOLDER / "_layout.pyx").read_bytes().replace(b"\r\n", b"\n")
    sha256 = hashlib.sha256(source).hexdigest()
    with chdir(scratch):  # paths inside the module are relative
        pyx = FOLDER / "_layout.pyx"
        pyx.parent.mkdir(parents=True)
        pyx.write_bytes(source + f'\nSOURCE_SHA256 = "{sha256}"\n'.encode())
        extension = Extension(
            MODULE,
            [str(pyx)],
            define_macros=[("Py_LIMITED_API", "0x030B0000")] if STABLE_ABI else [],
            py_limited_api=STABLE_ABI,
            extra_compile_args=["/O2", "/Brepro"] if sys.platform == "win32" else ["-O3", "-g0"],
            extra_link_args=["/Brepro"] if sys.platform == "win32" else [],
        )
        command = build_ext(Distribution({"name": "layout", "ext_modules": cythonize([extension], quiet=True)}))
        command.build_lib, command.build_temp = "lib", "temp"
        command.ensure_finalized()
        command.run()
        return Path(command.get_ext_fullpath(MODULE)).absolute()


def _platform() -> str:
    """The platform of wheels built here; `manylinux` would promise more than is checked."""
    platforms = (tag.platform for tag in sys_tags())
    return next(name for name in platforms if not name.startswith(("manylinux", "musllinux")))
