"""The pages that Nightlens adds to Airflow's web server, for logged-in people only."""
