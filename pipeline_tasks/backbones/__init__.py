"""Backbones: networks that turn a model-size image into an embedding, one module each. No other room knows their dimensions."""
