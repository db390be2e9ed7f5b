"""Faces, plates and whatever else annotators must not see: found by a detector that the project names, blurred in their copies."""
