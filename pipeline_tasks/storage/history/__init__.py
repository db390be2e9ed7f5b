"""Views of a project's root for stages, now and in the past."""
