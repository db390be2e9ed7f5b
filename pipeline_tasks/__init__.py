"""The work of Nightlens: plain functions over stored tables. Never imports Airflow."""
