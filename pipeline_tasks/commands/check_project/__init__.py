"""`check_project`: check of a project's file, sources, root, services and permissions."""
