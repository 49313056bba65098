"""What jobs print: lines by their number, stored as chunks of text and read by page."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.conf import settings

from aether.jobs.models import Chunk, Job, Output

STDERR: Final = "STDERR: "
"""What lines of the standard error stream begin with."""
LINE_LENGTH: Final = 65_536
"""Characters of one line."""
CHUNK_SIZE: Final = 16_384
"""Characters of a chunk to which no more is added; it bounds what adding one line writes again."""
PAGE_SIZE: Final = 1_000_000
"""Characters of one page."""
SEEN: Final = 200
"""The newest lines that are shown with a job."""
UNSTORABLE: Final = {0: "\u2400", **dict.fromkeys(range(0xD800, 0xE000), "\ufffd")}
"""NUL, which PostgreSQL cannot store, and halves of surrogate pairs, which UTF-8 cannot: what is stored instead."""


class Page(NamedTuple):
    """Lines that follow each other, from the number `first` on; `total` is the number of the last line that is there.

    Where lines were asked for that are not kept any more, `first` is that of the oldest which are.
    """

    first: int
    lines: list[str]
    total: int

    @property
    def next(self) -> int:
        """The number of the line with which the next page begins."""
        return self.first + len(self.lines)


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append did: which lines are new, and how many there are now."""

    first: int
    lines: list[str]
    total: int


class Gap(Exception):
    """Lines were to be appended after others that are not there."""

    def __init__(self, expected: int, got: int) -> None:
        super().__init__(f"The next line is number {expected}; lines from number {got} on would leave a gap.")
        self.expected = expected


def storable(line: str) -> str:
    """Return *line* as it can be stored: control characters are kept, what no database takes is replaced."""
    return line if line.isascii() and "\0" not in line else line.translate(UNSTORABLE)


def append(output: Output, lines: Sequence[str], first: int) -> Appended:
    """Append *lines*, the first of which has the number *first*, to what its caller has locked.

    Those that are there already are left as they are. Raises: Gap.
    """
    if first > output.lines + 1:
        raise Gap(output.lines + 1, first)
    new = _storable(lines[output.lines + 1 - first :])
    start = output.lines + 1
    if new:
        _store(output, new, start)
    return Appended(start, new, output.lines)


def read(job: Job | Any, *, start: int, limit: int) -> Page:
    """Return at most *limit* lines from number *start* on, and about a million characters."""
    output = Output.objects.filter(job=job).first() or Output(job_id=getattr(job, "pk", job))
    start = max(start, output.start)
    lines: list[str] = []
    room = PAGE_SIZE
    for chunk in Chunk.objects.filter(job_id=output.job_id, last__gte=start).order_by("first").iterator(chunk_size=50):
        if not lines:  # What came before it may have been dropped since the numbers were read.
            start = max(start, chunk.first)
        for line in chunk.text.split("\n")[max(0, start - chunk.first) :]:
            room -= len(line) + 1
            if len(lines) == limit or (room < 0 and lines):
                return Page(start, lines, output.lines)
            lines.append(line)
    return Page(start, lines, output.lines)


def newest(job: Job | Any, limit: int = SEEN) -> Page:
    """Return the newest *limit* lines, fewer where they are long."""
    total = Output.objects.filter(job=job).values_list("lines", flat=True).first() or 0
    page = read(job, start=max(1, total - limit + 1), limit=limit)
    while page.next <= total and limit > 1:  # Long lines: rather fewer than not the last one.
        limit //= 2
        page = read(job, start=max(1, total - limit + 1), limit=limit)
    return page


def _storable(lines: Sequence[str]) -> list[str]:
    """Return *lines* as they can be stored; what nearly all of them are needs no look at each."""
    text = "".join(lines)
    return list(lines) if text.isascii() and "\0" not in text else [storable(line) for line in lines]


def _store(output: Output, lines: list[str], first: int) -> None:
    last = Chunk.objects.filter(job_id=output.job_id).order_by("-first").first()
    portions = list(_portions(lines, CHUNK_SIZE - len(last.text) if last else CHUNK_SIZE))
    if last and portions[0]:
        last.text = "\n".join([last.text, *portions[0]])
        last.last += len(portions[0])
        last.save(update_fields=["text", "last"])
        first += len(portions.pop(0))
    chunks = []
    for portion in filter(None, portions):
        chunks.append(Chunk(job_id=output.job_id, first=first, last=first + len(portion) - 1, text="\n".join(portion)))
        first += len(portion)
    Chunk.objects.bulk_create(chunks)
    output.lines = first - 1
    output.size += sum(map(len, lines)) + len(lines)
    _drop_oldest(output)
    output.save(update_fields=["lines", "size", "start"])


def _portions(lines: Iterable[str], room: int) -> Iterator[list[str]]:
    """Yield *lines* in portions: the first fits into *room* and may be empty, each further one makes a chunk."""
    portion: list[str] = []
    for line in lines:
        if len(line) + 1 > room:
            yield portion
            portion, room = [], CHUNK_SIZE
        portion.append(line)
        room -= len(line) + 1
    yield portion


def _drop_oldest(output: Output) -> None:
    """Keep no more than JOB_OUTPUT_SIZE characters: the oldest chunks go, and numbers stay as they are."""
    limit: int = settings.JOB_OUTPUT_SIZE
    if output.size <= limit:
        return
    gone = []
    for chunk in Chunk.objects.filter(job_id=output.job_id).order_by("first").iterator(chunk_size=50):
        if output.size <= limit or chunk.last == output.lines:
            break
        gone.append(chunk.pk)
        output.size -= len(chunk.text) + 1
        output.start = chunk.last + 1
    Chunk.objects.filter(pk__in=gone).delete()
