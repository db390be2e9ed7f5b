"""Pure room: splits, manifests and the content-derived name of a dataset version."""
