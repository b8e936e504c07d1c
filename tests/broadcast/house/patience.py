"""How long "soon" is on a machine that others use too."""

from __future__ import annotations

import os

PROMISED_SECONDS = 2.0


def soon() -> float:
    """Two seconds, as promised; longer in the proportion in which the machine has more to do than processors."""
    return PROMISED_SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
