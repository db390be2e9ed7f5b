"""Ways to choose images, one module a family; numpy is imported only when they choose, because DAG files read their words."""
