"""What the service measures of itself, for Prometheus; with several processes, of all of them together."""

import os
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SHARED_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which the library finds the folder that the processes share; `gisgrid serve` sets it."""


class Meters:
    """The meters of a process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        here = self.registry
        self.requests = Counter("gisgrid_requests", "requests answered", ("method", "route", "status"), registry=here)
        self.seconds = Histogram(
            "gisgrid_request_seconds", "time to answer", ("method", "route"), buckets=_SECONDS, registry=here
        )
        self.failures = Counter("gisgrid_failures", "requests that met an error of our own", registry=here)
        self.reports = Counter("gisgrid_incidents_reported", "incidents reported here", registry=here)
        self.fixes = Counter("gisgrid_fixes", "fixes received from phones", ("fate",), registry=here)
        self.streams = Gauge("gisgrid_streams", "live streams open", multiprocess_mode="livesum", registry=here)
        self.events = Gauge(
            "gisgrid_newest_event", "number of the newest event seen", multiprocess_mode="max", registry=here
        )

    def text(self) -> bytes:
        """All of it as Prometheus reads it."""
        if not os.environ.get(SHARED_FOLDER):
            return generate_latest(self.registry)
        together = CollectorRegistry()
        multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # it registers itself
        return generate_latest(together)
