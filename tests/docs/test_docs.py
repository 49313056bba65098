"""Tests that the docs lead somewhere, and that what they show can be read by machines too."""

import ast
import json
import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from notifications import actions
from realtime.errors import CloseCode
from tests.support.servers import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r'\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"')
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)


def links(page: Path) -> list[str]:
    """Return the targets inside this repository that *page* points to."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    found = [first or second for first, second in LINK.findall(text)]
    return [target for target in found if "://" not in target]


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of the headings of *page*."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of *page* in *language*."""
    return [text for name, text in FENCE.findall(page.read_text()) if name == language]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Each link inside the repository leads to a file, and to a heading of it where it names one."""
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_can_be_read(page: Path) -> None:
    """JSON examples are JSON, message by message, and Python examples compile."""
    decoder = json.JSONDecoder()
    for text in blocks(page, "json"):
        rest = text.replace("[…]", "[]").strip()
        while rest:
            _, end = decoder.raw_decode(rest)
            rest = rest[end:].strip()
    for text in blocks(page, "python"):
        compile(text, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    """Each `manage.py` command and each `make` target that the docs name exists."""
    text = page.read_text()
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"(?:`|^|\$ |=\w+ )make ([a-z]+)", text, re.M)) <= targets
    named = set(re.findall(r"manage\.py ([a-z_]+)", text))
    assert named <= set(get_commands())


def test_every_close_code_is_described() -> None:
    """The protocol's table has each close code."""
    text = (ROOT / "docs" / "protocol.md").read_text()
    assert [code.value for code in CloseCode if f"| {code.value} |" not in text] == []


def test_every_action_is_described() -> None:
    """The Python page names each public function of the actions; the async twins are named by their rule."""
    text = (ROOT / "docs" / "python.md").read_text()
    names = [name for name in actions.__all__ if name.islower() and f"a{name}" in actions.__all__]
    assert names
    assert [name for name in names if f"`{name}(" not in text] == []


def test_every_method_of_the_client_is_described() -> None:
    """The browser page names each method of `wsClient`."""
    text = (ROOT / "docs" / "javascript.md").read_text()
    source = (ROOT / "static" / "websocket.js").read_text()
    methods = set(re.findall(r"^  (\w+)\(.*\) \{$", source, re.M)) - {"constructor"}
    assert methods
    assert [name for name in sorted(methods) if f"`{name}(" not in text] == []
