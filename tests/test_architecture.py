"""The house rules that a reader of one file cannot see: the direction of imports, and what is never called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "advisor"
STAGES = (
    ("errors", "units", "dates", "once", "share", "streams"),
    ("files", "format"),
    ("portfolio",),
    ("market", "tax"),
    ("exposure", "risk"),
    ("optimize",),
    ("rebalance",),
    ("whatif", "backtest", "evidence"),
    ("report",),
    ("api",),
    ("cli",),
)
RANK = {room: rank for rank, rooms in enumerate(STAGES) for room in rooms}
OWNERS = {
    "cvxpy": {"optimize"},
    "clarabel": {"optimize"},
    "click": {"cli"},
    "rich": {"cli"},
    "jinja2": {"report"},
    "plutoprint": {"report"},
    "weasyprint": {"report"},
    "pydantic": {"portfolio"},
    "yaml": {"portfolio"},
    "pandas": {"market", "api"},
    "yfinance": {"market"},
    "curl_cffi": {"market"},
    "requests": {"market"},
}
VERIFY_MAY_IMPORT = {
    "advisor.once",
    "advisor.market.data",
    "advisor.portfolio.model",
    "advisor.portfolio.preferences",
    "advisor.rebalance.check",
}
BANNED = {"pickle", "shelve", "marshal", "joblib", "dill", "cloudpickle", "subprocess"}
MAY_START_A_PROCESS = PACKAGE / "report" / "page" / "bounded.py"  # this interpreter again, to limit a template
BANNED_CALLS = {"eval", "exec", "compile", "__import__", "print"}


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


def faults_of_direction(path: Path, tree: ast.Module) -> Iterator[str]:
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return
    for line, name in imports(tree):
        parts = name.split(".")
        if parts[0] == "advisor" and len(parts) > 1:
            other = parts[1]
            if other != room and RANK[other] >= RANK[room]:
                yield f"{path}:{line}: {room} imports {name}, which is not before it in the flow"
        elif parts[0] in OWNERS and room not in OWNERS[parts[0]]:
            yield f"{path}:{line}: {room} imports {parts[0]}"


def test_imports_go_one_way_only() -> None:
    faults = [fault for path, tree in modules() for fault in faults_of_direction(path, tree)]
    assert not faults, "\n".join(faults)


def test_the_direction_test_names_file_and_line_of_a_wrong_import() -> None:
    tree = ast.parse("from __future__ import annotations\nimport advisor.report.page.render\nimport cvxpy\n")
    faults = list(faults_of_direction(PACKAGE / "risk" / "measures.py", tree))
    assert [fault.split(": ")[0] for fault in faults] == [
        f"{PACKAGE / 'risk' / 'measures.py'}:2",
        f"{PACKAGE / 'risk' / 'measures.py'}:3",
    ]


def test_every_room_has_its_place_in_the_flow() -> None:
    rooms = {room_of(path) for path, _ in modules()} - {"__init__", "__main__"}
    assert rooms == set(RANK)


def test_the_independent_check_takes_no_limit_from_the_catalogue() -> None:
    texts = {path.name: path.read_text("utf-8") for path in (PACKAGE / "rebalance" / "verify").glob("*.py")}
    assert [name for name, text in texts.items() if "limit.type" in text or "limit.part" in text] == []


def test_the_independent_check_imports_nothing_it_checks() -> None:
    faults = [
        f"{path}:{line}: {name}"
        for path, tree in modules()
        if path.parent == PACKAGE / "rebalance" / "verify"
        for line, name in imports(tree)
        if name.startswith("advisor.") and name not in VERIFY_MAY_IMPORT and "rebalance.verify" not in name
    ]
    assert not faults, "\n".join(faults)


def test_only_the_snapshot_builder_and_frames_for_callers_load_pandas() -> None:
    loads = {path.parent for path, tree in modules() for _, name in imports(tree) if name.split(".")[0] == "pandas"}
    assert loads == {PACKAGE / "market" / "builder", PACKAGE / "api"}


def test_only_the_yahoo_room_loads_its_client() -> None:
    clients = ("yfinance", "curl_cffi", "requests")
    loads = {path.parent for path, tree in modules() for _, name in imports(tree) if name.split(".")[0] in clients}
    assert loads == {PACKAGE / "market" / "yahoo"}


def test_nothing_is_unpickled_evaluated_or_run_in_a_shell() -> None:
    faults = []
    for path, tree in modules():
        banned = BANNED - {"subprocess"} if path == MAY_START_A_PROCESS else BANNED
        faults += [f"{path}:{line}: imports {name}" for line, name in imports(tree) if name.split(".")[0] in banned]
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BANNED_CALLS:
                faults.append(f"{path}:{node.lineno}: calls {node.func.id}")
            if isinstance(node, ast.Attribute) and node.attr in (
                "read_pickle",
                "allow_pickle",
                "unsafe_load",
                "system",
            ):
                faults.append(f"{path}:{node.lineno}: uses {node.attr}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("clock", ["today", "now", "utcnow", "time"])
def test_the_clock_is_read_in_the_command_line_alone(clock: str) -> None:
    faults = [
        f"{path}:{node.lineno}"
        for path, tree in modules()
        if room_of(path) != "cli"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == clock
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("date", "datetime", "time")
    ]
    assert not faults, "\n".join(faults)


def test_no_process_is_started_through_a_shell() -> None:
    tree = ast.parse(MAY_START_A_PROCESS.read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    started = [call for call in calls if ast.unparse(call.func).startswith("subprocess.")]
    assert [ast.unparse(call.args[0]) for call in started] == [
        "[sys.executable, '-P', '-m', 'advisor.report.page.bounded']"
    ]
    assert "shell" not in {word.arg for call in started for word in call.keywords}


def test_functions_and_modules_stay_small() -> None:
    faults = []
    for path, tree in modules():
        lines = path.read_text("utf-8").count("\n")
        if lines > 400:
            faults.append(f"{path}: {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > 60:
                    faults.append(f"{path}:{node.lineno}: {node.name} has {length} lines")
    assert not faults, "\n".join(faults)
