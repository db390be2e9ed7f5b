"""Local stack: starts, watches and stops all services that Nightlens needs, on one machine and with one command.

PostgreSQL, Airflow, Label Studio, MLflow and one prediction server a project, all on loopback, under one detached
supervisor. It imports no stage.
"""
