# SPDX-License-Identifier: GPL-2.0-or-later
"""Version 2 headers, right and wrong ones: the specification's section 2.2."""

import socket
import struct

from client import send
from daemon import SyslogNg, free_port

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"

# commands
LOCAL, PROXY = range(2)

# address families and transport protocols
UNSPEC, INET, INET6, UNIX = range(4)
STREAM, DGRAM = 1, 2

# types of TLVs
ALPN, AUTHORITY, CRC32C, NOOP, UNIQUE_ID = range(0x01, 0x06)
SSL, NETNS = 0x20, 0x30
GCP_PSC, AWS, AZURE = 0xE0, 0xEA, 0xEE

# types of those inside an SSL TLV
SSL_VERSION, SSL_CN, SSL_CIPHER, SSL_SIG_ALG, SSL_KEY_ALG = range(0x21, 0x26)
SSL_GROUP, SSL_SIG_SCHEME, SSL_CLIENT_CERT = range(0x26, 0x29)

# bits of <client> in an SSL TLV
CLIENT_SSL, CLIENT_CERT_CONN, CLIENT_CERT_SESS = 1, 2, 4


def header(block=b"", command=PROXY, family=UNSPEC, protocol=UNSPEC, version=2, length=None):
    """A header with anything in it; length: what the length field says, where that is not true."""
    length = len(block) if length is None else length
    return SIGNATURE + bytes([version << 4 | command, family << 4 | protocol]) + struct.pack("!H", length) + block


def inet_block(family, source, destination, source_port=56324, destination_port=6514):
    ends = (source, destination)
    return b"".join(socket.inet_pton(family, end) for end in ends) + struct.pack("!HH", source_port, destination_port)


def unix_block(source, destination):
    return source.ljust(108, b"\0") + destination.ljust(108, b"\0")


INET_BLOCK = inet_block(socket.AF_INET, "192.0.2.1", "198.51.100.1")
INET6_BLOCK = inet_block(socket.AF_INET6, "2001:db8::1", "2001:db8::2")
UNIX_BLOCK = unix_block(b"/run/client.sock", b"/run/log.sock")
BLOCKS = {UNSPEC: b"", INET: INET_BLOCK, INET6: INET6_BLOCK, UNIX: UNIX_BLOCK}


def v2(tlvs=b"", family=INET, protocol=STREAM, command=PROXY):
    """A header with the addresses of BLOCKS."""
    return header(BLOCKS[family] + tlvs, command, family, protocol)


def local(tlvs=b""):
    return header(tlvs, LOCAL)


def tlv(type_, value=b"", length=None):
    """A TLV; length: what it says, where that is not true."""
    return struct.pack("!BH", type_, len(value) if length is None else length) + value


def ssl_tlv(*tlvs, client=CLIENT_SSL, verify=0):
    return tlv(SSL, struct.pack("!BI", client, verify) + b"".join(tlvs))


def padding(length):
    """A TLV of so many bytes that says nothing."""
    return tlv(NOOP, bytes(length - 3))


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def checksummed(before=b"", behind=b"", **kwargs):
    """A v2() with a right CRC32c among its TLVs."""
    whole = v2(before + tlv(CRC32C, bytes(4)) + behind, **kwargs)
    end = len(whole) - len(behind)
    return whole[:end - 4] + struct.pack("!I", crc32c(whole)) + whole[end:]


class SharedDaemon:
    """A running daemon, for tests that leave nothing behind but their messages."""

    # where the connections come from
    PEER = "127.0.0.9"

    def __init__(self, directory):
        self.port = free_port()
        self.daemon = SyslogNg(directory)

    def __enter__(self):
        self.daemon.start(f"proxy-protocol(ip(127.0.0.1) port({self.port}) max-header-size(65551));")
        return self

    def __exit__(self, *_):
        self.daemon.stop()

    def deliver(self, sent):
        """Sends a header and a message, and returns what comes of it: that message, and the port it came from."""
        before = len(self.daemon.messages())
        peer_port = send(self.port, sent, source=self.PEER)
        return self.daemon.wait_messages(before + 1)[-1], peer_port
