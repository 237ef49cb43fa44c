# SPDX-License-Identifier: GPL-2.0-or-later
"""framing(): how the messages of a connection are told apart."""

import pytest
from client import connect, is_closed_by_peer, line, send, v1, wait_until_read
from daemon import log_tags, macros
from proxy_v2 import INET, checksummed
from tls import CLIENT_NAME, TLSClient, client_context, tls_option

RFC5424 = '<165>1 2026-11-20T10:00:00Z host prog 12 ID7 [a@1 b="c"] '
TRANSPORTS = ["tcp", "tls", "proxied-tls"]


def counted(*messages):
    """Each message with its length in front (RFC 6587, 3.4.1)."""
    return b"".join(b"%d %s" % (len(message), message) for message in messages)


@pytest.fixture
def start_framing(start, certificates):
    """start_framing(framing, transport, "options") starts the daemon. Without options a message is what it is."""

    def _start(framing, transport="tcp", options="flags(no-parse)", **kwargs):
        tls = "" if transport == "tcp" else tls_option(certificates.server)
        return start(f'framing("{framing}") transport("{transport}") {tls} {options}', **kwargs)

    return _start


class Sender:
    """A client of any transport, behind its header."""

    def __init__(self, transport, port):
        self.tls = None
        if transport == "tcp":
            self.sock = connect(port, v1())
        else:
            self.tls = TLSClient(port, v1() if transport == "tls" else b"").shake_hands()
            self.sock = self.tls.sock
            if transport == "proxied-tls":
                self.tls.send(v1())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        if self.tls:
            self.tls.send(data)
        else:
            self.sock.sendall(data)


def texts(messages):
    return [m["MESSAGE"] for m in messages]


LINE = line("one").rstrip(b"\n").decode()
STREAMS = [  # framings that take it, bytes, messages
    (["newline", "auto"], line("one") + b"two\n", [LINE, "two"]),
    (["newline", "auto"], b"hello\n", ["hello"]),
    (["octet-counted", "auto"], counted(LINE.encode(), b"two"), [LINE, "two"]),
    (["octet-counted", "auto"], counted(b"one\n", b"two\nthree\n"), ["one", "two\nthree"]),
    # a number with a 0 in front, and a number that no space follows, are no lengths
    (["newline", "auto"], b"08 monkeys\n", ["08 monkeys"]),
    (["newline", "auto"], b"0\n", ["0"]),
    (["newline", "auto"], b"12monkeys\n", ["12monkeys"]),
    (["newline", "auto"], b"12\tmonkeys\n", ["12\tmonkeys"]),
    (["newline", "auto"], b"12\n", ["12"]),
    (["newline", "auto"], b"9" * 100 + b"\n", ["9" * 100]),
    (["newline"], b"12 monkeys\n", ["12 monkeys"]),
]
CASES = [(framing, data, expected) for framings, data, expected in STREAMS for framing in framings]
CASE_IDS = [f"{framing}-{number}" for number, (framing, _, _) in enumerate(CASES)]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("framing, data, expected", CASES, ids=CASE_IDS)
def test_messages(start_framing, port, transport, framing, data, expected):
    daemon = start_framing(framing, transport)
    with Sender(transport, port) as sender:
        sender.send(data)
        messages = daemon.wait_messages(len(expected))
    assert texts(messages) == expected
    assert {m["PROXY_SRCIP"] for m in messages} == {"192.0.2.1"}


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("framing, data, expected", CASES, ids=CASE_IDS)
def test_messages_byte_by_byte(start_framing, port, transport, framing, data, expected):
    """In TLS, each byte is a record for itself."""
    daemon = start_framing(framing, transport)
    with Sender(transport, port) as sender:
        for byte in data:
            sender.send(bytes([byte]))
            wait_until_read(sender.sock)
        messages = daemon.wait_messages(len(expected))
    assert texts(messages) == expected


@pytest.mark.parametrize("framing, data, expected", CASES, ids=CASE_IDS)
def test_header_and_messages_in_one_segment(start_framing, port, framing, data, expected):
    daemon = start_framing(framing)
    with connect(port, checksummed(b"", family=INET) + data):
        assert len(daemon.wait_messages(len(expected))) == len(expected)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("framing", ["octet-counted", "auto"])
def test_rfc5424_messages_with_newlines_arrive_whole(start_framing, port, framing, transport):
    daemon = start_framing(framing, transport, "flags(syslog-protocol,no-multi-line)")
    text = "first line\nsecond line\n\nfourth line"
    with Sender(transport, port) as sender:
        sender.send(counted(*[(RFC5424 + text).encode()] * 3))
        messages = daemon.wait_messages(3)
    for message in messages:
        assert (message["MSGID"], message["SDATA"], message["PID"]) == ("ID7", '[a@1 b="c"]', "12")


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("framing", ["octet-counted", "auto"])
def test_newlines_are_kept(start_framing, port, framing, transport):
    daemon = start_framing(framing, transport, "flags(syslog-protocol)")
    text = "first line\nsecond line\n\nfourth line"
    with Sender(transport, port) as sender:
        sender.send(counted((RFC5424 + text).encode()))
        assert texts(daemon.wait_messages(1)) == [text]


# ---------------------------------------------------------------------------
# auto
# ---------------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("beginning", [b"", b"3"])
def test_who_says_nothing_yet_is_admitted(start_framing, port, transport, beginning):
    """The choice has no deadline, costs no time, and is not lost in a reload."""
    daemon = start_framing("auto", transport, "header-timeout(1) flags(no-parse)")
    with Sender(transport, port) as sender:
        daemon.wait_counter("connections", 1)
        if beginning:
            sender.send(beginning)
            wait_until_read(sender.sock)
        before = daemon.cpu_seconds()
        assert not is_closed_by_peer(sender.sock, timeout=1.5)
        assert daemon.cpu_seconds() - before < 0.2
        daemon.reload()
        sender.sock.settimeout(10)
        sender.send(counted(b"x" * 30 + b"\nend")[len(beginning):])
        assert texts(daemon.wait_messages(1)) == ["x" * 30 + "\nend"]
    assert daemon.counters()["refused_timeout"] == 0


def test_each_connection_has_its_own(start_framing, port):
    daemon = start_framing("auto")
    with connect(port, v1()) as first, connect(port, v1()) as second:
        for _ in range(3):
            first.sendall(counted(b"one\nmessage"))
            second.sendall(b"two\nmessages\n")
        messages = daemon.wait_messages(3 * 3)
    assert sorted(texts(messages)) == ["messages"] * 3 + ["one\nmessage"] * 3 + ["two"] * 3


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_end_of_the_stream_ends_the_choice(start_framing, port, transport):
    """What there is is a message, as with newline."""
    daemon = start_framing("auto", transport)
    with Sender(transport, port) as sender:
        sender.send(b"123")
        if sender.tls:
            sender.tls.close()
        else:
            sender.sock.close()
        assert texts(daemon.wait_messages(1)) == ["123"]
    daemon.wait_counter("connections", 0)


def test_a_client_that_is_gone_before_the_choice(start_framing, port):
    daemon = start_framing("auto")
    send(port, v1())
    daemon.wait_log("Syslog connection closed")
    assert daemon.counters()["connections"] == 0
    assert daemon.messages() == []


def test_small_messages_only(start_framing, port):
    """The buffer of the messages is smaller than what the choice is made by."""
    daemon = start_framing("auto", options="flags(no-parse) log-msg-size(16)")
    send(port, v1() + b"".join(b"%d\n" % i for i in range(10000, 10050)))
    assert texts(daemon.wait_messages(50)) == list(map(str, range(10000, 10050)))


def test_the_choice_knows_who_the_client_is(start, port, certificates):
    """What TLS says of the client is there from the first message on."""
    daemon = start(f'framing("auto") transport("tls") '
                   f'{tls_option(certificates.server, f"""ca-file("{certificates.ca}")""")}')
    with TLSClient(port, v1(), client_context(certificates.client)).shake_hands() as tls:
        tls.send(counted(b"one"))
        (message,) = daemon.wait_messages(1)
    assert message["X509_CN"] == CLIENT_NAME
    assert macros(message)["SRCIP"] == "192.0.2.1"


# ---------------------------------------------------------------------------
# What is no frame
# ---------------------------------------------------------------------------

TOO_LONG = "Incoming frame larger than log_msg_size()"
NO_NUMBER = "Invalid frame header"
NO_CHARACTERS = "bytes that are no characters of its encoding()"
BAD_FRAMES = [  # bytes behind a message, what the log says
    (b"1025 " + b"x" * 1025, TOO_LONG),
    (b"2147483647 hello", TOO_LONG),
    (b"9999999999 hello", NO_NUMBER),
    (b"99999999999 hello", NO_NUMBER),
    (b"4294967301 hello" + counted(b"two"), NO_NUMBER),
    (b" hello", NO_NUMBER),
    (b"0 " + counted(b"two"), NO_NUMBER),
    (b"05 hello", NO_NUMBER),
    (b"banana", NO_NUMBER),
    (b"-5 hello", NO_NUMBER),
    (b"5x hello", NO_NUMBER),
    (b"5\nhello", NO_NUMBER),
    (b"\n" + counted(b"two"), NO_NUMBER),
]


@pytest.mark.parametrize("framing", ["octet-counted", "auto"])
@pytest.mark.parametrize("data, error", BAD_FRAMES)
def test_what_is_no_frame_ends_the_connection(start_framing, port, framing, data, error):
    daemon = start_framing(framing, options="flags(no-parse) log-msg-size(1024)")
    with connect(port, v1() + counted(b"one") + data) as client:
        (logged,) = daemon.wait_log(error)
        assert is_closed_by_peer(client)
    # libsyslog-ng's own lines do not say which driver it was
    assert log_tags(logged)["driver"] == "s_test#0" if "that a message can have" in logged else "driver" not in logged
    daemon.wait_log("Syslog connection closed")
    daemon.wait_counter("connections", 0)
    # nothing is read out of step
    assert texts(daemon.wait_messages(1)) == ["one"]


def test_too_long_a_frame_may_be_trimmed(start_framing, port):
    daemon = start_framing("octet-counted", options="flags(no-parse) log-msg-size(1024) trim-large-messages(yes)")
    with connect(port, v1() + counted(b"x" * 2000, b"two")):
        assert texts(daemon.wait_messages(2)) == ["x" * 1024, "two"]


def test_the_longest_frame(start_framing, port):
    daemon = start_framing("octet-counted", options="flags(no-parse) log-msg-size(1024)")
    with connect(port, v1() + counted(b"x" * 1024, b"two")):
        assert texts(daemon.wait_messages(2)) == ["x" * 1024, "two"]


# ---------------------------------------------------------------------------
# Reloads
# ---------------------------------------------------------------------------

SIZES = [(1024, 8192), (8192, 1024)]


def as_framing(framing, text):
    return text + b"\n" if framing == "newline" else counted(text)


@pytest.mark.parametrize("reading", [b"one", b""], ids=["before", "not-before"])
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("before, after", SIZES, ids=["raised", "lowered"])
@pytest.mark.parametrize("framing, kind", [("newline", "newline"), ("octet-counted", "octet-counted"),
                                           ("auto", "newline"), ("auto", "octet-counted")])
def test_a_connection_keeps_its_log_msg_size(start_framing, port, framing, kind, before, after, transport, reading):
    """Its buffer has that size. reading: what it has sent before the reload."""
    daemon = start_framing(framing, transport, f"flags(no-parse) log-msg-size({before})")
    with Sender(transport, port) as old:
        daemon.wait_counter("connections", 1)
        if reading:
            old.send(as_framing(kind, reading))
            daemon.wait_messages(1)
        config = daemon.config_file.read_text()
        daemon.config_file.write_text(config.replace(f"log-msg-size({before})", f"log-msg-size({after})"))
        daemon.reload()
        longest = [b"x" * before, b"y" * before, b"end"]
        for message in longest:
            old.send(as_framing(kind, message))
        expected = ([reading] if reading else []) + longest
        assert texts(daemon.wait_messages(len(expected))) == [message.decode() for message in expected]
        if kind == "octet-counted":
            old.send(as_framing(kind, b"z" * (before + 1)))
            daemon.wait_log(TOO_LONG)
            daemon.wait_log("Syslog connection closed")
        else:
            old.send(as_framing(kind, b"z" * 3 * before))
            messages = texts(daemon.wait_messages(len(expected) + 3))
            assert messages[-3:] == ["z" * before] * 3
        before_cpu = daemon.cpu_seconds()
    with Sender(transport, port) as new:
        new.send(as_framing(kind, b"n" * after))
        daemon.wait_messages_of(lambda m: m["MESSAGE"] == "n" * after, 1)
    daemon.wait_counter("connections", 0)
    assert daemon.cpu_seconds() - before_cpu < 1


# ---------------------------------------------------------------------------
# encoding()
# ---------------------------------------------------------------------------

ENCODED = [  # encoding, message
    ("iso-8859-1", "\xe1" * 600),
    ("iso-8859-2", "\u0151r\u00falt"),
    ("utf-16le", "\u0151r\u00falt\nk\u00edgy\u00f3"),
    ("utf-8", "\u20ac"),
    # a letter at the end waits for an accent
    ("cp1255", "ab\u05d0"),
]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("framing", ["octet-counted", "auto"])
@pytest.mark.parametrize("encoding, text", ENCODED, ids=[encoding for encoding, _ in ENCODED])
def test_frames_in_an_encoding(start_framing, port, framing, transport, encoding, text):
    daemon = start_framing(framing, transport, f'flags(no-parse) encoding("{encoding}")')
    with Sender(transport, port) as sender:
        sender.send(counted(text.encode(encoding), "end".encode(encoding)))
        assert texts(daemon.wait_messages(2)) == [text, "end"]
        # which a connection keeps, as a line does
        config = daemon.config_file.read_text()
        daemon.config_file.write_text(config.replace(f'encoding("{encoding}")', ""))
        daemon.reload()
        sender.send(counted(text.encode(encoding)))
        assert texts(daemon.wait_messages(3))[2] == text


@pytest.mark.parametrize("framing", ["octet-counted", "auto"])
def test_frames_with_bytes_that_are_no_characters(start_framing, port, framing):
    """One line for each message, and those behind it are none the worse."""
    daemon = start_framing(framing, options='flags(no-parse) encoding("utf-8")')
    with connect(port, v1() + counted(b"a" + b"\xff" * 500 + b"b", b"c" + "\u20ac".encode()[:2], b"d")):
        assert texts(daemon.wait_messages(3)) == ["ab", "c", "d"]
    logged = list(map(log_tags, daemon.wait_log(NO_CHARACTERS, 2)))
    assert [(tags["encoding"], tags["bytes"], tags["driver"]) for tags in logged] == [
        ("utf-8", "500", "s_test#0"), ("utf-8", "2", "s_test#0")]
    assert all("location" in tags for tags in logged)
