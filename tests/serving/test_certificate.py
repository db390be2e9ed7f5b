from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from serving.given_server import REPOSITORY, ServerProcess, a_running_server, numbered_model
from tiny_model import an_image

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.serving.certificate import Certificate, read_certificate

KEY = "key-" + "k" * 20


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate of its own for 127.0.0.1."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def make_certificate(folder: Path) -> Certificate:
    found = Certificate(folder / "cert.pem", folder / "key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-out", str(found.chain), "-keyout", str(found.key)]
    subprocess.run(command, check=True, capture_output=True)
    return found


def test_certificate__is_optional_and_read_as_a_pair(certificate: Certificate) -> None:
    assert read_certificate(None, None) is None
    assert read_certificate(certificate.chain, certificate.key) == certificate
    with pytest.raises(SettingsError, match="wanted both"):
        read_certificate(certificate.chain, None)


def test_certificate__that_cannot_be_used_is_refused_with_both_names(certificate: Certificate, tmp_path: Path) -> None:
    other, locked = make_certificate(tmp_path), tmp_path / "locked.pem"
    command = ["openssl", "rsa", "-aes256", "-passout", "pass:secret", "-in", str(other.key), "-out", str(locked)]
    subprocess.run(command, check=True, capture_output=True)

    for key, why in ((other.key, "cannot be used"), (tmp_path / "none.pem", "No such file"), (locked, "has a password")):
        with pytest.raises(SettingsError, match=why) as refused:
            read_certificate(certificate.chain, key)
        assert str(key) in str(refused.value)


@pytest.mark.slow
def test_server__speaks_tls_and_wants_a_key(tmp_path: Path, certificate: Certificate) -> None:
    keys = tmp_path / "keys"
    keys.write_text(KEY)
    configured = ServerProcess(
        tmp_path,
        scheme="https",
        arguments=("--certificate", str(certificate.chain), "--certificate-key", str(certificate.key)),
        environment={"NIGHTLENS_API_KEYS_FILE": str(keys)},
        headers={"Authorization": f"Bearer {KEY}"},
    )
    with a_running_server(tmp_path, numbered_model(1), configured) as (server, _, digest):
        trusting = httpx.Client(verify=ssl.create_default_context(cafile=certificate.chain), trust_env=False)
        assert server.predict(an_image()).json()["model_digest"] == digest
        assert trusting.get(f"{server.url}/healthz").status_code == 200
        large = trusting.post(f"{server.url}/predict", content=b"x" * 5_000_000)
        assert (large.status_code, large.json()["detail"]["reason"]) == (401, "wrong_key")
        with pytest.raises(httpx.HTTPError):
            httpx.get(server.url.replace("https", "http") + "/healthz", trust_env=False)
        assert server.end() == 0


def test_server__does_not_start_with_a_key_that_is_too_short(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline_tasks.serving", "--root", str(tmp_path), "--project", "parts"]
    command += ["--port", "1", "--cache", str(tmp_path)]

    done = subprocess.run(command, cwd=REPOSITORY, env={"NIGHTLENS_API_KEYS": "short"}, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("NIGHTLENS_API_KEYS: key 1: wanted at least 20 ASCII characters, found 5")
