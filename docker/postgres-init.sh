#!/bin/sh
# One role and one database for each service that needs PostgreSQL. The passwords are read from the folder that
# make-secrets.sh filled; they reach psql on its standard input only.
set -eu
for service in airflow mlflow label_studio; do
    password=$(cat "/run/secrets/postgres_password")-$service
    psql -v ON_ERROR_STOP=1 --username postgres <<SQL
create role $service login password '$password';
create database $service owner $service;
SQL
done
