"""Ask people, wait, resolve their annotations into labels."""
