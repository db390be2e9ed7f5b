"""Pages that Nightlens adds to Airflow's web server, for logged-in users only."""
