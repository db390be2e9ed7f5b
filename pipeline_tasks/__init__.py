"""The work of Nightlens: plain functions over stored tables. Never imports Airflow."""

import os

# Wheels of ONNX Runtime since 1.29 report models and sessions to their maker, and write a device id below ~/.cache, unless this is
# set before its first session. Nightlens sends nothing anywhere (README.md).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
