"""`python -m tests.fuzz --inputs 100000 --seed 7`: send the server what no client should, and see that it lives on.

Exit codes: 0 nothing was found; 1 something was, and the same options find it again.
"""

import argparse
import random
import sys
import traceback

from tests.fuzz import api
from tests.fuzz.bounds import GROWTH
from tests.fuzz.run import Fuzzing, Outcome
from tests.fuzz.target import ServerFailed, target

INPUTS = 100_000
EXAMPLES = 100


def main() -> int:
    """Fuzz the WebSocket and the streams, then the REST API, each with a server of its own."""
    options = _arguments()
    again = f"make fuzz INPUTS={options.inputs} SEED={options.seed}"
    _say(f"seed {options.seed}; the same again: {again}")
    try:
        with target() as server:
            _report(Fuzzing(server, options.inputs, options.seed, _say).run())
        with target() as server:
            _say("Schemathesis over the OpenAPI document …")
            _say(api.run(server, examples=options.examples, seed=options.seed))
    except (ServerFailed, ExceptionGroup):  # Hypothesis makes a group of what it cannot bring about again.
        traceback.print_exc()
        _say(f"FAILED. The same again: {again}")
        return 1
    return 0


def _report(outcome: Outcome) -> None:
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in outcome.kinds.items())
    _say(
        f"{outcome.inputs:,} inputs over {outcome.connections:,} WebSockets in {outcome.seconds:.0f} s: {kinds}\n"
        f"Memory after the warm-up {outcome.memory[0] / 1024:.1f} MiB, at the end {outcome.memory[-1] / 1024:.1f} MiB; "
        f"{GROWTH / 1024:.0f} MiB more were allowed.\n"
        "No exception in the log; every good message was answered."
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=INPUTS, help=f"what to send beside REST ({INPUTS})")
    parser.add_argument("--examples", type=int, default=EXAMPLES, help=f"requests per REST operation ({EXAMPLES})")
    parser.add_argument("--seed", type=int, default=None, help="repeats a run's inputs; by default a new one")
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(1_000_000)
    return arguments


if __name__ == "__main__":
    sys.exit(main())
