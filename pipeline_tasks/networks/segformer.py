"""SegFormer for masks, by transformers, from a local folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_tasks.networks.folder_segmenter import FolderSegmenter

if TYPE_CHECKING:
    from pipeline_tasks.models.whole_network import WholeNetwork


class SegFormer(FolderSegmenter):
    """SegFormer (Xie et al., NeurIPS 2021); a folder of the encoder alone gets a new decoder.

    The rate is 6e-4 by default, and a tenth of it, the paper's, for the encoder.
    """

    name = "segformer"
    version = 2
    types = ("segformer",)
    repository = "nvidia/mit-b0"
    learning_rate_ratio = 0.15

    def network(self, folder: Path, names: int) -> WholeNetwork:
        """The network of a folder for so many names."""
        from pipeline_tasks.networks.segformer_network import segformer

        return segformer(folder, names)
