"""How the package is built: with or without a compiler, reproducibly, and never from what lies in the checkout."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

import rewards_analytics

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SOURCES = [
    "pyproject.toml", "README.md", "LICENSE", ".gitignore", ".packaging", "rewards_analytics", "notebooks", "data",
    ".github",
]  # fmt: skip
JSON = Path("rewards_analytics/loading/json")
NO_COMPILER = {"CC": "/nonexistent/cc", "PATH": "/nonexistent"}
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")

LOADS_LINES = """
import rewards_analytics as ra
from rewards_analytics.loading.json.compiled import compiled
line = b'{"guid":"R-%d","user_guid":"U","member_guid":"M","balance_type":"BALANCE","unit_type":"MILES","balance":12.5}'
print(len(ra.load(b"\\n".join(line % number for number in range(100)))), compiled() is not None)
"""


ELSEWHERE = {"umask": 0o077, "TZ": "Asia/Tokyo", "LC_ALL": "C"}
"""What differs between two machines, besides the folder and the time of the build."""


def checkout(folder, mode=None):
    """A copy of what the package is built from, without compiled modules; with other permissions if `mode` is given."""
    folder.mkdir()
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
        else:
            shutil.copy(source, folder / name)
    if mode is not None:
        for path in folder.rglob("*"):
            path.chmod(path.stat().st_mode & mode)
    return folder


def build(folder, target="wheel", umask=-1, **environment):
    """What hatchling builds; its output where it fails."""
    environment = {"SOURCE_DATE_EPOCH": "1700000000"} | environment
    run = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder / "dist")],
        cwd=folder, env=os.environ | environment, umask=umask, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return next((folder / "dist").iterdir()) if run.returncode == 0 else run.stdout + run.stderr


def files_of(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def python(code, folder, *options):
    """Run code in this environment with the package of a folder."""
    run = subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return run.stdout.strip() or run.stderr


@pytest.fixture(scope="module")
def compiled_wheel(tmp_path_factory):
    """A wheel with the compiled module, and the checkout that it is from, where a garbage module lies about."""
    if not any(map(shutil.which, (os.environ.get("CC", "cc"), "gcc", "clang"))):
        pytest.skip("a C compiler is missing: apt-get install gcc python3-dev")
    folder = checkout(tmp_path_factory.mktemp("first") / "checkout")
    for name in (f"_layout{SUFFIX}", "_layout.abi3.so", "garbage.so"):
        (folder / JSON / name).write_bytes(b"garbage")
    return build(folder, REWARDS_ANALYTICS_COMPILE="require"), folder


@pytest.fixture(scope="module")
def pure_wheel(tmp_path_factory):
    """A wheel built where there is no compiler."""
    return build(checkout(tmp_path_factory.mktemp("pure") / "checkout"), **NO_COMPILER)


def test_one_wheel_fits_every_python_from_3_11_on(compiled_wheel):
    assert "-cp311-abi3-" in compiled_wheel[0].name


def test_a_garbage_module_in_the_checkout_does_not_get_into_the_wheel(compiled_wheel):
    wheel, _ = compiled_wheel
    modules = [name for name in files_of(wheel) if name.endswith((".so", ".pyd"))]

    assert len(modules) == 1
    assert zipfile.ZipFile(wheel).read(modules[0]) != b"garbage"


def test_a_build_writes_nothing_into_the_checkout(compiled_wheel):
    _, folder = compiled_wheel
    modules = {path.name: path.read_bytes() for path in folder.rglob("*.so")}

    assert modules == dict.fromkeys([f"_layout{SUFFIX}", "_layout.abi3.so", "garbage.so"], b"garbage")
    assert not list(folder.rglob("*.c"))


def test_the_compiled_wheel_loads_with_its_module(compiled_wheel, tmp_path):
    zipfile.ZipFile(compiled_wheel[0]).extractall(tmp_path)

    assert python(LOADS_LINES, tmp_path, "-W", "error") == "100 True"


def test_two_wheels_of_the_same_sources_are_the_same_bytes(compiled_wheel, tmp_path):
    second = build(checkout(tmp_path / "another place", 0o700), REWARDS_ANALYTICS_COMPILE="require", **ELSEWHERE)

    assert second.name == compiled_wheel[0].name
    assert second.read_bytes() == compiled_wheel[0].read_bytes()


def test_two_sdists_of_the_same_sources_are_the_same_bytes_without_a_compiled_module(compiled_wheel, tmp_path):
    first = build(checkout(tmp_path / "another place", 0o700), "sdist", **ELSEWHERE)
    second = build(compiled_wheel[1], "sdist")

    assert first.read_bytes() == second.read_bytes()


def bill_of(wheel):
    """The bill of materials that a wheel carries."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/sboms/rewards-analytics.cdx.json"))
        return json.loads(archive.read(name))


def test_a_wheel_says_what_it_is_made_of(compiled_wheel, pure_wheel):
    compiled, pure = bill_of(compiled_wheel[0]), bill_of(pure_wheel)

    assert (pure["bomFormat"], pure["specVersion"]) == ("CycloneDX", "1.6")
    assert pure["metadata"]["component"]["purl"] == f"pkg:pypi/rewards-analytics@{rewards_analytics.__version__}"
    asked = {re.match(r"[\w.-]+", line)[0] for line in PYPROJECT["project"]["dependencies"]}
    assert {part["name"] for part in pure["components"]} == asked
    assert {part["name"] for part in compiled["components"]} == asked | {"cython"}
    refs = {part["bom-ref"] for part in compiled["components"]}
    assert refs == set(compiled["dependencies"][0]["dependsOn"])


def test_without_a_compiler_the_wheel_is_pure_python(pure_wheel):
    assert pure_wheel.name.endswith("-py3-none-any.whl")
    assert not [name for name in files_of(pure_wheel) if name.endswith((".so", ".pyd"))]


def test_never_gives_the_same_wheel_where_there_is_a_compiler(pure_wheel, tmp_path):
    assert build(checkout(tmp_path / "b"), REWARDS_ANALYTICS_COMPILE="never").read_bytes() == pure_wheel.read_bytes()


def test_require_fails_without_a_compiler_and_says_so(tmp_path):
    output = build(checkout(tmp_path / "c"), REWARDS_ANALYTICS_COMPILE="require", **NO_COMPILER)

    assert "REWARDS_ANALYTICS_COMPILE=require, and _layout.pyx cannot be compiled" in output
    assert not (tmp_path / "c/dist").exists() or not list((tmp_path / "c/dist").iterdir())


def test_another_value_is_refused(tmp_path):
    output = build(checkout(tmp_path / "d"), REWARDS_ANALYTICS_COMPILE="yes")

    assert "REWARDS_ANALYTICS_COMPILE='yes' is not one of require, auto, never." in output


def edit_the_source(json):
    source = json / "_layout.pyx"
    source.write_text(source.read_text() + "# edited")


def damage_the_module(json):
    next(json.glob("_layout*.so")).write_bytes(b"garbage")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (edit_the_source, "was compiled from another version of _layout.pyx"),
        (damage_the_module, "cannot be loaded"),
    ],
)
def test_a_module_that_does_not_fit_its_source_is_not_used_and_a_warning_says_so(
    change, fault, compiled_wheel, tmp_path
):
    zipfile.ZipFile(compiled_wheel[0]).extractall(tmp_path)
    change(tmp_path / JSON)

    warning = f"RewardsWarning: The compiled module rewards_analytics.loading.json._layout {fault}"
    assert warning in python(LOADS_LINES, tmp_path, "-W", "error")
    assert python(LOADS_LINES, tmp_path, "-W", "ignore") == "100 False"
