"""All code of Nightlens that knows Airflow: tasks, retries, the wait for annotators, links, pages."""
