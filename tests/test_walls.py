"""The walls of the house: what keeps it simple and safe to extend, checked in its own source."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABS = ("cnn", "agents", "adversarial")
LONGEST_FILE = 500  # lines
TEXT = {"", ".py", ".md", ".toml", ".txt", ".json", ".svg", ".html"}


def sources(*folders: str) -> list[Path]:
    """The project's own Python files, in all folders or in those named."""
    places = [ROOT / folder for folder in folders or ("engine", "gui", "tests")]
    files = [file for place in places for file in sorted(place.rglob("*.py"))]
    return files if folders else [ROOT / "main.py", *files]


def nodes(file: Path) -> Iterator[ast.AST]:
    yield from ast.walk(ast.parse(file.read_text(encoding="utf-8"), str(file)))


def imported(file: Path) -> Iterator[str]:
    """The full names of the modules, and of the names out of modules, that a file imports."""
    package = file.relative_to(ROOT).parts[:-1]
    for node in nodes(file):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, *filter(None, [node.module])))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_the_engine_imports_without_qt() -> None:
    modules = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for file in sources("engine")
    ]
    program = f"""
import importlib, sys
for name in ("PySide6", "shiboken6", "pyqtgraph", "gui"):
    sys.modules[name] = None  # importing it now raises ModuleNotFoundError
for name in {modules!r}:
    importlib.import_module(name)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr


def test_the_engine_does_not_know_the_window() -> None:
    above = ("PySide6", "shiboken6", "pyqtgraph", "gui", "main")
    leaks = [
        (str(file), name)
        for file in sources("engine")
        for name in imported(file)
        if name.split(".")[0] in above
    ]
    assert leaks == []


@pytest.mark.parametrize("tab", TABS)
def test_no_tab_imports_another(tab: str) -> None:
    others = tuple(f"gui.{other}" for other in TABS if other != tab)
    crossings = [
        (str(file), name)
        for file in sources(f"gui/{tab}")
        for name in imported(file)
        if name.startswith(others)
    ]
    assert crossings == []


def test_files_stay_short() -> None:
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in sources()}
    assert {str(file): lines for file, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_names_say_what_a_file_is() -> None:
    empty = re.compile(r"(utils?|helpers?|misc|common|managers?)")
    named = [file for file in sources() if any(map(empty.fullmatch, [file.stem, file.parent.name]))]
    assert named == []


def test_nothing_is_unpickled() -> None:
    unsafe = {("weights_only", False), ("allow_pickle", True)}
    found = [
        f"{file}:{node.lineno}"
        for file in sources()
        for node in nodes(file)
        if (
            isinstance(node, ast.Call)
            and any(
                isinstance(keyword.value, ast.Constant)
                and (keyword.arg, keyword.value.value) in unsafe
                for keyword in node.keywords
            )
        )
        or (
            isinstance(node, ast.Attribute)
            and node.attr in ("load", "loads", "Unpickler")
            and isinstance(node.value, ast.Name)
            and node.value.id in ("pickle", "cloudpickle", "dill", "joblib")
        )
    ]
    assert found == []


def test_no_package_host_is_named() -> None:
    # In two parts, so that this file does not name them either.
    hosts = [
        ".".join(parts)
        for parts in [("pypi", "org"), ("pythonhosted", "org"), ("download.pytorch", "org")]
    ] + [".".join(parts) for parts in [("anaconda", "org"), ("deb", "debian", "org")]]
    places = [ROOT / name for name in ("engine", "gui", "resources", "tests", ".ci")]
    files = [file for place in places for file in place.rglob("*") if file.suffix in TEXT]
    files += [file for file in ROOT.iterdir() if file.suffix in TEXT]
    named = [
        (str(file), host)
        for file in files
        if file.is_file()
        for host in hosts
        if host in file.read_text(encoding="utf-8", errors="replace")
    ]
    assert named == []
