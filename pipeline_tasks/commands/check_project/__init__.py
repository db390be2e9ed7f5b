"""`check_project`: a trial of a project's file, sources, root, services and rights."""
