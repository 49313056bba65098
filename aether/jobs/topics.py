"""The topic that jobs and their output travel on."""

from realtime.topics import Topic, register


class JobsTopic(Topic):
    """Jobs, all of them or one: `jobs:<id>`."""

    name = "jobs"
    keyed = True


register(JobsTopic())
