"""Compare what each client was told with what was committed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations

from realtime.audience import EVERYONE, for_group, for_user
from realtime.snapshots import epoch_for
from tests.chaos.journal import UNKNOWN, Journal, Segment
from tests.chaos.log import Committed, Log

SHOWN = 5
"""Examples that a report names of each kind of failure."""
WRONG = ("lost", "duplicated", "out_of_order", "foreign", "lines", "violations", "diverged")


@dataclass(slots=True)
class Verdict:
    """Counts over all clients; `examples` names the first failures in words."""

    deliveries: int = 0
    lost: int = 0
    duplicated: int = 0
    out_of_order: int = 0
    foreign: int = 0
    """Delivered though the client's audience, filter or position does not cover it."""
    violations: int = 0
    diverged: int = 0
    """Clients whose applied state is not what a fresh snapshot says."""
    lines: int = 0
    """Places at which a client's lines of output were lost, repeated, out of order or not what was printed."""
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Whether nothing at all is wrong."""
        return not any(getattr(self, name) for name in WRONG)

    def note(self, kind: str, text: str, count: int = 1) -> None:
        """Count failures of one kind, and keep some as examples."""
        setattr(self, kind, getattr(self, kind) + count)
        if count and len(self.examples.setdefault(kind, [])) < SHOWN:
            self.examples[kind].append(text)


class Judge:
    """Judge journals against one log."""

    def __init__(self, committed: Committed, group_ids: Iterable[int]) -> None:
        self._committed = committed
        self._groups = tuple(group_ids)
        self.verdict = Verdict()
        self._audiences = cache(self._find_audiences)

    def judge(self, journals: Iterable[Journal]) -> Verdict:
        """Return the verdict over *journals*."""
        for journal in journals:
            versions = [text for held in journal.objects.values() for text in held.faults]
            for text in (*journal.violations, *versions):
                self.verdict.note("violations", f"{journal.name}: {text}")
            for text in journal.printed.faults:
                self.verdict.note("lines", f"{journal.name}: {text}")
            for stream, log in self._committed.logs.items():
                if journal.follows(stream):
                    self._judge_stream(journal, stream, log)
        return self.verdict

    def audiences(self, user_id: int, stream: str, epoch: str) -> frozenset[str] | None:
        """Return the audiences that the server says, by *epoch*, this user is in; None for an unknown epoch."""
        return self._audiences(user_id, stream, epoch)

    def _find_audiences(self, user_id: int, stream: str, epoch: str) -> frozenset[str] | None:
        own = (EVERYONE, for_user(user_id))
        for size in range(len(self._groups) + 1):
            for groups in combinations(self._groups, size):
                tried = frozenset({*own, *map(for_group, groups)})
                if epoch_for(self._committed.epochs[stream], tried) == epoch:
                    return tried
        return None

    def _judge_stream(self, journal: Journal, stream: str, log: Log) -> None:
        where = f"{journal.name} on {stream}"
        for segment in journal.segments.get(stream, ()):
            self._judge_order(f"{where} from {segment.base}", journal, segment, log)
            if segment.epoch:
                self._judge_contents(where, journal, stream, segment, log)
        current = journal.current(stream)
        if current is None:
            self.verdict.note("violations", f"{where}: not connected at the end")
            return
        groups = self._committed.groups.get(journal.user_id, frozenset())
        now = frozenset({EVERYONE, for_user(journal.user_id), *map(for_group, groups)})
        if self.audiences(journal.user_id, stream, current.epoch) != now:
            self.verdict.note("violations", f"{where}: the server did not notice a change of user groups")

    def _judge_order(self, where: str, journal: Journal, segment: Segment, log: Log) -> None:
        """Offsets must grow; an older client gets several messages of one publication in a row."""
        self.verdict.deliveries += len(segment.offsets)
        seen: set[int] = set()
        highest = 0
        for offset in segment.offsets:
            entry = log.at(offset)
            if offset == highest and journal.kind == "legacy" and entry is not None and entry.many:
                continue
            if offset in seen:
                self.verdict.note("duplicated", f"{where}: {offset} came twice")
            elif offset < highest:
                self.verdict.note("out_of_order", f"{where}: {offset} came after {highest}")
            seen.add(offset)
            highest = max(highest, offset)

    def _judge_contents(self, where: str, journal: Journal, stream: str, segment: Segment, log: Log) -> None:
        """Between a position and where it ends, each publication must have come or be part of the snapshot."""
        base = segment.base
        if base == UNKNOWN:
            base = segment.offsets[0] - 1
        audiences = self.audiences(journal.user_id, stream, segment.epoch)
        if audiences is None:
            self.verdict.note("violations", f"{where}: the epoch {segment.epoch} is nobody's")
            return
        follows = journal.follows(stream)
        assert follows
        wanted = log.after(base, audiences, follows)
        expected = wanted
        if segment.ended is not None:
            expected = [offset for offset in wanted if offset <= segment.reached]
        received = set(segment.offsets)
        covered = {log.by_id[pk] for pk in segment.covered if pk in log.by_id}
        missing = sorted(set(expected) - received - covered)
        self.verdict.note("lost", f"{where} from {base}: {_some(missing)}", len(missing))
        foreign = sorted(received - set(wanted))
        self.verdict.note("foreign", f"{where} from {base}: {_some(foreign)}", len(foreign))


def _some(offsets: Sequence[int]) -> str:
    shown = ", ".join(map(str, offsets[:8]))
    return f"{shown}, … ({len(offsets)})" if len(offsets) > 8 else shown
