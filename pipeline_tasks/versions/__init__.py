"""Dataset versions as a person asks for them: list, show, diff, export, restore, verify."""
