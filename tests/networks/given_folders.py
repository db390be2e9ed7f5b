"""Folders of tiny networks of transformers with random weights, as their authors would write them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from backbones.given_families import PREPROCESSING


def put_rt_detr(folder: Path) -> Path:
    """RT-DETR of 80 names and 20 queries."""
    transformers = pytest.importorskip("transformers", reason="no transformers: make install-transformers")
    resnet = transformers.RTDetrResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 16, 24, 32],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    sizes = {"encoder_hidden_dim": 32, "encoder_ffn_dim": 32, "d_model": 32, "decoder_ffn_dim": 32, "num_queries": 20}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "decoder_layers": 2, "decoder_n_points": 2}
    channels = {"encoder_in_channels": [16, 24, 32], "decoder_in_channels": [32, 32, 32]}
    configuration = transformers.RTDetrConfig(backbone_config=resnet, num_labels=80, **sizes, **heads, **channels)
    torch.manual_seed(4)
    return _written(transformers.RTDetrForObjectDetection(configuration), folder)


def put_d_fine(folder: Path) -> Path:
    """D-FINE of 80 names and 20 queries."""
    transformers = pytest.importorskip("transformers", reason="no transformers: make install-transformers")
    hgnet = transformers.HGNetV2Config(
        stem_channels=[3, 8, 8],
        hidden_sizes=[8, 16, 24, 32],
        stage_in_channels=[8, 8, 16, 24],
        stage_mid_channels=[8, 8, 8, 8],
        stage_out_channels=[8, 16, 24, 32],
        stage_num_blocks=[1, 1, 1, 1],
        stage_numb_of_layers=[1, 1, 1, 1],
        out_features=["stage2", "stage3", "stage4"],
    )
    sizes = {"encoder_hidden_dim": 32, "encoder_ffn_dim": 32, "d_model": 32, "decoder_ffn_dim": 32, "num_queries": 20}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "decoder_layers": 2, "decoder_n_points": 2}
    channels = {"encoder_in_channels": [16, 24, 32], "decoder_in_channels": [32, 32, 32], "hidden_expansion": 0.5}
    configuration = transformers.DFineConfig(backbone_config=hgnet, num_labels=80, lqe_hidden_dim=8, **sizes, **heads, **channels)
    torch.manual_seed(4)
    return _written(transformers.DFineForObjectDetection(configuration), folder)


def put_detr(folder: Path) -> Path:
    """DETR of 91 names and 20 queries, on a ResNet of transformers."""
    transformers = pytest.importorskip("transformers", reason="no transformers: make install-transformers")
    resnet = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1], layer_type="basic", out_features=["stage4"]
    )
    sizes = {"d_model": 32, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "num_queries": 20, "encoder_layers": 1}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "decoder_layers": 2}
    configuration = transformers.DetrConfig(backbone_config=resnet, num_labels=91, **sizes, **heads)
    torch.manual_seed(4)
    return _written(transformers.DetrForObjectDetection(configuration), folder)


def put_segformer(folder: Path) -> Path:
    """SegFormer of 150 names."""
    transformers = pytest.importorskip("transformers", reason="no transformers: make install-transformers")
    sizes = {
        "hidden_sizes": [8, 16, 24, 32],
        "depths": [1, 1, 1, 1],
        "num_attention_heads": [1, 1, 2, 2],
        "decoder_hidden_size": 32,
    }
    configuration = transformers.SegformerConfig(num_labels=150, mlp_ratios=[2, 2, 2, 2], **sizes)
    torch.manual_seed(4)
    return _written(transformers.SegformerForSemanticSegmentation(configuration), folder)


def put_deeplabv3(folder: Path) -> Path:
    """DeepLabV3 of 21 names on a MobileNetV2 of an eighth of the channels."""
    transformers = pytest.importorskip("transformers", reason="no transformers: make install-transformers")
    configuration = transformers.MobileNetV2Config(num_labels=21, depth_multiplier=0.125, output_stride=8, hidden_act="relu6")
    torch.manual_seed(4)
    return _written(transformers.MobileNetV2ForSemanticSegmentation(configuration), folder)


def _written(model: torch.nn.Module, folder: Path) -> Path:
    """Weights large enough that images differ: those of transformers' own start are close to 0."""
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.dim() > 1:
                weights.normal_(0, (2 / weights[0].numel()) ** 0.5, generator=generator)
    model.save_pretrained(folder)  # type: ignore[operator]
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSING))
    return folder
