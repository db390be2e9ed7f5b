"""Label Studio for Airflow: hook, operators, sensor, trigger, link; knows nothing of Nightlens's tables and stages."""
