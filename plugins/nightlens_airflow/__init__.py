"""Everything of Nightlens that knows Airflow: tasks, retries, the waiting for people, links, pages."""
