"""HTTP API of the server: predictions, probes, figures, documentation, and /label_studio/ for people's work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from pipeline_tasks.serving.api_keys import ApiKeys
from pipeline_tasks.serving.body import Bodies
from pipeline_tasks.serving.documentation import POLICY, documentation_page
from pipeline_tasks.serving.follower import Follower
from pipeline_tasks.serving.key_gate import KeyGate
from pipeline_tasks.serving.label_studio_backend import BackendAccess, LabelStudioBackend, add_routes
from pipeline_tasks.serving.limits import ServerLimits
from pipeline_tasks.serving.metrics import Metrics
from pipeline_tasks.serving.open_inference import OpenInference, add_open_inference
from pipeline_tasks.serving.openapi import BATCH, OPEN, PREDICT
from pipeline_tasks.serving.predict_handler import PredictHandler
from pipeline_tasks.serving.prediction_threads import PredictionThreads
from pipeline_tasks.serving.predictor import Predictor

PROTO = Path(__file__).parent / "protocols" / "prediction.proto"


@dataclass
class ServerState:
    """Objects that the HTTP API uses, and whether the server is shutting down."""

    follower: Follower
    prediction_threads: PredictionThreads
    metrics: Metrics
    limits: ServerLimits
    backend: BackendAccess | None = None
    """Access of Label Studio; None refuses it."""
    keys: ApiKeys | None = None
    """API keys of clients; None lets everyone in."""
    is_draining: bool = False

    @property
    def is_ready(self) -> bool:
        """True if there is a model and the server is not shutting down."""
        return self.follower.served is not None and not self.is_draining

    def __post_init__(self) -> None:
        """Build the one predictor that all protocols share."""
        self.predictor = Predictor(self.follower, self.prediction_threads, self.metrics, self.limits)


def make_application(state: ServerState) -> FastAPI:
    """The web application; it has no pages that load anything from other hosts."""
    application = FastAPI(title="Nightlens prediction server", docs_url=None, redoc_url=None)
    state.metrics.generation.set_function(lambda: state.follower.served.pointer.generation if state.follower.served else 0)
    _add_predictions(application, state)
    _add_figures(application, state)
    add_routes(application, LabelStudioBackend(state.backend, state.follower, state.prediction_threads, state.limits))
    if state.keys is not None:
        application.add_middleware(KeyGate, keys=state.keys, metrics=state.metrics)
    return application


def _add_predictions(application: FastAPI, state: ServerState) -> None:
    bodies = Bodies(state.limits)
    handler = PredictHandler(state.predictor, bodies, state.metrics, state.limits)

    @application.post("/predict", **PREDICT)
    async def predict(request: Request) -> Response:
        """Predict one image."""
        return await handler.respond(request)

    @application.post("/predict_batch", **BATCH)
    async def predict_batch(request: Request) -> Response:
        """Predict several images of one form; each has a prediction or a refusal of its own, in the form's order."""
        return await handler.respond_batch(request)

    add_open_inference(application, OpenInference(handler, state.predictor, bodies, state.limits), lambda: state.is_ready)


def _add_figures(application: FastAPI, state: ServerState) -> None:
    @application.get("/healthz", openapi_extra=OPEN)
    async def healthz() -> dict[str, bool]:
        """Report that the process is alive."""
        return {"is_alive": True}

    @application.get("/readyz", responses={503: {"description": "Not ready; `why` is a sentence."}}, openapi_extra=OPEN)
    async def readyz() -> JSONResponse:
        """Report if requests should be sent here, and which model is served."""
        return _readiness(state)

    @application.get("/metrics")
    async def metrics() -> Response:
        """Figures for Prometheus."""
        return Response(state.metrics.as_text(), media_type="text/plain; version=0.0.4")

    @application.get("/prediction.proto", openapi_extra=OPEN)
    async def prediction_proto() -> Response:
        """The service of gRPC, for generating clients."""
        return Response(PROTO.read_bytes(), media_type="text/plain; charset=utf-8")

    @application.get("/docs", include_in_schema=False)
    async def documentation(request: Request) -> HTMLResponse:
        """Every address with a line to try it."""
        model = state.follower.served.pointer.project if state.follower.served else "NAME"
        page = documentation_page(application.openapi(), str(request.base_url), model, wants_key=state.keys is not None)
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})


def _readiness(state: ServerState) -> JSONResponse:
    served = state.follower.served
    if served is None or state.is_draining:
        why = "The server is shutting down." if state.is_draining else state.follower.refused or "There is no model yet."
        return JSONResponse({"is_ready": False, "model_digest": None, "why": why}, status_code=503)
    champion = {"model_digest": served.champion.digest, "dataset_id": served.champion.dataset_id}
    why = state.follower.refused or state.follower.left_out
    return JSONResponse({"is_ready": True, "generation": served.pointer.generation, "why": why} | champion)


__all__ = ["ServerState", "make_application"]
