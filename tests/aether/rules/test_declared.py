"""Tests of the declared rules: their templates are plain, their names are unique, and the docs describe them."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from aether.rules import templates
from aether.rules.declared import BY_NAME, RULES, Text
from aether.rules.spans import span
from tests.support.servers import ROOT


def test_names_are_unique() -> None:
    """Each rule has its switch."""
    assert len(BY_NAME) == len(RULES)


@pytest.mark.parametrize(
    "template", ["{name.__class__}", "{name[0]}", "{name!r}", "{name:>9999999}", "{}", "{0}", "{x}"]
)
def test_templates_say_plain_fields_alone(template: str) -> None:
    """No attribute, index, conversion, width or unknown name: such a rule cannot be declared."""
    with pytest.raises(ValueError, match="no plain field"):
        replace(BY_NAME["vm_state"], text=Text("info", template))


def test_values_are_text_and_no_templates() -> None:
    """Braces in a value stay as they are, what cannot be stored is replaced, and what is too long is cut."""
    values = {"name": "{id} \0 \ud800", "id": None}
    assert templates.fill("{name}|{id}", values, 50) == "{id} \N{REPLACEMENT CHARACTER} \N{REPLACEMENT CHARACTER}|"
    assert templates.fill("{name}", {"name": "x" * 99}, 10) == "x" * 9 + "…"


def test_docs_describe_each_rule() -> None:
    """The table in docs/rules.md has each rule with its source, level, grace and key."""
    text = (ROOT / "docs" / "rules.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (\w+) \| (\w+) \| (\S+) \| `(.*?)` \|", text, re.M)
    assert rows == [
        (rule.name, rule.about, rule.source, str(rule.text.level), f"{rule.grace or '–'}", rule.key) for rule in RULES
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "less than a second"), (1, "1 second"), (40, "40 seconds"), (3_600, "1 hour"), (3_665, "1 hour 1 minute"),
     (90_000, "1 day 1 hour"), (86_401, "1 day")],
)  # fmt: skip
def test_spans_are_words(seconds: int, words: str) -> None:
    """The largest unit and the next."""
    assert span(timedelta(seconds=seconds)) == words
