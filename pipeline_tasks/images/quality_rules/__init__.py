"""Quality rules, one module a rule or a family."""
