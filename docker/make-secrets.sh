#!/bin/sh
# Make the random secrets that compose.yaml reads, once, in docker/secrets/ (mode 600).
set -eu
umask 077
cd "$(dirname "$0")"
if [ -e secrets ]; then
    echo "docker/secrets is already there; remove it to make new secrets (the databases keep the old ones)." >&2
    exit 1
fi
mkdir secrets
random() { head -c "$1" /dev/urandom | od -An -tx1 | tr -d ' \n'; }
postgres=$(random 24)
printf %s "$postgres" > secrets/postgres_password
printf %s "postgresql+psycopg2://airflow:$postgres-airflow@postgres/airflow" > secrets/airflow_database_url
printf %s "db+postgresql://airflow:$postgres-airflow@postgres/airflow" > secrets/airflow_result_backend
head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' > secrets/airflow_fernet_key
random 32 > secrets/airflow_jwt_secret
printf '{"admin": "%s"}' "$(random 12)" > secrets/airflow_passwords
random 12 > secrets/grafana_password
cat > secrets/mlflow.env <<END
MLFLOW_BACKEND_STORE_URI=postgresql+psycopg2://mlflow:$postgres-mlflow@postgres/mlflow
END
cat > secrets/label_studio.env <<END
POSTGRE_PASSWORD=$postgres-label_studio
SECRET_KEY=$(random 32)
LABEL_STUDIO_USERNAME=admin@nightlens.local
LABEL_STUDIO_PASSWORD=$(random 12)
LABEL_STUDIO_USER_TOKEN=$(random 20)
END
echo "docker/secrets is made. Logins: secrets/airflow_passwords, secrets/label_studio.env, secrets/grafana_password (admin)."
