"""The tables, as Markdown, and their place in the docs."""

import re
from collections.abc import Iterable
from typing import Final

from bench.ten_thousand.slow import Explained
from bench.ten_thousand.timing import Timed
from tests.support.servers import ROOT

PAGE: Final = ROOT / "docs" / "benchmarks.md"
SHOWN: Final = 3
"""Requests whose longest query is explained."""
MARK: Final = "<!-- ten thousand, {}: written by `python -m bench.ten_thousand --publish` -->"

DISTURBED: Final = "**The machine was busy with other things: measure again on an idle one.**"


def render(about: str, timed: Iterable[Timed], explained: list[Explained]) -> str:
    """Return the tables of one run."""
    lines = [about, "", "| | | median, ms | worst, ms | |", "| --- | --- | ---: | ---: | --- |"]
    for step in timed:
        figures = f"{step.middle:,.1f} | {step.worst:,.1f}"
        note = f"**failed**: {step.failed}" if step.failed else step.note
        lines.append(f"| {step.group} | {step.name} | {figures} | {note} |")
    lines += ["", "The longest queries, of the requests above:", ""]
    lines += ["| request | queries | all of them, ms | the longest, ms |", "| --- | ---: | ---: | ---: |"]
    lines += [
        f"| `{found.path.removeprefix('/api/v1')}` | {found.queries} | {found.total:.1f} | {found.longest:.1f} |"
        for found in explained[: 2 * SHOWN]
    ]
    for found in explained[:SHOWN]:
        lines += ["", f"`{found.path.removeprefix('/api/v1')}` waits for", "", "```sql", _short(found.sql), "```", ""]
        lines += ["which the database answers with", "", "```", *found.plan[:14], "```"]
    return "\n".join(lines)


def publish(text: str, *, postgresql: bool) -> None:
    """Put *text* into the docs, in place of the one before it."""
    mark = MARK.format("PostgreSQL" if postgresql else "SQLite")
    before = PAGE.read_text()
    found = re.search(f"{re.escape(mark)}\n.*?(?=\n### |\\Z)", before, re.S)
    if found is None:
        raise SystemExit(f"{PAGE} has no place for this: it lacks the line {mark}")
    PAGE.write_text(before[: found.start()] + f"{mark}\n\n{text}\n" + before[found.end() :])


def _short(sql: str) -> str:
    """Return a query without the names of all its columns, and with a word for the one of what is unread."""
    sql = re.sub(r"\(\s*WITH seat .*?SELECT id FROM unread\s*\)", "(… what is unread …)", sql, flags=re.S)
    sql = re.sub(r"SELECT (?:DISTINCT )?\"\w+\".*? FROM ", "SELECT … FROM ", sql, count=1, flags=re.S)
    return sql.replace('"notifications_notification".', "")
