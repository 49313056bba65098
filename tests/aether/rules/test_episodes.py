"""Tests of grace, flapping and storms, by a clock that the tests hold."""

from aether.rules.background import forget
from aether.rules.models import Observation, RuleSwitch
from notifications.models import Notification
from tests.aether.rules.conftest import Time, opened, published, told


def test_what_resolves_itself_within_its_grace_is_never_told(time: Time) -> None:
    """A host that is lost for less than the grace makes nothing, also later."""
    time.host(connected=False)
    time.on(29)
    time.host(connected=True)
    time.on(3_600)
    assert (told(), published()) == ([], [])


def test_a_lost_host_is_told_after_the_grace_and_its_return_changes_that(time: Time) -> None:
    """One notification says first that it does not answer, and then for how long it did not; read stays read."""
    time.host(connected=False)
    time.on(29)
    assert told() == []
    time.on(1)
    assert told() == [("error", "hyperv-01 does not answer")]
    assert opened() == 1
    [row] = Notification.objects.all()
    assert (row.category, row.related_entity, row.message) == ("host", "hyperv-01", "No route to host.")
    assert row.metadata.items() >= {"hostname": "hyperv-01", "from": True, "to": False}.items()
    time.on(10)
    time.host(connected=True)
    assert told() == [("success", "hyperv-01 answers again")]
    assert Notification.objects.get(pk=row.pk).message == "It did so after 40 seconds."
    assert opened() == 0


def test_a_flapping_host_is_one_notification(time: Time) -> None:
    """Lost fifty times, each time for longer than the grace: one notification, opened at first and at the tenth."""
    for number in range(1, 51):
        time.host(connected=False)
        time.on(31)
        time.host(connected=True)
        time.on(60)
        if number == 9:
            assert opened() == 1
    assert opened() == 1
    [row] = Notification.objects.all()
    assert (row.level, row.title) == ("warning", "hyperv-01 answers again")
    assert row.message == "It did so after 31 seconds. It was lost 50 times within 1 hour 14 minutes."
    assert row.metadata["count"] == 50


def test_what_flaps_faster_than_the_grace_is_told_too(time: Time) -> None:
    """A host that is away for a second every few seconds never lasts, and is no healthy host."""
    for _ in range(12):
        time.host(connected=False)
        time.on(1)
        time.host(connected=True)
        time.on(4)
    assert opened() == 2  # When it began to count as flapping, and at the tenth time.
    assert told() == [("warning", "hyperv-01 answers again")]
    time.on(40)
    assert "lost 12 times" in Notification.objects.get().message
    time.on(900)
    assert told() == [("success", "hyperv-01 answers again")]
    assert opened() == 0


def test_after_a_calm_while_it_is_news_again(time: Time) -> None:
    """The next loss after RULE_CALM re-opens the notification, and counts from one."""
    for _ in range(2):
        time.host(connected=False)
        time.on(30)
        assert opened() == 1
        time.host(connected=True)
        time.on(901)
    [row] = Notification.objects.all()
    assert row.metadata["count"] == 1


def test_many_at_once_are_one_notification(time: Time) -> None:
    """More than RULE_STORM hosts lost together are told as one, which counts down as they come back."""
    names = [f"hyperv-{number:03}" for number in range(30)]
    time.host(*names, connected=False)
    time.on(30)
    assert told() == [("error", "30 hosts do not answer")]
    [row] = Notification.objects.all()
    assert (row.metadata["count"], row.metadata["ids"][:1]) == (30, names[:1])
    time.host(*names[:10], connected=True)
    assert told() == [("error", "20 of 30 hosts do not answer")]
    time.host(*names[10:], connected=True)
    assert told() == [("success", "None of 30 hosts do not answer")]
    assert opened() == 1


def test_a_rule_that_is_off_tells_nothing_and_resolves_what_it_told(time: Time) -> None:
    """Also what was already waiting for its grace."""
    time.host("a", "b", connected=False)
    time.on(30)
    RuleSwitch.objects.update_or_create(name="host_lost", defaults={"enabled": False})
    time.host("c", connected=False)
    time.host("a", connected=True)
    time.on(60)
    assert sorted(told()) == [("error", "b does not answer"), ("success", "a answers again")]
    RuleSwitch.objects.update(enabled=True, grace=0, level="info")
    time.host("d", connected=False)
    assert ("info", "d does not answer") in told()
    time.host("e", connected=False)
    assert ("info", "e does not answer") in told()


def test_what_was_waiting_when_the_rule_was_switched_off_is_dropped(time: Time) -> None:
    """The grace ends, and nobody is told."""
    time.host(connected=False)
    RuleSwitch.objects.update_or_create(name="host_lost", defaults={"enabled": False})
    time.on(60)
    assert told() == []
    assert Observation.objects.get().due_at is None


def test_what_is_over_is_forgotten(time: Time) -> None:
    """A day later; what still lasts is kept for its end."""
    time.host("a", "b", connected=False)
    time.on(30)
    time.host("a", connected=True)
    time.on(86_401)
    forget(time.now)
    assert [row.entity for row in Observation.objects.all()] == ["b"]
