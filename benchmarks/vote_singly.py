"""The baseline of the benchmark `votes`: the same web process with one transaction a vote; for nothing but measuring."""

from __future__ import annotations

import os
import sys

# As many at once as a web server has threads for Django by default.
THREADS = 16


def main() -> int:
    """`python -m benchmarks.vote_singly --port N`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broadcast.settings")
    import django

    django.setup()
    from broadcast.house import edge
    from live import batcher, process

    batcher.BATCH_MOST, batcher.GATHER_SECONDS = 1, 0.0
    process.WRITE_LANES = THREADS
    return edge.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
