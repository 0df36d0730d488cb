"""TLS 1.3 between members: both sides show a certificate, and trust is a list of certificates.

A certificate is trusted because an active member's profile holds it, whole; no authority vouches
for it and its name is not looked at. TLS says from whose machine a connection comes. Who speaks
is said by the message's signature alone (``node.exchange.messages``).
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from uvicorn.protocols.http.h11_impl import H11Protocol

from node.errors import Unavailable
from node.listening import PatientConnection

TIMEOUTS = httpx.Timeout(connect=5, read=30, write=30, pool=10)
_LIMITS = httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=30)
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class TlsFiles:
    """A member's certificate and its key, both PEM files (the key 0600)."""

    certificate: Path
    key: Path


def make_tls(member: str, hosts: Iterable[str] = (), days: int = 730) -> tuple[bytes, bytes]:
    """Make a P-256 key and a self-signed certificate for it.

    Args:
        member: the member's id, 0x and 64 hexadecimal digits; it becomes the common name without
            the 0x (RFC 5280 allows 64 characters).
        hosts: names or addresses for the subject's alternative names; peers pin the certificate
            and do not read them.
        days: how long it is valid, from now.

    Returns:
        The certificate (DER, as it stands in a profile) and the key (PEM, PKCS #8, not encrypted).
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, member.removeprefix("0x"))])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            ),
            critical=False,
        )
    )
    if names := [_general_name(host) for host in hosts]:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.DER), pem


def write_tls(directory: Path, member: str, hosts: Iterable[str] = ()) -> bytes:
    """Make a certificate, write ``tls/cert.pem`` and ``tls/key.pem`` below ``directory``.

    Refuses to overwrite a key (FileExistsError). Returns the certificate, DER.
    """
    certificate, key = make_tls(member, hosts)
    files = tls_files(directory)
    files.key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.key.touch(mode=0o600, exist_ok=False)
    files.key.write_bytes(key)
    files.certificate.write_text(ssl.DER_cert_to_PEM_cert(certificate))
    return certificate


def tls_files(directory: Path) -> TlsFiles:
    """Return where a member's certificate and key lie in its directory."""
    return TlsFiles(directory / "tls" / "cert.pem", directory / "tls" / "key.pem")


def server_context(files: TlsFiles, trusted: Callable[[], Iterable[bytes]]) -> ssl.SSLContext:
    """Build the peers listener's context: TLS 1.3, a client certificate from ``trusted``.

    ``trusted`` is asked at every handshake, so a member that joins is let in without a restart.
    A certificate once trusted stays in the context until a restart: the application therefore
    checks the fingerprint against the active profiles on every request.
    """
    context = _context(ssl.PROTOCOL_TLS_SERVER, files)
    context.num_tickets = 0  # a resumed session would not be verified again
    known: set[bytes] = set()

    def refresh(*_: object) -> None:
        certificates: set[bytes] = set()
        with contextlib.suppress(Unavailable):  # then those known so far
            certificates.update(trusted())
        for certificate in certificates - known:
            # One member's profile may hold bytes that are no certificate: the others still count.
            with contextlib.suppress(ssl.SSLError):
                context.load_verify_locations(cadata=certificate)
            known.add(certificate)

    refresh()
    context.sni_callback = refresh
    return context


def client_context(files: TlsFiles, pinned: Iterable[bytes]) -> ssl.SSLContext:
    """Build a context that speaks to the holder of one of the ``pinned`` certificates only."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT, files)
    context.load_verify_locations(cadata=b"".join(pinned))
    return context


def peer_client(context: ssl.SSLContext) -> httpx.Client:
    """Return a pooled client: bounded time, no redirects, no proxy from the environment."""
    return httpx.Client(
        verify=context,
        timeout=TIMEOUTS,
        limits=_LIMITS,
        follow_redirects=False,
        trust_env=False,
    )


class PeerProtocol(PatientConnection, H11Protocol):
    """Hands the application the certificate that the client proved to hold.

    It stands in ``scope["state"]["peer_certificate"]`` (DER). A certificate named in a header is
    never looked at.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the certificate of this connection beside the application's own state."""
        super().connection_made(transport)
        tls = self.transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls is not None else None
        self.app_state = {**self.app_state, "peer_certificate": certificate}

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, once: an application that reads its body is told that it ended.

        What the application has begun to answer cannot be refused any more: the connection ends.
        """
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.abort()
                return
        super().send_400_response(msg)


def _context(protocol: int, files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the certificate is pinned, its name says nothing more
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a pinned certificate is an anchor
    context.load_cert_chain(files.certificate, files.key)
    return context


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
