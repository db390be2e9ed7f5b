"""Strategies, one module a family; they import numpy only when they select, because DAG files read their descriptions."""
