# The prediction server alone: no torch, no Airflow, no MLflow client.
FROM python:3.11-slim-bookworm
COPY requirements-serving.txt /build/requirements-serving.txt
RUN pip install --no-cache-dir -r /build/requirements-serving.txt \
    && useradd --system --uid 10001 --no-create-home nightlens
COPY pipeline_tasks /opt/nightlens-code/pipeline_tasks
ENV PYTHONPATH=/opt/nightlens-code PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
EXPOSE 8080 8081
ENTRYPOINT ["python", "-m", "pipeline_tasks.serving"]
