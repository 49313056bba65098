"""Tests of output: lines keep their numbers and their text, however they come."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django.fixtures import Settings

from aether.jobs import actions, output
from aether.jobs.models import Chunk, Job, Output
from tests.aether.jobs.conftest import printed

pytestmark = pytest.mark.django_db


def running() -> Job:
    """Return a job that runs."""
    return actions.create("Backup", status="running")


def everything(job: Job, limit: int = 10_000) -> list[str]:
    """Return all lines, read page by page."""
    lines: list[str] = []
    while (page := output.read(job, start=len(lines) + 1, limit=limit)).lines:
        assert page.first == len(lines) + 1
        lines += page.lines
    return lines


def test_repeats_overlaps_and_gaps() -> None:
    """A repeat changes nothing, an overlap brings only what is new, and a gap is refused with the number expected."""
    job = running()
    assert actions.append(job.pk, ["a", "b"], first=1).lines == ["a", "b"]
    assert actions.append(job.pk, ["a", "b"], first=1).lines == []
    assert actions.append(job.pk, ["b", "c"], first=2).lines == ["c"]
    with pytest.raises(output.Gap, match="number 4") as gap:
        actions.append(job.pk, ["e"], first=5)
    assert gap.value.expected == 4
    assert actions.append(job.pk, ["d"]).first == 4
    assert everything(job) == ["a", "b", "c", "d"]
    assert printed() == [(1, ["a", "b"]), (3, ["c"]), (4, ["d"])]


class TestAppending(TestCase):
    """The output is what was appended, whatever the portions and the pages."""

    @settings(max_examples=30, deadline=None)
    @given(
        st.lists(st.lists(st.text(st.characters(exclude_characters="\n\0", codec="utf-8"), max_size=5), max_size=9)),
        st.integers(1, 7),
        st.integers(1, 40),
    )
    def test_any_portions(self, portions: list[list[str]], limit: int, chunk: int) -> None:
        """Blank lines and control characters stay, and nothing is lost between chunks or pages."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(output, "CHUNK_SIZE", chunk)
            job = running()
            for lines in portions:
                actions.append(job.pk, lines)
            expected = [line for lines in portions for line in lines]
            assert everything(job, limit) == expected
            assert output.newest(job, 3).lines == expected[-3:]
            assert Output.objects.get(job=job).size == sum(map(len, expected)) + len(expected)


def test_what_is_kept_and_what_is_replaced() -> None:
    """Escape sequences, carriage returns and blank lines stay; what no database stores is replaced."""
    job = running()
    actions.append(job.pk, ["\x1b[31mred\x1b[0m", "", "50 %\r100 %", "a\0b", "\ud800", "😀"])
    assert everything(job) == ["\x1b[31mred\x1b[0m", "", "50 %\r100 %", "a\u2400b", "\ufffd", "😀"]


def test_stderr_is_marked() -> None:
    """Lines of the error stream begin with a mark."""
    job = running()
    actions.append(job.pk, ["bad", ""], stderr=True)
    assert everything(job) == ["STDERR: bad", "STDERR: "]


@pytest.mark.parametrize(
    ("lines", "rule"),
    [(["a\nb"], "line_feed"), (["x" * 65_537], "max_length"), (["ä" * 1_000] * 525, "max_size")],
)
def test_what_is_refused(lines: list[str], rule: str) -> None:
    """A line feed in a line, a line that is too long, and more than a megabyte at once."""
    with pytest.raises(ValidationError) as refused:
        actions.append(running().pk, lines)
    assert refused.value.error_dict["lines"][0].code == rule


def test_messages_are_bounded() -> None:
    """A megabyte is published as several messages, whose numbers follow each other."""
    job = running()
    actions.append(job.pk, ["x" * 999] * 1_000)
    sent = printed()
    assert len(sent) > 10
    assert max(sum(map(len, lines)) for _, lines in sent) <= actions.MESSAGE_SIZE
    assert [first for first, _ in sent] == [1 + sum(len(lines) for _, lines in sent[:at]) for at in range(len(sent))]


def test_pages() -> None:
    """A page begins with the number asked for and tells with which the next one does."""
    job = running()
    actions.append(job.pk, [str(number) for number in range(1, 101)])
    page = output.read(job, start=90, limit=5)
    assert (page.first, page.lines, page.next, page.total) == (90, ["90", "91", "92", "93", "94"], 95, 100)
    assert output.read(job, start=101, limit=5).lines == []
    assert output.newest(job, 2) == (99, ["99", "100"], 100)


def test_long_lines_make_short_pages() -> None:
    """A page holds about a million characters; the newest line is always among the newest."""
    job = running()
    for _ in range(3):
        actions.append(job.pk, ["x" * 65_000] * 15)
    page = output.read(job, start=1, limit=1_000)
    assert 10 < len(page.lines) < 20
    newest = output.newest(job)
    assert newest.next == 46
    assert len(everything(job)) == 45


def test_the_oldest_lines_make_room(settings: Settings) -> None:
    """Beyond JOB_OUTPUT_SIZE the oldest lines go; the others keep their numbers."""
    settings.JOB_OUTPUT_SIZE = 1_000_000
    job = running()
    for number in range(4):
        actions.append(job.pk, [f"{number}{'x' * 998}"] * 500)
    kept = Output.objects.get(job=job)
    assert kept.size <= 1_000_000
    assert kept.lines == 2_000
    page = output.read(job, start=1, limit=1)
    assert page.first == kept.start > 900
    assert output.read(job, start=2_000, limit=1).lines[0][0] == "3"


def test_many_lines_stay_quick() -> None:
    """100,000 lines are a few hundred rows; to append and to page takes no longer at the end than at the beginning."""
    job = running()
    began = time.perf_counter()
    for start in range(0, 100_000, 1_000):
        actions.append(job.pk, [f"line {number} {'.' * 60}" for number in range(start, start + 1_000)], first=start + 1)
    appended = time.perf_counter() - began
    assert Chunk.objects.filter(job=job).count() < 1_000
    began = time.perf_counter()
    assert output.read(job, start=99_001, limit=1_000).lines[-1].startswith("line 99999")
    assert output.newest(job).next == 100_001
    assert (appended < 30, time.perf_counter() - began < 1) == (True, True)
    for _ in range(50):
        actions.append(job.pk, ["one"])
    assert Chunk.objects.filter(job=job).count() < 1_000


class Meanwhile:
    """Do *work* once, right after the first query that names *table*: as another process may at any moment."""

    def __init__(self, table: str, work: Callable[[], object]) -> None:
        self._table = table
        self._work: Callable[[], object] | None = work

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Run the query, and the work behind it."""
        result = execute(sql, params, many, context)
        if self._work is not None and self._table in sql:
            work, self._work = self._work, None
            work()
        return result


def test_the_newest_lines_of_a_job_that_goes_meanwhile() -> None:
    """Whoever reads a job that is deleted in the same moment gets no lines, and an answer."""
    job = running()
    actions.append(job.pk, ["a", "b"])
    actions.complete(job.pk)
    with connection.execute_wrapper(Meanwhile("jobs_output", lambda: actions.delete(job.pk))):
        assert output.newest(job).lines == []


def test_numbers_of_lines_whose_predecessors_go_meanwhile() -> None:
    """A page that is read while the oldest lines make room begins with the oldest that are left."""
    job = running()
    actions.append(job.pk, [f"{number}{'x' * 16_000}" for number in range(1, 4)])
    drop = lambda: Chunk.objects.filter(job=job, first=1).delete()  # noqa: E731
    with connection.execute_wrapper(Meanwhile("jobs_output", drop)):
        page = output.read(job, start=1, limit=10)
    assert (page.first, [line[0] for line in page.lines]) == (2, ["2", "3"])


@pytest.mark.django_db(transaction=True)
def test_writers_of_one_job_wait_for_each_other() -> None:
    """Lines that several append at once all come, those of one writer in their order, and numbers have no hole."""
    job = running()

    def write(name: str) -> None:
        try:
            for number in range(10):
                actions.append(job.pk, [f"{name}{number}", ""])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, "abcd"))
    lines = everything(job)
    assert len(lines) == 80
    for name in "abcd":
        assert [line for line in lines if line.startswith(name)] == [f"{name}{number}" for number in range(10)]
    assert sorted(first for first, _ in printed()) == list(range(1, 80, 2))


def test_a_page_reads_no_more_than_it_needs(django_assert_max_num_queries: object) -> None:
    """What comes before a page is not read: two statements, of which one names the chunks."""
    job = running()
    actions.append(job.pk, ["x" * 1_000] * 1_000)
    with django_assert_max_num_queries(3):  # type: ignore[operator]
        output.read(job, start=990, limit=5)
