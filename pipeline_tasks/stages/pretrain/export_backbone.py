"""Export the pretrained backbone as one ONNX file with its preprocessing, and verify that it embeds as the trained network does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.backbones.exported_backbone import session_of
from pipeline_tasks.backbones.pretrained import read_weights, with_weights
from pipeline_tasks.errors import ParityError
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.export_backbone import ExportBackboneSummary
from pipeline_tasks.records.train_backbone import TrainBackboneSummary
from pipeline_tasks.storage.blobs.checkpoint_files import read_candidate
from pipeline_tasks.storage.blobs.model_files import put_model
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.pretraining_image import PretrainingImage
from pipeline_tasks.training_data.pretraining_images import PretrainingImages

if TYPE_CHECKING:
    from torch import nn

    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.decoding.decoder import Decoder

STAGE = "export_backbone"
PARITY_IMAGES = 8
GREATEST_DIFFERENCE = 1e-3
"""Of the greatest value of the embeddings."""


def export_backbone(store: Store, cycle: Cycle, decoder: Decoder, backbone: Backbone) -> ExportBackboneSummary:
    """Export and store the file; only one that passes the comparison is stored.

    Raises:
        MissingStageError: nothing was trained.
        ParityError: the file's embeddings differ from the trained network's.
    """
    standing = store.finished(cycle.cycle_id, STAGE, ExportBackboneSummary)
    if standing is not None:
        return standing
    trained = store.summary(cycle.cycle_id, TrainBackboneSummary)
    if trained.candidate_key is None or trained.candidate_sha256 is None:
        return store.finish(cycle.cycle_id, STAGE, ExportBackboneSummary(skipped=trained.skipped))
    weights = read_weights(read_candidate(store.objects, trained.candidate_key, trained.candidate_sha256))
    network = with_weights(backbone.load_network(), weights)
    content = backbone.onnx_of(network)
    image_ids = store.read(PretrainingImage, cycle.cycle_id).filter("is_trained")["image_id"].head(PARITY_IMAGES)
    images = PretrainingImages(store, decoder, image_ids.to_list(), backbone.side_px).first(PARITY_IMAGES)
    difference = _difference(content, network, images)
    if not difference <= GREATEST_DIFFERENCE:
        raise ParityError(
            f"backbone: the exported file's embeddings differ from the network's by {difference:.2g} of the greatest value, wanted "
            f"at most {GREATEST_DIFFERENCE:g}; nothing was stored"
        )
    summary = ExportBackboneSummary(
        skipped=None,
        pretrained=trained.candidate_sha256,
        model_digest=put_model(store.objects, content),
        size_bytes=len(content),
        parity_max_difference=difference,
        parity_images=len(images),
    )
    return store.finish(cycle.cycle_id, STAGE, summary)


def _difference(content: bytes, network: nn.Module, images: NDArray[np.uint8]) -> float:
    """Greatest difference between the embeddings of file and network, relative to the greatest value; imports torch."""
    import torch

    session = session_of(content)
    found = np.concatenate([session.run(None, {"pictures": one[np.newaxis]})[0] for one in images])
    with torch.no_grad():
        wanted = torch.cat([network(torch.from_numpy(one[np.newaxis])) for one in images]).numpy()
    return float(np.abs(found - wanted).max() / max(float(np.abs(wanted).max()), np.finfo(np.float32).tiny))
