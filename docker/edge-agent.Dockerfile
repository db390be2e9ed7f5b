# The edge agent alone: numpy, OpenCV and ONNX Runtime.
FROM python:3.11-slim-bookworm
COPY requirements-edge.txt /build/requirements-edge.txt
RUN pip install --no-cache-dir -r /build/requirements-edge.txt \
    && useradd --system --uid 10001 --no-create-home --groups video nightlens
COPY pipeline_tasks /opt/nightlens-code/pipeline_tasks
ENV PYTHONPATH=/opt/nightlens-code PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
ENTRYPOINT ["python", "-m", "pipeline_tasks", "edge"]
CMD ["/etc/nightlens/edge.toml"]
