"""The last days on the admin's front page: what came, what was read, what ran, who logged in.

Counted in the database by the day, in the zone of whoever looks, and drawn here as SVG: it needs no script, and each
chart has its table.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.utils import timezone

from aether.jobs.models import Job
from aether.jobs.states import FINAL, Status
from notifications.models import Notification, Receipt
from notifications.vocabulary import Level
from realtime.audit import Event
from realtime.models import AuditEvent

SPANS: Final = (7, 14, 30)
USUAL: Final = 14
WIDTH: Final = 640
HEIGHT: Final = 140
"""Of a chart, in its own units."""
TONES: Final = {
    "info": "info",
    "success": "success",
    "warning": "warning",
    "error": "error",
    "completed": "success",
    "failed": "error",
    "cancelled": "muted",
    "read": "accent",
    "login": "success",
    "login_failed": "error",
    "locked_out": "warning",
}
"""The colour of each series, by its name."""
Rows = Iterable[tuple[date, str, int]]


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of one day's column."""

    x: float
    y: float
    width: float
    height: float
    tone: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day: its date, its counts by series, and the column that shows them."""

    date: date
    counts: Sequence[int]
    bars: Sequence[Bar]
    x: float
    width: float

    @property
    def total(self) -> int:
        """What the series have together."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Series:
    """What is counted under one name and in one colour."""

    label: str
    tone: str
    total: int


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart, ready to be drawn. `most` is the tallest column's count."""

    name: str
    title: str
    about: str
    series: Sequence[Series]
    days: Sequence[Day]
    most: int

    @property
    def axis(self) -> Sequence[date]:
        """The first day, one in the middle, and today."""
        return [self.days[number].date for number in (0, len(self.days) // 2, -1)]

    @property
    def total(self) -> int:
        """Everything that is counted in it."""
        return sum(one.total for one in self.series)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a chart's numbers come from, and who may see them."""

    name: str
    title: str
    about: str
    permission: str
    names: Sequence[str]
    count: Callable[[datetime], Rows]


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the charts that the user may see to the front page's *context*; unfold calls it."""
    asked = request.GET.get("days", "")
    span = int(asked) if asked in map(str, SPANS) else USUAL
    context |= {
        "title": "Last days",
        "spans": SPANS,
        "span": span,
        "charts": [chart(source, span) for source in SOURCES if request.user.has_perm(source.permission)],
        "width": WIDTH,
        "height": HEIGHT,
    }
    return context


def chart(source: Source, span: int) -> Chart:
    """Return the chart of the last *span* days, today included."""
    today = timezone.localdate()
    dates = [today - timedelta(days=span - 1 - number) for number in range(span)]
    midnight = timezone.make_aware(datetime.combine(dates[0], datetime.min.time()))
    counts: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for day, name, count in source.count(midnight):
        counts[day][name] += count
    most = max((sum(counts[day].values()) for day in dates), default=0)
    return Chart(
        name=source.name,
        title=source.title,
        about=source.about,
        series=[
            Series(name.replace("_", " ").capitalize(), TONES[name], sum(counts[day][name] for day in dates))
            for name in source.names
        ],
        days=[_day(dates, number, counts[day], source.names, most) for number, day in enumerate(dates)],
        most=most,
    )


def _day(dates: Sequence[date], number: int, counts: Mapping[str, int], names: Sequence[str], most: int) -> Day:
    """Return the column of one of *dates*: its parts stand on each other, the first at the bottom."""
    span = len(dates)
    slot = WIDTH / span
    width = slot * 0.7
    x, y = number * slot + slot * 0.15, float(HEIGHT)
    bars = []
    for name in names:
        if count := counts.get(name, 0):
            height = max(count / most * (HEIGHT - 4), 1.5)
            y -= height
            bars.append(Bar(round(x, 1), round(y, 1), round(width, 1), round(height, 1), TONES[name]))
    return Day(dates[number], [counts.get(name, 0) for name in names], bars, round(x, 1), round(width, 1))


def _by_day(rows: QuerySet[Any], time: str, name: str, counted: Any = None) -> Rows:
    days = rows.order_by().annotate(day=TruncDate(time)).values_list("day", name)
    yield from days.annotate(n=counted or Count("pk"))


def _notifications(since: datetime) -> Rows:
    return _by_day(Notification.objects.filter(created_at__gte=since, deliver_at=None), "created_at", "level")


def _reads(since: datetime) -> Rows:
    read = Q(read_version__gt=0, updated_at__gte=since)
    days = Receipt.objects.filter(read).annotate(day=TruncDate("updated_at")).values_list("day")
    return ((day, "read", count) for day, count in days.annotate(n=Count("pk")).order_by())


def _jobs(since: datetime) -> Rows:
    return _by_day(Job.objects.filter(completed_at__gte=since, status__in=FINAL), "completed_at", "status")


def _logins(since: datetime) -> Rows:
    return _by_day(AuditEvent.objects.filter(event__in=LOGINS, at__gte=since), "at", "event", Sum("count"))


LOGINS: Final = tuple(str(event.value) for event in (Event.LOGIN, Event.LOGIN_FAILED, Event.LOCKED_OUT))
ENDINGS: Final = tuple(str(status) for status in Status if status in FINAL)
SOURCES: Final = (
    Source(
        "notifications",
        "Notifications by level",
        "Delivered on that day, the deleted ones included.",
        "notifications.view_notification",
        tuple(str(level) for level in Level),
        _notifications,
    ),
    Source(
        "reads",
        "Read one by one",
        "People marked these as read, each by itself; “mark all as read” counts for none.",
        "notifications.view_notification",
        ("read",),
        _reads,
    ),
    Source("jobs", "Jobs that ended", "By how they ended.", "jobs.view_job", ENDINGS, _jobs),
    Source("logins", "Logins", "From the audit.", "realtime.view_auditevent", LOGINS, _logins),
)
