# SPDX-License-Identifier: GPL-2.0-or-later
"""Mistakes in a configuration are errors that say where and what; what is right passes without a word."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from client import connect, send, v1
from daemon import free_port, log_tags

TRUSTED = 'trusted-proxies("10.0.0.0/8")'
# any file will do where nothing is loaded
KEY, CERTIFICATE = 'key-file("/dev/null")', 'cert-file("/dev/null")'
A_PORT = "number from 0 to 65535 or the name of a TCP service"

# each row: options, with ^ in front of what the error points at; what its first line says
BAD_NETWORKS = [
    ('trusted-proxies(^"10.0.0.0/33")', "10.0.0.0/33"),
    ('trusted-proxies(^"10.0.0.0/-1")', "10.0.0.0/-1"),
    ('trusted-proxies(^"10.0.0.0/")', "10.0.0.0/"),
    ('trusted-proxies(^"10.0.0.0/8/8")', "10.0.0.0/8/8"),
    ('trusted-proxies(^"10.0.0.0/8x")', "10.0.0.0/8x"),
    ('trusted-proxies(^"10.0.0.0/ 8")', "10.0.0.0/ 8"),
    ('trusted-proxies(^"10.0.0.0/+8")', "10.0.0.0/+8"),
    ('trusted-proxies(^"10.0.0.0/255.0.0.0")', "10.0.0.0/255.0.0.0"),
    ('trusted-proxies(^"10.0.0.1/8")', "10.0.0.1/8"),
    ('trusted-proxies(^"2001:db8::1/32")', "2001:db8::1/32"),
    ('trusted-proxies(^"::/129")', "::/129"),
    ('trusted-proxies(^"10.1")', "10.1"),
    ('trusted-proxies(^"10.0.0.256")', "10.0.0.256"),
    ('trusted-proxies(^" 10.0.0.1")', " 10.0.0.1"),
    ('trusted-proxies(^"10.0.0.1:514")', "10.0.0.1:514"),
    ('trusted-proxies(^"[::1]")', "[::1]"),
    ('trusted-proxies(^"lb.example.com")', "lb.example.com"),
    ('trusted-proxies(^"localhost")', "localhost"),
    ('trusted-proxies(^"")', "“”"),
    ('trusted-proxies(^"10.0.0.0/8" "banana" "::1")', "banana"),
    ('trusted-proxies(^"10.0.0.0/8" "10.0.0.0/33" "::1")', "10.0.0.0/33"),
    ("trusted-proxies(^)", "needs an address or a network"),
    (f"{TRUSTED} trusted-proxies(^)", "needs an address or a network"),
    ("trusted-proxies(^10)", "expecting"),
]
BAD_PREFIXES = ["a\\nb", "${", "}", " ", "a b", "a:-", "\u00e9", "$LB_", "LB*", "a\\tb"]
BAD_VALUES = [
    (f'{TRUSTED} untrusted-peers(^"maybe")', 'takes "reject" or "direct", not "maybe"'),
    (f'{TRUSTED} untrusted-peers(^"")', 'takes "reject" or "direct", not ""'),
    ('^untrusted-peers("direct")', "needs trusted-proxies()"),
    ('source-address(^"server")', 'takes "client" or "proxy", not "server"'),
    ('transport(^"sctp")', 'takes "tcp"'),
    ("ip-protocol(^5)", "takes 4 or 6"),
    ("ip-protocol(^four)", "expecting LL_NUMBER"),
    ("port(^99999)", A_PORT),
    ("port(^-1)", A_PORT),
    ('port(^"no-such-service")', A_PORT),
    ('port(^"")', A_PORT),
    ('localport(^"514 ")', A_PORT),
    ("header-timeout(^0)", "Must be positive"),
    ("header-timeout(^-1)", "Must be positive"),
    ("header-timeout(^2147483648)", "Must be smaller than 2^31"),
    ("header-timeout(^1.5)", "expecting LL_NUMBER"),
    ('header-timeout(^"five")', "expecting LL_NUMBER"),
    ("max-pending-headers(^0)", "Must be positive"),
    ("max-pending-headers(^-5)", "Must be positive"),
    ("max-pending-headers(^many)", "expecting LL_NUMBER"),
    ("max-connections(^0)", "Must be positive"),
    ("max-connections(^4294967296)", "Must be smaller than 2^31"),
    ("listen-backlog(^0)", "Must be positive"),
    ("so-rcvbuf(^-1)", "cannot be negative"),
    ("so-sndbuf(^4294967296)", "Must be smaller than 2^31"),
    ("ip-ttl(^-1)", "cannot be negative"),
    ("tcp-keepalive-time(^-1)", "cannot be negative"),
    ("dynamic-window-size(^-1)", "cannot be negative"),
    ("dynamic-window-stats-freq(^-1.5)", "cannot be negative"),
    ("keep-alive(^maybe)", "expecting KW_YES or KW_NO"),
    ("macro-prefix(^5)", "expecting LL_IDENTIFIER or LL_STRING"),
    *((f'macro-prefix(^"{prefix}")', "macro-prefix() takes letters, digits and . _ - @, not") for prefix in BAD_PREFIXES),
    ('^protocol-version("v1") max-header-size(5000)', "max-header-size() is for headers of version 2"),
    ('^max-header-size(107) protocol-version("v1")', 'protocol-version("any") or "v2", or leave max-header-size() out'),
    (f'macro-prefix(^"{"x" * 300}")', "no message can have a value named"),
    # 255 characters are a name's limit
    (f'macro-prefix(^"{"x" * 250}")', "no message can have a value named"),
    ("ip(^5)", "expecting LL_IDENTIFIER or LL_STRING"),
    ("interface(^5)", "expecting LL_IDENTIFIER or LL_STRING"),
    ('encoding(^"no-such-encoding")', 'unknown encoding "no-such-encoding"'),
    ('flags(^"no-such-flag")', 'Unknown flag "no-such-flag"'),
    ('^colour("red")', "syntax error, unexpected LL_IDENTIFIER"),
    ('framing(^"lines")', 'takes "newline", "octet-counted" or "auto", not "lines"'),
    (f"^tls({KEY} {CERTIFICATE})", 'tls() needs transport("tls")'),
    (f'^transport("tcp") tls({KEY} {CERTIFICATE})', 'tls() needs transport("tls")'),
    ('^transport("tls")', 'transport("tls") needs a certificate and its key: tls(key-file('),
    ('^transport("proxied-tls")', 'transport("proxied-tls") needs a certificate'),
    ("^transport(tls) tls()", "needs a certificate"),
    (f'^transport("tls") tls({KEY})', "needs a certificate"),
    (f'^transport("tls") tls({CERTIFICATE})', "needs a certificate"),
    (f'^transport("proxied-tls-passthrough") tls({CERTIFICATE} peer-verify(no))',
     'transport("proxied-tls-passthrough") needs a certificate'),
    ('transport(tls) tls(^"key")', "syntax error"),
    ('transport(tls) tls(peer-verify(^"maybe"))', 'peer-verify() takes yes, no, "required-trusted"'),
    ('transport(tls) tls(ssl-options(^"no-tls"))', 'ssl-options() takes "no-sslv2"'),
    ("transport(tls) tls(trusted-dn(^))", "trusted-dn() needs a distinguished name"),
    ("transport(tls) tls(trusted-keys(^))", "trusted-keys() needs a fingerprint"),
    ('transport(tls) tls(key-file(^"/no/such/file"))', 'File "/no/such/file" not found'),
    ("port^", "expecting '('"),
    ("port(^", "expecting LL_IDENTIFIER or LL_NUMBER"),
]


def check(daemon, options, **kwargs):
    return daemon.check(f"proxy-protocol(ip(127.0.0.1) {options});", **kwargs)


def shortened(options):
    return re.sub(r"(.)\1{9,}", r"\1...", options)


@pytest.mark.parametrize("marked, message", BAD_NETWORKS + BAD_VALUES,
                         ids=[shortened(row[0].replace("^", "")) for row in BAD_NETWORKS + BAD_VALUES])
def test_a_mistake_is_an_error_with_its_place(daemon, marked, message):
    options = marked.replace("^", "")
    result = check(daemon, options)
    assert result.returncode == 1, result.stderr
    error = re.search(r"^Error parsing .*", result.stderr, re.M)[0]
    assert message in error

    lines = daemon.config_file.read_text().splitlines()
    (number,) = [number for number, line in enumerate(lines) if "proxy-protocol(" in line]
    column = lines[number].index(options) + marked.index("^") + 1
    driver = lines[number].index("proxy-protocol") + 1
    # what takes all the options to see is an error of the driver
    assert re.search(rf"{re.escape(str(daemon.config_file))}:{number + 1}:({column}|{driver})-", error), error


def test_a_macro_prefix_that_is_too_long_says_what_the_limit_is(daemon):
    assert "longer than 255 characters" in check(daemon, f'macro-prefix("{"x" * 300}")').stderr


@pytest.mark.parametrize("options", [
    'trusted-proxies("10.0.0.0/8" "banana" "::1")',
    f'{TRUSTED} untrusted-peers("maybe")',
    'source-address("server")',
    'protocol-version("v3")',
    'transport("sctp")',
    f'macro-prefix("{"x" * 300}")',
    'ip("127.0.0.1") interface("lo") transport("tcp") port("no-such-service")',
    f'transport("tls") tls({KEY} ca-file("/dev/null") cipher-suite("HIGH") peer-verify("maybe"))',
    f'transport("tls") tls({KEY} {CERTIFICATE}) tls({CERTIFICATE})',
    f"tls({KEY} {CERTIFICATE})",
    'framing("lines")',
    'multi-line-mode("regexp")',
    'transport("tls") tls(ssl-version("tlsv9"))',
], ids=shortened)
def test_a_mistake_leaks_nothing(daemon, options):
    daemon.wrapper = ["valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite", "--num-callers=40"]
    daemon.environment["G_SLICE"] = "always-malloc"
    result = check(daemon, options)
    assert result.returncode == 1, result.stderr
    records = re.findall(r"^(==\d+== .* definitely lost .*\n(?:==\d+== .+\n)*)", result.stderr, re.M)
    leaks = [record for record in records if "proxy_protocol_parse" in record]
    assert not leaks, "\n".join(leaks)


EVERY_OWN_OPTION = (f'{TRUSTED} untrusted-peers("direct") header-timeout(5) max-pending-headers(1000)'
                    ' source-address("client") macro-prefix("LB_") transport("proxied-tcp")')


@pytest.mark.parametrize("options", [
    "",
    EVERY_OWN_OPTION,
    'transport("TCP")',
    *(f'transport("{name}") tls({KEY} {CERTIFICATE})' for name in ("tls", "TLS", "proxied-tls",
                                                                    "proxied-tls-passthrough")),
    f"transport(tls) tls({KEY} {CERTIFICATE})",
    'transport("tls") tls(pkcs12-file("/dev/null"))',
    f'transport("tls") tls({KEY} {CERTIFICATE} peer-verify("optional_trusted") ca-file("/dev/null") ca-dir("/dev")'
    ' crl-dir("/dev") dhparam-file("/dev/null") trusted-keys("SHA1:00") trusted-dn("*") cipher-suite("HIGH")'
    ' sigalgs("RSA+SHA256") client-sigalgs("RSA+SHA256") ecdh-curve-list("prime256v1") curve-list("prime256v1")'
    ' ssl-options("no-sslv3" "no_tlsv1") allow-compress(no))',
    f'transport("tls") tls({KEY} {CERTIFICATE} cipher-suite(tls12-and-older("HIGH") tls13("TLS_AES_256_GCM_SHA384")))',
    *(f'framing("{name}")' for name in ("newline", "octet-counted", "auto")),
    "framing(auto)",
    'trusted-proxies("10.0.0.1")',
    "trusted-proxies(10.0.0.1)",
    'trusted-proxies("2001:db8::1")',
    'trusted-proxies("0.0.0.0/0" "::/0")',
    'trusted-proxies("10.0.0.1/32" "2001:db8::1/128")',
    'trusted-proxies("10.0.0.0/8" "192.168.0.0/16" "2001:db8::/32" "10.0.0.0/8")',
    f'{TRUSTED} trusted-proxies("2001:db8::/32")',
    'untrusted-peers("reject")',
    f"{TRUSTED} untrusted-peers(reject)",
    f'untrusted-peers("direct") {TRUSTED}',
    "source-address(proxy)",
    'macro-prefix("PROXIED_")',
    'macro-prefix(".lb.")',
    'macro-prefix("")',
    'macro-prefix(".SDATA.lb@18372.4.x-y_Z9")',
    'protocol-version("v2") max-header-size(5000)',
    'protocol-version("any") max-header-size(16)',
    "max_pending_headers(1)",
    "port(0)",
    "port(65535)",
    "ip-protocol(4)",
    "header-timeout(2147483647)",
])
def test_what_is_right_passes_without_a_word(daemon, options):
    result = check(daemon, options)
    assert (result.returncode, result.stderr) == (0, "")


# ---------------------------------------------------------------------------
# Starting
# ---------------------------------------------------------------------------


@pytest.mark.parametrize("options, warnings", [
    ("", 1),
    ('untrusted-peers("reject")', 1),
    ('trusted-proxies("127.0.0.1")', 0),
    ('trusted-proxies("127.0.0.1") untrusted-peers("direct")', 0),
])
def test_a_warning_at_start_without_trusted_proxies(start, options, warnings):
    daemon = start(options)
    lines = [line for line in daemon.log().splitlines() if re.search("WARNING|refused", line)]
    assert len(lines) == warnings, lines
    for line in lines:
        assert "trusted-proxies()" in line
        tags = log_tags(line)
        assert tags["driver"] == "s_test#0"
        assert re.fullmatch(re.escape(str(daemon.config_file)) + r":\d+:\d+", tags["location"])


def test_two_sources_on_two_ports(daemon):
    ports = [free_port(), free_port()]
    daemon.start(f'proxy-protocol(ip(127.0.0.1) port({ports[0]}) macro-prefix("LB_"));'
                 f"proxy-protocol(ip(127.0.0.1) port({ports[1]}));")
    for count, port in enumerate(ports, start=1):
        send(port, v1("192.0.2.7"), b"hello\n")
        messages = daemon.wait_messages(count)
    assert messages[0]["LB_SRCIP"] == messages[1]["PROXY_SRCIP"] == "192.0.2.7"
    assert "PROXY_SRCIP" not in messages[0] and "LB_SRCIP" not in messages[1]
    assert daemon.counters("s_test#0")["accepted"] == daemon.counters("s_test#1")["accepted"] == 1


# options of a second source beside the one on the port, and what the error says
SECOND_SOURCES = [
    ("port({port})", "Error binding socket", "Address already in use"),
    ("port({port}) persist-name(other)", "Error binding socket", "Address already in use"),
    ("port({port}) so-reuseport(yes)", "Error binding socket", "Address already in use"),
]


@pytest.mark.parametrize("options, error, reason", SECOND_SOURCES)
def test_two_sources_on_one_address(daemon, port, options, error, reason):
    daemon.start(f"proxy-protocol(ip(127.0.0.1) port({port}));\n"
                 f"proxy-protocol(ip(127.0.0.1) {options.format(port=port)});", expect_failure=True)
    (line,) = daemon.log_lines(error)
    tags = log_tags(line)
    assert reason in tags["error"] and tags["addr"] == f"AF_INET(127.0.0.1:{port})"
    # the second one's
    assert re.fullmatch(re.escape(str(daemon.config_file)) + r":5:1", tags["location"])


def test_two_sources_with_one_persist_name(daemon):
    daemon.start(" ".join(f"proxy-protocol(ip(127.0.0.1) port({free_port()}) persist-name(lb));" for _ in range(2)),
                 expect_failure=True)
    assert daemon.log_lines("persist_name='proxy_protocol_sd.lb'")


# options that only the kernel and the modules that are there can judge, and what the error names
BAD_AT_START = [
    ("ip(203.0.113.77)", "Error binding socket", dict(addr="AF_INET(203.0.113.77:{port})")),
    ('ip("::1")', "ip() is not an address of this ip-protocol()", dict(ip="::1", ip_protocol="4")),
    ("ip(127.0.0.1) interface(no-such-if)", "Error setting socket option",
     dict(option="interface", value="no-such-if")),
    ("ip(127.0.0.1) ip-ttl(256)", "Error setting socket option", dict(option="ip_ttl", value="256")),
    ("ip(127.0.0.1) tcp-keepalive-probes(1000)", "Error setting socket option",
     dict(option="tcp_keepalive_probes", value="1000")),
    ("ip(127.0.0.1) format(no-such-format)", "Unknown format()", dict(format="no-such-format")),
]


@pytest.mark.parametrize("options, error, names", BAD_AT_START)
def test_what_syslog_ng_s_cannot_tell_is_an_error_at_start(daemon, port, options, error, names):
    daemon.start(f"proxy-protocol(port({port}) {options});", expect_failure=True)
    (line,) = daemon.log_lines(error)
    tags = log_tags(line)
    assert {name: tags.get(name) for name in names} == {name: value.format(port=port) for name, value in names.items()}
    assert tags["location"].startswith(f"{daemon.config_file}:")
    # as every line about a driver
    assert tags["driver"] == "s_test#0"


def open_sockets(daemon):
    links = Path(f"/proc/{daemon.process.pid}/fd").iterdir()
    return sum(os.readlink(link).startswith("socket:") for link in links)


def test_reloads_with_mistakes_leave_everything_as_it_was(start, port):
    daemon = start()
    with connect(port, v1() + b"one\n") as client:
        daemon.wait_messages(1)
        sockets = open_sockets(daemon)
        for _ in range(3):
            daemon.configure(f'proxy-protocol(port({port}) trusted-proxies("banana"));')
            with pytest.raises(subprocess.CalledProcessError):
                daemon.ctl("reload")
            daemon.reload(f"proxy-protocol(port({port}) ip(203.0.113.77));", expect_failure=True)
        client.sendall(b"two\n")
        daemon.wait_messages(2)
        assert open_sockets(daemon) == sockets
    send(port, v1(), b"three\n")
    daemon.wait_messages(3)


# ---------------------------------------------------------------------------
# The module
# ---------------------------------------------------------------------------

# what the configuration of the tests needs beside it
MODULES = "".join(f"@module {name}\n" for name in ("affile", "json-plugin", "basicfuncs", "syslogformat"))


@pytest.mark.parametrize("arguments, declarations", [
    ([], ""),
    ([], "@module proxy-protocol"),
    (["--no-module-discovery"], MODULES + "@module proxy-protocol"),
], ids=["autoload", "both", "@module"])
def test_the_module_is_found(daemon, port, arguments, declarations):
    daemon.start(f"proxy-protocol(port({port}));", arguments=arguments, declarations=declarations)
    send(port, v1(), b"hello\n")
    daemon.wait_messages(1)


def test_the_module_is_not_there_without_autoload_and_module(daemon, port):
    daemon.start(f"proxy-protocol(port({port}));", arguments=["--no-module-discovery"], declarations=MODULES,
                 expect_failure=True)
    assert "proxy-protocol" in daemon.log()


def test_the_module_registry_describes_the_module(daemon):
    registry = subprocess.run(daemon._command("--module-registry"), capture_output=True, text=True, check=True).stdout
    (entry,) = re.findall(r"^Module: proxy-protocol\n(.*?)^Plugins:\n(.*?)^$", registry, re.M | re.S)
    assert "Status: ok" in entry[0]
    assert re.search(r"^Description:\n +.*PROXY protocol.*", entry[0], re.M)
    assert entry[1].split() == ["source", "proxy-protocol"]
