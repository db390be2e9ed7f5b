"""Prometheus metrics of the server."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from pipeline_tasks.kinds.logged_prediction import LoggedPrediction

LATENCY_BUCKETS_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

CONFIDENCE_BUCKETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)


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
        self.confidence = Histogram(
            "nightlens_confidence",
            "Confidence of predictions that name something, by model and route.",
            ["model_digest", "route"],
            buckets=CONFIDENCE_BUCKETS,
            registry=self._registry,
        )
        self.unlogged = Counter(
            "nightlens_predictions_lost",
            "Predictions that are not in the log: `full` or `closed`.",
            ["why"],
            registry=self._registry,
        )
        self.log_waiting = Gauge(
            "nightlens_prediction_log_waiting_bytes", "Bytes of predictions that wait for the log's disk.", registry=self._registry
        )
        self.abandoned = Counter("nightlens_abandoned", "Requests whose client left before the model ran.", registry=self._registry)
        self.changes = Counter("nightlens_pointer_changes", "Pointers taken or refused.", ["outcome"], registry=self._registry)
        self.admitted = Gauge("nightlens_admitted", "Requests waiting or running.", registry=self._registry)
        self.generation = Gauge("nightlens_generation", "Generation of the pointer that is served.", registry=self._registry)
        self._begin_at_zero()

    def count_lost(self, why: str, lines: int) -> None:
        """Count predictions that the log has lost."""
        self.unlogged.labels(why).inc(lines)

    def count_prediction(self, prediction: LoggedPrediction, headline: str) -> None:
        """Count a prediction, and its confidence if it names something."""
        about = (prediction.model_digest, prediction.route or "")
        self.predictions.labels(*about, headline).inc()
        if prediction.confidence is not None:
            self.confidence.labels(*about).observe(prediction.confidence)

    def as_text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def _begin_at_zero(self) -> None:
        """Show what alerts watch before it has happened: Prometheus sees no increase in a series that begins at one."""
        for status in ("200", "429", "500", "503", "504"):
            self.requests.labels(status)
        for outcome in ("swapped", "refused", "left_out"):
            self.changes.labels(outcome)
        for why in ("full", "closed"):
            self.unlogged.labels(why)
