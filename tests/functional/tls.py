# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates, and clients that speak TLS."""

import hashlib
import ssl
import subprocess
from types import SimpleNamespace

from client import connect

CLIENT_NAME = "client.b\u00fccher.example"
EC = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]


def certificate(directory, name, subject, key=EC, issuer=None, *options):
    """A certificate in NAME.pem, and its key in NAME.key."""
    issued_by = ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key"] if issuer else []
    subprocess.run(["openssl", "req", "-x509", "-days", "30", "-utf8", "-subj", subject, *issued_by, "-newkey", *key,
                    "-keyout", f"{name}.key", "-out", f"{name}.pem", *(options or ["-nodes"])],
                   check=True, capture_output=True, cwd=directory)
    return directory / f"{name}.pem"


def fingerprint(certificate):
    """As trusted-keys() wants it: SHA-1, each byte in hexadecimal."""
    digest = hashlib.sha1(ssl.PEM_cert_to_DER_cert(certificate.read_text())).digest()
    return digest.hex(":").upper()


def make_certificates(directory):
    """A CA, what it has signed, and a client that it does not know. That of the server has its key with it."""
    ca = certificate(directory, "ca", "/CN=ca")
    server = certificate(directory, "server", "/CN=server.example.com", ["rsa:2048"], "ca")
    with open(server, "ab") as file:
        file.write(server.with_suffix(".key").read_bytes())
    return SimpleNamespace(
        directory=directory, ca=ca, server=server,
        client=certificate(directory, "client", f"/O=Clients/OU=Logs/CN={CLIENT_NAME}", EC, "ca"),
        stranger=certificate(directory, "stranger", "/CN=stranger"))


def tls_option(certificate, options="peer-verify(no)"):
    """tls() with the certificate and its key."""
    return f'tls(key-file("{certificate.with_suffix(".key")}") cert-file("{certificate}") {options})'


def client_context(certificate=None, version=None, alpn=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    if version:
        context.minimum_version = context.maximum_version = version
    if alpn:
        context.set_alpn_protocols([alpn])
    return context


class TLSClient:
    """A client that can be stopped at every step of its handshake. It has spoken no word of TLS at first."""

    def __init__(self, port, header=b"", context=None, **kwargs):
        """header: sent in clear, by itself"""
        self.sock = connect(port, header, **kwargs)
        self.port = self.sock.getsockname()[1]
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = (context or client_context()).wrap_bio(self._in, self._out)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def hello(self):
        """The ClientHello, which is not sent."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return self._out.read()

    def _flush(self):
        if self._out.pending:
            self.sock.sendall(self._out.read())

    def _receive(self):
        if data := self.sock.recv(65536):
            self._in.write(data)
        else:
            self._in.write_eof()

    def _run(self, function, *arguments):
        while True:
            try:
                return function(*arguments)
            except ssl.SSLWantReadError:
                self._flush()
                self._receive()
            finally:
                self._flush()

    def shake_hands(self):
        self._run(self.tls.do_handshake)
        return self

    def encrypt(self, data):
        """The data as it would be sent, a record for itself."""
        self.tls.write(data)
        return self._out.read()

    def send(self, *records):
        for data in records:
            self.sock.sendall(self.encrypt(data))
        return self

    def receive(self):
        """What the other end says: b"" where it ends TLS in good order. An error where it does not."""
        try:
            return self._run(self.tls.read, 65536)
        except ssl.SSLZeroReturnError:
            return b""

    def close(self):
        """Ends TLS, waits for the other end to do so as well, and closes the connection."""
        try:
            self._run(self.tls.unwrap)
        except (ssl.SSLError, OSError):
            pass
        self.sock.close()


def send_tls(port, *data, header=b"", context=None, **kwargs):
    """Sends the data in TLS, each a record, and ends the connection. Returns its port."""
    client = TLSClient(port, header, context, **kwargs)
    client.shake_hands().send(*data)
    client.close()
    return client.port
