"""The topics that are measured: one with a history and positions, one without."""

from realtime.topics import Topic, register


class BenchTopic(Topic):
    """Durable: every message is a row, committed before it is sent."""

    name = "bench"
    keyed = True


class PassingTopic(Topic):
    """Ephemeral: what the other servers do."""

    name = "passing"
    keyed = True
    ephemeral = True


register(BenchTopic())
register(PassingTopic())
