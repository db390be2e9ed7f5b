"""Export the candidate as one ONNX file, verify that it predicts as the trained network does, and register it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.clients.mirrors import mirroring
from pipeline_tasks.decoding.model_image import form_for_model, model_image
from pipeline_tasks.decoding.stored_image import COLUMNS, stored_images
from pipeline_tasks.errors import ModelError
from pipeline_tasks.kinds.map_modelling import MapModelling
from pipeline_tasks.models.candidate import Candidate, network_weights, parse_candidate
from pipeline_tasks.models.exported import ExportedModel, ModelMarks
from pipeline_tasks.records import project_state
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.records.mirrored_model import MirroredModel
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.storage.blobs.checkpoint_files import read_candidate
from pipeline_tasks.storage.blobs.model_files import put_model
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.storage.history.mirrored_models import mirrored_model
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.image import Image

if TYPE_CHECKING:
    from torch import nn

    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.backbones.trunk import Trunk
    from pipeline_tasks.clients.mlflow_versions import RegisteredVersion
    from pipeline_tasks.decoding.decoder import Decoder
    from pipeline_tasks.models.parity import Parity
    from pipeline_tasks.networks.network import Network

STAGE = "export_model"
PARITY_IMAGES = 32


class VersionRegistry(Protocol):
    """Calls to the model registry; `clients.ModelRegistry` implements them."""

    def show_model(self, model: MirroredModel, read: Callable[[], bytes]) -> RegisteredVersion:
        """Register a file as a version of the project's model, once."""
        ...

    def set_alias(self, name: str, alias: str, version: str) -> None:
        """Point an alias to a version."""
        ...


def export_model(
    store: Store,
    cycle: Cycle,
    decoder: Decoder,
    backbone: Backbone,
    model_registry: VersionRegistry,
    *,
    is_last_try: bool = False,
    network: Network | None = None,
) -> ExportModelSummary:
    """Export the cycle's candidate; only a file that passes the comparison is stored and registered.

    Raises:
        MissingStageError: the cycle has trained no candidate.
        ParityError: the file's predictions differ from the trained network's; nothing was registered.
        ServiceUnavailableError: MLflow does not respond, and this is not the last try, which continues without it.
    """
    standing = store.finished(cycle.cycle_id, STAGE, ExportModelSummary)
    if standing is not None:
        return standing
    trained = store.summary(cycle.cycle_id, TrainModelSummary)
    if trained.skipped:
        return store.finish(cycle.cycle_id, STAGE, ExportModelSummary(skipped=trained.skipped))
    assert trained.candidate_key is not None
    assert trained.candidate_sha256 is not None
    assert trained.dataset_cycle_id is not None
    candidate = parse_candidate(read_candidate(store.objects, trained.candidate_key, trained.candidate_sha256))
    images = _parity_images(store, decoder, trained.dataset_cycle_id, candidate.marks)
    content, parity = _export(candidate, backbone, images, network)
    digest = put_model(store.objects, content)
    notes: list[str] = []
    registered = None
    with mirroring(notes, is_last_try=is_last_try):
        registered = _register(store, model_registry, cycle, content, digest)
        notes += registered.notes
    summary = ExportModelSummary(
        skipped=None,
        model_digest=digest,
        dataset_id=trained.dataset_id,
        registry_version=None if registered is None else registered.version,
        registry_url=None if registered is None else registered.url,
        parity_max_difference=parity.max_difference,
        parity_images=parity.images,
        size_bytes=len(content),
        mirror_notes=notes,
    )
    newest = project_state.Candidate(
        model_digest=digest,
        dataset_id=candidate.marks.dataset_id,
        dataset_cycle_id=trained.dataset_cycle_id,
        cycle_id=cycle.cycle_id,
        registry_version=summary.registry_version,
    )
    return store.finish(cycle.cycle_id, STAGE, summary, sets=[newest])


def _parity_images(store: Store, decoder: Decoder, dataset_cycle_id: str, marks: ModelMarks) -> NDArray[np.uint8]:
    """Images of the version from all splits; the first ones by image_id, which is as good as random."""
    rows = store.read(DatasetImage, dataset_cycle_id).sort("image_id").head(PARITY_IMAGES)
    originals = store.rows_of(Image, rows["image_id"], columns=COLUMNS).unique("image_id").sort("image_id")
    stored = stored_images(originals.iter_rows())
    files = [(read_original(store.objects, image_id, one.md5), one.form) for image_id, one in stored.items()]
    framing = marks.kind.decoding.framing
    decoded = [decoder.decode(file, form_for_model(form, marks.side_px, framing)) for file, form in files]
    return np.stack([model_image(one.pixels, marks.side_px, framing) for one in decoded])


def _export(candidate: Candidate, backbone: Backbone, images: NDArray[np.uint8], whole: Network | None) -> tuple[bytes, Parity]:
    """Export the file and compare it with the network; imports torch."""
    from pipeline_tasks.models.exporting import export_model_bytes
    from pipeline_tasks.models.parity import check_parity, with_weights

    network: nn.Module
    if candidate.marks.network:
        network, graph = _whole(candidate, whole)
    elif isinstance(candidate.marks.kind.modelling, MapModelling):
        trunk = backbone.trunk(candidate.marks.side_px)
        network, graph = trunk.load_network(), _frozen_graph(candidate, trunk)
    else:
        network = with_weights(backbone.load_network(), candidate.backbone_weights)
        graph = backbone.onnx_of(network) if candidate.backbone_weights else _frozen_graph(candidate, backbone)
    content = export_model_bytes(candidate, graph)
    return content, check_parity(candidate, network, ExportedModel(content), images)


def _whole(candidate: Candidate, whole: Network | None) -> tuple[nn.Module, bytes]:
    """The candidate's network as it is exported, in torch and as a graph."""
    from pipeline_tasks.backbones.onnx_export import export_onnx
    from pipeline_tasks.models.parity import with_weights

    if whole is None or candidate.marks.backbone_digest != whole.digest:
        found = "none" if whole is None else whole.digest
        raise ModelError(
            f"candidate: wanted the network {candidate.marks.network} {candidate.marks.backbone_digest}, found {found}"
        )
    final = whole.final(with_weights(whole.new(), network_weights(candidate)))
    return final, export_onnx(final, whole.side_px, candidate.marks.kind.decoding.output_names)


def _frozen_graph(candidate: Candidate, backbone: Backbone | Trunk) -> bytes:
    """The graph that all images were embedded with, or whose maps the head was trained on."""
    if candidate.marks.backbone_digest != backbone.digest:
        raise ModelError(f"candidate: wanted the backbone {candidate.marks.backbone_digest}, found {backbone.digest}")
    return backbone.onnx_bytes


def _register(store: Store, registry: VersionRegistry, cycle: Cycle, content: bytes, digest: str) -> RegisteredVersion:
    model = mirrored_model(store, cycle.cycle_id, digest, cycle.outside_name)
    registered = registry.show_model(model, lambda: content)
    registry.set_alias(cycle.outside_name, "candidate", registered.version)
    return registered
