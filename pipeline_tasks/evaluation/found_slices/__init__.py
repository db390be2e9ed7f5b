"""Search for groups of test images on which a model errs more than elsewhere, with a correction for looking many times."""
