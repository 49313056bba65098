"""When Python looks for cycles of garbage in a server that holds thousands of connections.

A full collection looks at every container there is: about 100 ms with 1,000 connections, in which nobody gets
anything. Left alone, Python begins one every few dozen requests, since what a request holds while younger objects are
looked at counts as old from then on. https://docs.python.org/3/library/gc.html has the generations and `freeze`.
"""

import gc
from typing import Final

YOUNG: Final = 50_000
"""Containers made and not given back after which the young ones are looked at; Python's own number is 700."""


def settle() -> None:
    """Leave what the application consists of out of every collection from now on, and collect less often.

    What has no cycle is given back at once as ever. Call it when everything is loaded; safe to call twice.
    """
    gc.collect()
    gc.freeze()
    _, middle, old = gc.get_threshold()
    gc.set_threshold(YOUNG, middle, old)
