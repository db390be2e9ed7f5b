"""Training data of a dataset version, as the form of its kind's models needs them: embeddings, or feature maps."""
