"""Dataset versions and their publications."""
