"""`publish`: a dataset version as a commit that anybody can `git clone && dvc pull`."""
