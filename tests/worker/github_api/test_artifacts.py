"""Downloads from storage, over real sockets."""

from __future__ import annotations

import hashlib
import io
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from worker.core.errors import GoneError, PostponedError, RefusedError, ReportError
from worker.github_api.artifacts import Download
from worker.github_api.hosts import HostRule, resolve

ARCHIVE = b"PK" + bytes(range(256)) * 1_000
DIGEST = "sha256:" + hashlib.sha256(ARCHIVE).hexdigest()
LOCAL = HostRule("http://127.0.0.1:1")


def download(url, *, limit=1 << 20, digest=DIGEST, rule=LOCAL, seconds=20.0):
    target = io.BytesIO()
    found = Download("coverage", rule, digest=digest, seconds=seconds)
    size = found.run(url, target, limit=limit)
    assert size == len(target.getvalue())
    return target.getvalue()


def test_archive_arrives_whole(storage):
    """No report could be read."""
    storage.put("/a", ARCHIVE)
    assert download(storage.url("/a?sig=x")) == ARCHIVE


def test_no_credentials_reach_the_storage(storage, tmp_path, monkeypatch):
    """The storage refuses them, and a forged one would collect them."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    storage.put("/a", ARCHIVE)
    download(storage.url("/a"))
    ((_, headers),) = storage.seen
    assert "Authorization" not in headers
    assert "Cookie" not in headers


def test_one_redirect_is_followed_without_credentials(storage):
    """GitHub's storage moves archives between accounts."""
    storage.put("/a", ARCHIVE)
    storage.put("/b", status=302, Location="/a?sig=y")
    assert download(storage.url("/b")) == ARCHIVE
    assert [path for path, _ in storage.seen] == ["/b", "/a?sig=y"]


def test_the_second_redirect_ends_it(storage):
    """A loop would hold a worker for its whole life."""
    storage.put("/c", status=302, Location="/c")
    with pytest.raises(RefusedError, match="redirected"):
        download(storage.url("/c"))
    assert len(storage.seen) == 2


def test_a_redirect_into_the_metadata_service_is_refused(storage):
    """A public address that forwards inside is the usual way around a host check."""
    storage.put("/d", status=302, Location="http://169.254.169.254/latest")
    with pytest.raises(RefusedError, match="not public"):
        download(storage.url("/d"))


def test_a_public_github_never_connects_inside(storage):
    """The worker's own network would be readable through a forged answer."""
    storage.put("/a", ARCHIVE)
    with pytest.raises(RefusedError):
        download(storage.url("/a"), rule=HostRule("https://api.github.com"))
    assert storage.seen == []


def test_declared_length_over_the_limit_is_not_read(storage):
    """A log folder named "coverage" would be downloaded for minutes."""
    storage.put("/a", ARCHIVE)
    with pytest.raises(ReportError, match="more than 1000 bytes") as caught:
        download(storage.url("/a"), limit=1_000)
    assert caught.value.name == "coverage"


def without_length(body):
    def reply(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def test_undeclared_length_is_capped_while_reading(storage):
    """A storage that tells no length would fill the worker's disk."""
    storage.replies["/a"] = without_length(ARCHIVE)
    with pytest.raises(ReportError, match="more than"):
        download(storage.url("/a"), limit=len(ARCHIVE) - 1)
    assert download(storage.url("/a"), limit=len(ARCHIVE)) == ARCHIVE


def test_wrong_archive_is_refused(storage):
    """Coverage that somebody swapped on the way would decide the check."""
    storage.put("/a", ARCHIVE[:-1] + b"x")
    with pytest.raises(ReportError, match="digest"):
        download(storage.url("/a"))


@pytest.mark.parametrize("digest", [None, "", "md5:00", DIGEST.upper().replace("SHA256", "sha256")])
def test_unknown_digests_do_not_stop_a_download(storage, digest):
    """Older servers know no digest; their artifacts could not be read."""
    storage.put("/a", ARCHIVE)
    assert download(storage.url("/a"), digest=digest) == ARCHIVE


def cut_short(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(ARCHIVE)))
    handler.end_headers()
    handler.wfile.write(ARCHIVE[:1_000])


def cut_chunk(handler):
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"400\r\n" + ARCHIVE[:100])
    handler.close_connection = True


@pytest.mark.parametrize("reply", [cut_short, cut_chunk, without_length(ARCHIVE[:1_000])])
def test_a_broken_off_download_is_tried_later(storage, reply):
    """A hiccup of the network would be told to the author as a broken report."""
    storage.replies["/a"] = reply
    with pytest.raises(PostponedError):
        download(storage.url("/a"))


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_a_link_that_ran_out_is_tried_later(storage, status):
    """A worker that waited a minute would call a good artifact lost."""
    storage.put("/a", b"<Error/>", status=status)
    with pytest.raises(PostponedError) as caught:
        download(storage.url("/a?sig=secret"))
    assert "secret" not in str(caught.value)


def test_expired_storage_is_gone(storage):
    """An archive past its retention would be tried again until the deadline."""
    storage.put("/a", status=410)
    with pytest.raises(GoneError):
        download(storage.url("/a"))


def test_nobody_listening_is_tried_later_without_showing_the_signature(storage):
    """An exception with the signed address in it ends up in logs."""
    with pytest.raises(PostponedError) as caught:
        download("http://127.0.0.1:9/a?sig=secret")
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_slow_sender_does_not_hold_the_worker(storage):
    """One byte every few seconds keeps a socket's own time-out quiet for hours."""
    done = threading.Event()

    def trickle(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(ARCHIVE)))
        handler.end_headers()
        while not done.wait(0.02):
            try:
                handler.wfile.write(b"x")
            except OSError:
                return

    storage.replies["/a"] = trickle
    try:
        with pytest.raises(PostponedError, match="too long"):
            download(storage.url("/a"), seconds=0.2)
    finally:
        done.set()


@pytest.fixture
def certified(tmp_path, private_key, private_key_text):
    """Return an SSL context for storage.test, and the file that vouches for it."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "storage.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("storage.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private_key, SHA256())
    )
    path = tmp_path / "storage.pem"
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    key = tmp_path / "key.pem"
    key.write_text(private_key_text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    return context, path


def names(host, port):
    return ["127.0.0.1"] if host.endswith(".test") else resolve(host, port)


def test_tls_is_checked_against_the_name_and_not_the_address(make_storage, certified, monkeypatch):
    """Connecting to a checked address must not switch the certificate's check off."""
    context, path = certified
    storage = make_storage(context)
    storage.put("/a", ARCHIVE)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    rule = HostRule("http://127.0.0.1:1", resolve=names)
    assert download(storage.url("/a", "storage.test"), rule=rule) == ARCHIVE
    assert storage.seen[0][1]["Host"] == f"storage.test:{storage.port}"
    with pytest.raises(PostponedError, match="SSLError"):
        download(storage.url("/a", "other.test"), rule=rule)


def test_the_next_address_is_tried(storage):
    """A host with an address family that the worker can not reach would be unreachable."""
    storage.put("/a", ARCHIVE)
    rule = HostRule("http://127.0.0.1:1", resolve=lambda host, port: ["::1", "127.0.0.1"])
    assert download(storage.url("/a", "storage.test"), rule=rule) == ARCHIVE
