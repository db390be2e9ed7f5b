"""Wiring of settings to store, clients and stages, fully typed. Nothing below imports it.

`run.run_stage` is how Airflow's tasks and the command line run a stage; `stages` hands each stage its inputs in one explicit
call that mypy checks; `services.Services` opens what a stage asks for, late, and closes it at the end.
"""
