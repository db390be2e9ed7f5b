"""Send a labeling round, wait for annotators, resolve their annotations into labels."""
