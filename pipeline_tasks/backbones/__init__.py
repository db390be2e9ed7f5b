"""Backbones: networks that turn a model-size image into an embedding, one module each. Nobody else knows their dimensions."""
