"""The signer's process: one local socket, no network, no database; kill -9 loses nothing.

Requests are answered one after another, whatever the number of clients: each waits for its
audit line to be on the disk.
"""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import sys
from typing import TYPE_CHECKING

from identity.errors import RequestMalformed
from identity.keys.keystore import Keystore, passphrase_from
from identity.signer.audit import AuditFile
from identity.signer.service import MAX_LINE_BYTES, Service
from identity.signer.settings import SignerSettings

if TYPE_CHECKING:
    from identity.keys.token import Token


def serve(settings: SignerSettings) -> None:
    """Answer on the settings' socket until SIGTERM or SIGINT.

    Raises:
        KeystoreUnavailable, WrongPassphrase, KeyMissing, TokenUnavailable: no act key can be had.
        SettingsUnusable: another signer runs in this directory.
        AuditUnavailable: the audit file cannot be opened.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the keys
    os.umask(0o077)
    audit = AuditFile(settings.audit)
    service = Service(settings, _keys(settings), audit, _national(settings))
    try:
        asyncio.run(_listen(settings, service))
    finally:
        audit.close()


def _keys(settings: SignerSettings) -> "Keystore | Token":
    """Open the token, where the settings name one, or the key store."""
    if settings.token is None:
        return Keystore.open(settings.keystore, passphrase_from(os.environ))
    # A member without a token needs no library for it.
    from identity.keys.token import PIN_VARIABLE, Token  # noqa: PLC0415

    library, label = settings.token
    return Token(library, label, os.environ.get(PIN_VARIABLE, ""))


def _national(settings: SignerSettings) -> Keystore | None:
    """Open the key store for the SM2 key alone, where a token has the others."""
    if settings.token is None or not settings.national:
        return None
    return Keystore.open(settings.keystore, passphrase_from(os.environ))


async def _listen(settings: SignerSettings, service: Service) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):  # the client went away
            await _talk(service, reader, writer)

    server = await asyncio.start_unix_server(talk, sock=_bind(settings), limit=MAX_LINE_BYTES)
    with contextlib.suppress(OSError):  # a full log keeps nobody from signing
        print(f"lading signer: ready at {settings.socket}", file=sys.stderr, flush=True)
    await stopped.wait()
    server.close()
    settings.socket.unlink(missing_ok=True)


def _bind(settings: SignerSettings) -> socket.socket:
    """Return the socket, mode 0600; one that a killed signer left is replaced.

    The audit file's lock shows that no other signer is alive in this directory.
    """
    settings.socket.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(settings.socket))
    settings.socket.chmod(0o600)
    return listener


async def _talk(
    service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        while True:
            try:
                line = await reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                return
            except asyncio.LimitOverrunError:
                error = RequestMalformed(f"A line has at most {MAX_LINE_BYTES} bytes.")
                writer.write(service.refuse(error))
                await writer.drain()
                return
            writer.write(service.answer(line))
            await writer.drain()
    finally:
        writer.close()
