"""`publish`: a dataset version as a commit for `git clone && dvc pull`."""
