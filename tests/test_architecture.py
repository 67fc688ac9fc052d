"""The arrows between the rooms of the package point one way, and importing it is cheap."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import rewards_analytics
from rewards_analytics import schema

PACKAGE = Path(rewards_analytics.__file__).parent
DATAFRAME_LIBRARIES = {"polars", "pandas", "pyarrow", "duckdb", "dask", "pyspark"}
HEAVY = {*DATAFRAME_LIBRARIES, "matplotlib", "ipywidgets", "narwhals", "requests", "starlette", "uvicorn", "rich"}

# What each room may import of the package. A room may always import itself.
BASE = {"amounts", "errors", "schema", "terminal"}
READING = {"analysis", "results", "plots", "show", "spreadsheet", "wording"}
MAY_IMPORT = {
    "version": set(),
    "terminal": set(),
    "errors": {"terminal"},
    "schema": {"errors"},
    "atrium": set(),
    "amounts": {"schema"},
    "interactive": set(),
    "files": {"errors"},
    "children": set(),
    "forks": {"errors"},
    "textfiles": {"errors"},
    "spreadsheet": set(),
    "wording": {"schema"},
    "engines": {*BASE, "files", "forks"},
    "client": {*BASE, "atrium", "files", "interactive"},  # and `client.pull`, which returns frames, the loader
    "webhook": BASE,
    "sandbox": {*BASE, "atrium", "files"},
    "loading": {*BASE, "engines", "files", "forks", "interactive", "spreadsheet", "textfiles", "wording"},
    "analysis": {*BASE, "engines", "textfiles"},
    "history": {*BASE, "analysis", "engines", "files", "forks", "loading", "wording"},
    "generating": {*BASE, "files", "history", "loading", "sandbox"},
    "results": {*BASE, "engines", "analysis"},
    "plots": {*BASE, "analysis", "results", "wording"},
    "show": {*BASE, "files", "analysis", "results", "plots", "spreadsheet", "wording"},
    "reporting": {*BASE, *READING, "children", "engines", "files", "interactive", "version"},
    # and `widgets.connect`, which fetches, the API's names, the client, the sandbox and the loader
    "widgets": {*BASE, *READING, "engines", "interactive", "reporting", "version"},
    "notebooks": {"children", "errors", "files", "reporting", "version", "wording"},
    "dashboard": {*BASE, "children", "files", "loading", "widgets", "wording"},
}


def modules_of(room: str) -> list[Path]:
    folder = PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def imports_of(module: Path) -> set[str]:
    """The dotted names that a module imports anywhere, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms_imported_by(module: Path) -> set[str]:
    return {name.split(".")[1] for name in imports_of(module) if name.startswith("rewards_analytics.")}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_the_rooms_below_it(room):
    for module in modules_of(room):
        allowed = {*MAY_IMPORT[room], room}
        if "pull" in module.parts:
            allowed |= {"loading"}
        if "connect" in module.parts:
            allowed |= {"atrium", "client", "sandbox", "loading"}
        assert rooms_imported_by(module) <= allowed, module


def test_no_module_imports_the_root_package():
    for module in PACKAGE.rglob("*.py"):
        imported = imports_of(module)
        public = {f"rewards_analytics.{name}" for name in rewards_analytics.__all__}
        modules = {f"rewards_analytics.{path.stem}" for path in PACKAGE.iterdir()}
        assert not imported & ({"rewards_analytics"} | (public - modules)), module


def test_no_room_imports_itself_through_others():
    rooms = {path.stem for path in PACKAGE.iterdir() if path.name[0] not in "_." and path.suffix in ("", ".py")}
    needs = {room: set().union(*map(rooms_imported_by, modules_of(room))) & rooms - {room} for room in rooms}

    while free := {room for room, needed in needs.items() if not needed & needs.keys()}:
        for room in free:
            del needs[room]

    assert needs == {}


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_an_init_file_holds_no_logic(module):
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        match node:
            case ast.Expr(value=ast.Constant(value=str())) | ast.Import() | ast.ImportFrom():
                pass
            case ast.Assign(targets=[ast.Name(id=name)]):
                assert name in ("__all__", "_HOME", "TYPE_CHECKING"), module
            case ast.FunctionDef(name=name):
                assert name in ("__getattr__", "__dir__"), module
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body):
                assert all(isinstance(inner, ast.ImportFrom) for inner in body), module
            case _:
                pytest.fail(f"{module}:{node.lineno} is logic")


def test_every_room_of_the_package_has_its_place_in_this_order():
    rooms = {path.stem for path in PACKAGE.iterdir() if path.name[0] not in "_." and path.suffix in ("", ".py")}

    assert rooms == {*MAY_IMPORT, "cli"}


@pytest.mark.parametrize("room", ["analysis", "plots"])
def test_no_analysis_and_no_picture_names_a_dataframe_library(room):
    for module in modules_of(room):
        roots = {name.split(".")[0] for name in imports_of(module)}
        assert not roots & DATAFRAME_LIBRARIES, module


def test_nothing_but_the_client_and_the_sandbox_speaks_http():
    for module in PACKAGE.rglob("*.py"):
        roots = {name.split(".")[0] for name in imports_of(module)}
        room = module.relative_to(PACKAGE).parts[0]
        if room == "sandbox":
            assert "requests" not in roots, module
        elif room not in ("client", "errors.py"):
            assert not roots & {"requests", "urllib3", "http", "starlette", "uvicorn"}, module


def test_importing_the_package_loads_no_heavy_library():
    program = f"import rewards_analytics, sys; print(*sorted({HEAVY!r} & set(sys.modules)))"

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert run.stdout.split() == []


def test_the_command_handles_ctrl_c_before_it_imports_anything_else():
    program = (
        "import sys; before = {*sys.modules}; import rewards_analytics.cli; print(*sorted({*sys.modules} - before))"
    )

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    names = {*run.stdout.split()} - {"__future__"}
    assert names == {"rewards_analytics"} | {
        f"rewards_analytics.{name}" for name in ("cli", "cli.entry", "forks", "version")
    }


def test_every_public_name_is_found_and_listed():
    for name in rewards_analytics.__all__:
        assert getattr(rewards_analytics, name) is not None
        assert name in dir(rewards_analytics)


def test_type_checkers_see_every_public_name():
    seen = {
        name.rsplit(".", 1)[1] for name in imports_of(PACKAGE / "__init__.py") if name.startswith("rewards_analytics.")
    }

    assert seen - {"forks"} == set(rewards_analytics.__all__)


def test_a_public_name_survives_the_import_of_every_module():
    program = (
        "import pkgutil, importlib, types, rewards_analytics as ra\n"
        "for m in pkgutil.walk_packages(ra.__path__, 'rewards_analytics.'):\n"
        "    if '__main__' not in m.name: importlib.import_module(m.name)\n"
        "print(*[n for n in ra.__all__ if isinstance(getattr(ra, n), types.ModuleType)])\n"
        "print(*[n for n in ra.show.__all__ if isinstance(getattr(ra.show, n), types.ModuleType)])"
    )

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert run.stdout.split() == ["show"]  # a module of functions


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'lode'"):
        _ = rewards_analytics.lode


def test_the_bound_on_amounts_lets_ten_billion_of_them_add_up():
    largest_sum = 10**10 * 10 ** (schema.WHOLE_DIGITS + schema.SCALE)

    assert largest_sum <= 10**schema.PRECISION
