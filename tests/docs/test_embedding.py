"""Tests that `docs/embedding.md` leads to a project that works, and that the wheel holds what it needs."""

import ast
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from websockets.sync.client import connect

from tests.docs.foreign import PASSWORD, Project, build_wheel, commands, steps
from tests.support.servers import ROOT

pytestmark = pytest.mark.timeout(600)
APPS = ("realtime", "notifications")
CODE = (".py", ".pyc")
PATIENCE = 30_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made once."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def project(wheel: Path, tmp_path: Path) -> Iterator[Project]:
    """An empty directory, beside which the wheel is installed."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    (tmp_path / "project").mkdir()
    project = Project(tmp_path / "project", tmp_path / "installed")
    yield project
    project.stop()


def test_the_page_step_by_step(project: Project, page: Page) -> None:
    """Done as the page says, a fresh project shows what is committed in a browser, and to a client of `serve`."""
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    done: list[str] = []
    for step in steps():
        if step.path:
            project.put(step)
        elif step.kind == "python":
            project.run(f"python manage.py shell -c '{step.text}'")
            expect(page.locator("#news li").first).to_have_text("Backup finished")
        for line in commands(step) if step.kind == "sh" else ():
            do(project, page, line)
            done.append(line)
    assert sum("manage.py" in line for line in done) >= 8
    assert "Traceback" not in project.log


def do(project: Project, page: Page, line: str) -> None:
    """Run a line of the page, and look at what it promises."""
    if line.startswith("pip install"):
        return  # The wheel is there already.
    if "manage.py serve" in line:
        project.serve(line)
        over_websocket(project)
    elif "manage.py runserver" in line:
        project.serve(line)
        log_in(project, page)
    elif "createsuperuser" in line:
        project.run(f"{line} --noinput")
    else:
        printed = project.run(line)
        if "manage.py notify" in line:
            expect(page.locator("#news li")).to_have_text(["It works"])
            expect(page.locator("#unread")).to_have_text("1")
        elif "Server.objects.create" in line:
            expect(page.locator("#servers li")).to_have_text(["web-1"])
        elif "notifications tail" in line:
            assert "It works: from my own project" in printed


def log_in(project: Project, page: Page) -> None:
    """Log in on the project's own login page, and leave its home page open."""
    page.goto(project.url)
    page.get_by_label("Username").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#unread")).to_have_text("0")
    page.wait_for_function("window.wsClient?.isConnected()")


def over_websocket(project: Project) -> None:
    """See a notification arrive at a client of `serve`, which it greets by its API token."""
    secret = project.run("python manage.py token create ann test").strip()
    headers = {"Authorization": f"Bearer {secret}"}
    url = f"ws://127.0.0.1:{project.port}/ws"
    with connect(url, additional_headers=headers, subprotocols=["aether.v1.json"], proxy=None) as socket:
        socket.send('{"type": "subscribe", "topics": ["notifications"]}')
        while json.loads(socket.recv(30))["type"] != "subscription":
            pass
        project.run("python manage.py notify Again")
        while (message := json.loads(socket.recv(30)))["type"] != "notification":
            pass
    assert (message["action"], message["data"]["title"]) == ("created", "Again")


def test_what_the_wheel_holds(wheel: Path) -> None:
    """It holds both apps with migrations, commands and static files, the browser client, and nothing of the site."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {
        "realtime/migrations/0001_initial.py", "notifications/migrations/0001_initial.py",
        "realtime/management/commands/serve.py", "notifications/management/commands/notify.py",
        "realtime/static/websocket.js", "realtime/static/realtime/client.js",
        "notifications/static/notifications/admin.css",
    } <= names  # fmt: skip
    beside = [path for app in APPS for path in (ROOT / app).rglob("*") if path.is_file() and path.suffix not in CODE]
    assert [path for path in beside if str(path.relative_to(ROOT)) not in names] == []
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == set(APPS)
    assert not [name for name in names if name.startswith("realtime/static/dashboard")]


def test_the_client_is_whole(wheel: Path) -> None:
    """Every module that a module of the client imports is in the wheel too."""
    with zipfile.ZipFile(wheel) as archive:
        scripts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".js")}
    for name, text in scripts.items():
        for target in re.findall(r'^import .* from "(\./[^"]+)";', text, re.M):
            assert str(Path(name).parent / target) in scripts, (name, target)


def test_what_the_wheel_requires(wheel: Path) -> None:
    """Whatever the apps import is a dependency, or part of one extra."""
    distributions = packages_distributions()
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [archive.read(name).decode() for name in archive.namelist() if name.endswith("METADATA")]
        sources = [archive.read(name) for name in archive.namelist() if name.endswith(".py")]
    required = {name.lower().replace("_", "-") for name in re.findall(r"^Requires-Dist: ([\w-]+)", metadata, re.M)}
    imported = {name.partition(".")[0] for source in sources for name in imports(ast.parse(source))}
    foreign = imported - set(sys.stdlib_module_names) - set(APPS)
    assert {"django", "channels"} <= foreign
    missing = {
        name
        for name in foreign
        if not required & {found.lower().replace("_", "-") for found in distributions.get(name, [name])}
    }
    assert missing == set()


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the modules that *tree* imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
