"""Steps that all heads over feature maps share."""
