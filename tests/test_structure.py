"""The borders of the house: the import rules of pyproject.toml reach every file, and each catches what it forbids."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [path for package in ("app", "engine") for path in sorted((ROOT / package).rglob("*.py"))]
LINT_IMPORTS = shutil.which("lint-imports", path=Path(sys.executable).parent)

# What the light packages may import besides the standard library and themselves.
ALLOWED = {"api": {"numpy"}, "raster": {"numpy", "numba", "llvmlite"}}

# A file that breaks a rule, what it says, and the rule that must notice.
BREACHES = [
    ("engine/run/breach.py", "import PySide6", "engine-knows-no-window"),
    ("engine/run/breach.py", "import app.window", "engine-knows-no-window"),
    ("app/breach.py", "import torch", "window-knows-the-border"),
    ("app/breach.py", "import engine.run", "window-knows-the-border"),
    ("app/breach.py", "from engine import labs", "window-knows-the-border"),
    ("engine/api/breach.py", "import PIL", "border-is-light"),
    ("engine/api/breach.py", "import engine.raster", "border-is-light"),
    ("engine/raster/breach.py", "import torch", "raster-is-light"),
    ("engine/labs/breach/one.py", "import engine.labs.breach.two", "labs-stand-alone"),
]


def imported_roots(path: Path) -> set[str]:
    """Each module that a file imports, wherever in it, as far as the border needs: `numpy`, `engine.api`."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            modules.add(node.module)
    return {".".join(name.split(".")[: 2 if name.startswith("engine") else 1]) for name in modules}


@pytest.mark.parametrize("package", ALLOWED)
def test_the_light_packages_import_only_what_the_design_allows(package: str) -> None:
    files = sorted((ROOT / "engine" / package).rglob("*.py"))
    allowed = sys.stdlib_module_names | ALLOWED[package] | {f"engine.{package}"}
    assert files
    assert {path.name: extra for path in files if (extra := imported_roots(path) - allowed)} == {}


def test_every_folder_of_code_is_a_package() -> None:
    """import-linter does not look into a folder without `__init__.py`, so that its rules would not hold there."""
    folders = {parent for path in SOURCES for parent in path.parents if ROOT in parent.parents}
    assert [str(folder.relative_to(ROOT)) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources and of the rules, to break."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in ("app", "engine"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.mark.parametrize(("file", "line", "rule"), BREACHES, ids=[f"{rule}: {line}" for _, line, rule in BREACHES])
def test_each_rule_catches_its_breach(house: Path, file: str, line: str, rule: str) -> None:
    breach = house / file
    made = not breach.parent.exists()
    breach.parent.mkdir(exist_ok=True)
    for sibling in ("__init__.py", "two.py") if made else ():
        (breach.parent / sibling).touch()
    breach.write_text(f"{line}\n")
    try:
        assert LINT_IMPORTS is not None
        command = [LINT_IMPORTS, "--no-logo", "--contract", rule]
        done = subprocess.run(command, cwd=house, capture_output=True, text=True, check=False)
    finally:
        breach.unlink()
    assert done.returncode == 1
    assert f"{file.removesuffix('.py').replace('/', '.')} -> " in done.stdout
