"""CVAT for Airflow without Nightlens: connection, push, pull and a sensor, through CVAT's own SDK."""
