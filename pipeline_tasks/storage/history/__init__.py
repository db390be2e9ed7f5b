"""A project's root as stages see it, now and in the past."""
