"""Self-supervised pretraining of a backbone: strong views, objectives without labels, a resumable fit, the probe of its gain."""
