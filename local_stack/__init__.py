"""Starts, watches and ends the services that Nightlens needs on one machine, so that one command gives a working place.

PostgreSQL, Airflow, Label Studio, MLflow and one prediction server a project, all on loopback, under one detached
supervisor. It stands outside at the front door: it imports no stage.
"""
