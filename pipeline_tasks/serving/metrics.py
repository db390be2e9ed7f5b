"""Prometheus metrics of the server."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

LATENCY_BUCKETS_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """Metrics of one server, in their own registry."""

    def __init__(self) -> None:
        """Start at zero."""
        self._registry = CollectorRegistry()
        self.requests = Counter("nightlens_requests", "Requests to /predict by status.", ["status"], registry=self._registry)
        self.seconds = Histogram(
            "nightlens_predict_seconds",
            "From the request's first byte to its response.",
            buckets=LATENCY_BUCKETS_S,
            registry=self._registry,
        )
        self.predictions = Counter(
            "nightlens_predictions",
            "Predictions by model, route and class.",
            ["model_digest", "route", "class_name"],
            registry=self._registry,
        )
        self.abandoned = Counter("nightlens_abandoned", "Requests whose client left before the model ran.", registry=self._registry)
        self.changes = Counter("nightlens_pointer_changes", "Pointers taken or refused.", ["outcome"], registry=self._registry)
        self.admitted = Gauge("nightlens_admitted", "Requests waiting or running.", registry=self._registry)
        self.generation = Gauge("nightlens_generation", "Generation of the pointer that is served.", registry=self._registry)

    def as_text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self._registry)
