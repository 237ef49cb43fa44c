# SPDX-License-Identifier: GPL-2.0-or-later
"""haproxy-parser() inside syslog-ng: its options, and what a log path can do with it."""

import json

import pytest
from client import send, v1
from daemon import free_port

DATE = "06/Feb/2009:12:12:51.443"
TCP = f"10.0.1.2:33313 [{DATE}] fnt bck/srv1 0/0/5007 212 CD 0/0/0/0/3 0/0"
HTTP = (f"10.0.1.2:33317 [{DATE}] http-in~ static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0"
        ' {1wt.eu|x|y} {z} "GET /a#22b HTTP/1.1"')
TCP_VALUES = dict(
    client_ip="10.0.1.2", client_port="33313", accept_date=DATE, frontend_name="fnt", backend_name="bck", server_name="srv1",
    Tw="0", Tc="0", Tt="5007", bytes_read="212", termination_state="CD", actconn="0", feconn="0", beconn="0", srv_conn="0",
    retries="3", srv_queue="0", backend_queue="0", frontend_ssl="false", process_name="haproxy", pid="14387", format="tcp")
HTTP_VALUES = dict(
    client_ip="10.0.1.2", client_port="33317", request_date=DATE, frontend_name="http-in", backend_name="static",
    server_name="srv1", TR="10", Tw="0", Tc="30", Tr="69", Ta="109", status_code="200", bytes_read="2750",
    captured_request_cookie="-", captured_response_cookie="-", termination_state="----", actconn="1", feconn="1", beconn="1",
    srv_conn="1", retries="0", srv_queue="0", backend_queue="0", captured_request_headers="1wt.eu|x|y",
    request_header={"1": "1wt.eu", "2": "x", "3": "y"}, captured_response_headers="z", response_header={"1": "z"},
    http_request="GET /a#22b HTTP/1.1", http_method="GET", http_uri="/a#22b", http_path="/a#22b", http_version="HTTP/1.1",
    frontend_ssl="true", process_name="haproxy", pid="14387", format="http")

HEADERS = ["haproxy[14387]: ", "<134>Feb  6 12:12:56 localhost haproxy[14387]: ",
           "<134>1 2009-02-06T12:12:56+00:00 localhost haproxy 14387 - - "]


@pytest.fixture
def parse(daemon, port):
    """parse("what stands in the log path", line...): the messages that come out of it."""

    def _parse(path, *lines, flags="no-parse", **kwargs):
        daemon.start(f"network(ip(127.0.0.1) port({port}) flags({flags}));", filters=path, **kwargs)
        send(port, *(line.encode() + b"\n" for line in lines))
        return daemon.wait_messages(len(lines))

    return _parse


def parser(options=""):
    return f"parser {{ haproxy-parser({options}); }};"


def values(message):
    return message.get("_haproxy", {})


@pytest.mark.parametrize("flags, header", [("no-parse", header) for header in HEADERS] + [
    ("no-multi-line", HEADERS[1]), ("syslog-protocol", HEADERS[2])])
def test_all_values_of_the_example_of_the_manual(parse, flags, header):
    (message,) = parse(parser(), header + TCP, flags=flags)
    assert values(message) == TCP_VALUES


OPTIONS = [  # options, line, values among others
    ("", HTTP, dict(format="http", frontend_name="http-in", frontend_ssl="true", captured_request_headers="1wt.eu|x|y",
                    http_request="GET /a#22b HTTP/1.1", http_method="GET", http_path="/a#22b", http_version="HTTP/1.1",
                    request_header={"1": "1wt.eu", "2": "x", "3": "y"}, response_header={"1": "z"})),
    ('request-headers("host" "agent") response-headers("server")', HTTP,
     dict(request_header={"host": "1wt.eu", "agent": "x", "1": "y"}, response_header={"server": "z"})),
    ("unescape(yes)", HTTP, dict(http_request='GET /a"b HTTP/1.1', http_path='/a"b')),
    ("unescape(no)", HTTP, dict(http_path="/a#22b")),
    ("explain(yes)", TCP, dict(termination_cause="aborted by the client", termination_phase="transferring data")),
    ("log-format('%ci:%cp [%t] %f')", f"10.0.1.2:33313 [{DATE}] fnt", dict(format="custom", frontend_name="fnt")),
    ("log-format('%ci') log-format('%cp')", "33313", dict(format="custom", client_port="33313")),
    ("log-format('%ci' 'A %cp' 'B %cp') log-format('C %cp')", "B 3", dict(format="custom", client_port="3")),
    ("log-format('%ci' 'A %cp' 'B %cp') log-format('C %cp')", "C 3", dict(format="custom", client_port="3")),
    ("log-format('%ci')", TCP, dict(format="tcp")),
    ("log-format('%(client_ip)[src]|%r')", "1.2.3.4|GET / HTTP/1.0", dict(client_ip="1.2.3.4", http_method="GET")),
    ("formats('http' 'tcp')", TCP, dict(format="tcp")),
    ("", HTTP[:-10], dict(format="http", truncated="true", http_method="GET")),
    ("", f"unix:1 [{DATE}] fe/1: SSL handshake failure", dict(format="error", error_message="SSL handshake failure")),
    ("", "Connect from 10.0.0.1:1 to 10.0.0.2:2 (fe/HTTP)", dict(format="connect", mode="HTTP", source_port="1")),
    # what looks like a header is one
    ("log-format('%HM %HU %ST')", HEADERS[1] + "GET /x 200", dict(http_method="GET", process_name="haproxy", pid="14387")),
    ("log-format('%HM %[x] %ST')", "GET any text evil[9]: 200", dict(http_method="GET", x="any text evil[9]:", pid=None)),
    # names say how many headers there are
    ("log-format('%ci %hrl %cp') request-headers('a' 'b')", "1.2.3.4 x - 5", dict(client_port="5", request_header={"a": "x"})),
    ("log-format('%{+Q}hrl %{+Q}hsl') request-headers('a' 'b') response-headers('c')", '"x" "" "y"',
     dict(request_header={"a": "x"}, response_header={"c": "y"})),
    # HAProxy does not encode cookies
    ("log-format('%CC %HP') unescape(yes)", "a=#41#0A /#41#4a", dict(captured_request_cookie="a=#41#0A", http_path="/A#4a")),
    # the backslashes of +E
    (r"log-format('%{+Q,+E}[x] %{+Q,+E}r') unescape(yes)", r'"a\"b\\c\]\d" "GET /\"#22\]"',
     dict(x=r'a"b\c]\d', http_uri='/""]')),
    (r"log-format('%{+Q,+E}[x] %ci')", r'"a\"b\\" ::1', dict(x=r'a\"b\\')),
    ("log-format('%ci:%cp %{+Q}r')", '::1:5 "GET /a', dict(client_port="5", http_path="/a", truncated="true")),
    ("log-format('%(state)ts') explain(yes)", "CD", dict(termination_cause="aborted by the client", state="CD")),
    ("", "backend b has no server available!", dict(format="event", event="backend_without_server", backend_name="b")),
]


@pytest.mark.parametrize("options, line, expected", OPTIONS)
def test_options(parse, options, line, expected):
    (message,) = parse(parser(options), line)
    assert {name: values(message).get(name) for name in expected} == expected


@pytest.mark.parametrize("prefix", ["LB_", "LB_a.b."])
def test_prefix(parse, prefix):
    (message,) = parse(parser(f'prefix("{prefix}")'), TCP)
    assert json.dumps(message).count("33313") == 2 and not values(message)


def test_an_empty_prefix(parse):
    (message,) = parse(parser('prefix("")') + ' rewrite { set("$client_ip $format" value("MESSAGE")); };', TCP)
    assert message["MESSAGE"] == "10.0.1.2 tcp"


REFUSED = [("", "hello"), ("", ""), ('formats("http")', TCP), ('formats("event")', HTTP), ("", f"10.0.1.2:33313 [{DATE}] f")]


@pytest.mark.parametrize("options, line", REFUSED)
def test_a_line_that_no_format_fits_fails_and_stays_as_it_is(parse, options, line):
    path = f'if {{ {parser(options)} }} else {{ rewrite {{ set("else" value("PROGRAM")); }}; }};'
    (message,) = parse(path, line or " ")
    assert (message["PROGRAM"], message["MESSAGE"], values(message)) == ("else", line or " ", {})


def test_junctions_and_paths_share_a_message(parse):
    path = (f'junction {{ channel {{ {parser()} rewrite {{ set("first" value("PROGRAM")); }}; flags(final); }};'
            ' channel { rewrite { set("second" value("PROGRAM")); }; flags(final); }; };')
    first, second = parse(path, TCP, "hello")
    assert (first["PROGRAM"], values(first)["Tt"], second["PROGRAM"], values(second)) == ("first", "5007", "second", {})


def test_one_path_does_not_see_what_another_one_has_parsed(daemon, port):
    daemon.start(f"network(ip(127.0.0.1) port({port}) flags(no-parse));",
                 declarations=f"log {{ source(s_test); {parser()} rewrite {{ set(\"parsed\" value(\"PROGRAM\")); }}; destination(d_test); }};")
    send(port, *[TCP.encode() + b"\n"] * 50)
    messages = daemon.wait_messages(100)
    assert [bool(values(m)) for m in messages] == [m["PROGRAM"] == "parsed" for m in messages]
    assert sum(map(bool, map(values, messages))) == 50


def test_values_outlive_the_message_they_are_parts_of(parse):
    path = parser() + ' rewrite { set("gone" value("MESSAGE")); };'
    (message,) = parse(path, HEADERS[0] + TCP)
    assert (message["MESSAGE"], values(message)) == ("gone", TCP_VALUES)


def test_parsing_twice_is_parsing_once(parse):
    (message,) = parse(parser() + parser(), HEADERS[0] + TCP)
    assert values(message) == TCP_VALUES


def test_another_line_replaces_the_values(parse):
    path = f"{parser()} rewrite {{ set('{TCP.replace('5007', '9')}' value('MESSAGE')); }}; {parser()}"
    (message,) = parse(path, HEADERS[0] + TCP)
    assert values(message) == {**TCP_VALUES, "Tt": "9"}


@pytest.mark.parametrize("name, remains", [("accept_date", True), ("A", True), ("client_ip", False)])
def test_values_that_are_there_already(parse, name, remains):
    """Their names were made before those of the line's values, between them, or behind them; or are one of them."""
    first = 'rewrite { set("2" value(".haproxy.first")); };'
    rewrite = f'rewrite {{ set("0" value(".haproxy.{name}")); set("1" value(".haproxy.Z")); }};'
    expected = {**HTTP_VALUES, **({name: "0"} if remains else {}), "Z": "1", "first": "2"}
    plain = {key: value for key, value in expected.items() if isinstance(value, str)}
    look_up = "rewrite { set('%s' value('.haproxy.found')); };" % "|".join(f"${{.haproxy.{key}}}" for key in plain)
    path = f"{first} if {{ {parser('template(x)')} }} else {{ {rewrite} {parser()} {look_up} }};"
    (message,) = parse(path, HEADERS[0] + HTTP)
    assert values(message) == {**expected, "found": "|".join(plain.values())}


def test_template(parse):
    (message,) = parse(parser('template("${PROGRAM}: x")') .replace("${PROGRAM}: x", "$(substr ${MESSAGE} 3)"), "abc" + TCP)
    assert values(message)["client_port"] == "33313"


def test_a_message_with_structured_data_and_macros_of_the_proxy_protocol(daemon, port):
    daemon.start(f"proxy-protocol(ip(127.0.0.1) port({port}) flags(syslog-protocol));", filters=parser())
    send(port, v1("192.0.2.1"), b'<134>1 2009-02-06T12:12:56Z h haproxy 14387 - [a@1 b="c"] ' + TCP.encode() + b"\n")
    (message,) = daemon.wait_messages(1)
    assert (message["SDATA"], message["PROXY_SRCIP"], values(message)) == ('[a@1 b="c"]', "192.0.2.1", TCP_VALUES)


def test_long_lines(parse):
    long = "x" * 100000
    (message,) = parse(parser(), HTTP.replace("/a#22b", "/" + long), flags="no-parse", options="log-msg-size(200000);")
    assert values(message)["http_path"] == "/" + long


MISTAKES = [  # options, what the error says
    ("log-format('%ci%cp')", ["nothing stands between", "    %ci%cp\n", "\n       ^"]),
    ("log-format('%ci %zz')", ['no alias "%zz"', "    %ci %zz\n         ^"]),
    ("log-format('%{+json}o %ci')", ["use json-parser()", "\n      ^\n"]),
    ("log-format('%ci %hrl %cp')", ["a list of captured headers", "\n        ^\n"]),
    # of a long string the part around the place
    (f"log-format('{'x' * 100}%ci%cp-{'y' * 100}')", ["\n    " + "x" * 27 + "%ci%cp-yyyyyy\n" + " " * 34 + "^\n"]),
    ("log-format('ééé%ci%cp')", ["    ééé%ci%cp\n" + " " * 10 + "^"]),
    (f"log-format('%{'z' * 300}')", ["\n    %" + "z" * 39 + "\n     ^\n"]),
    ("log-format('%ci:%cp:%fi:%fp')", ["write a blank in front of this value"]),
    ("log-format('" + " ".join(f"%(x{i})ST" for i in range(300)) + "')", ["there are too many values"]),
    ("log-format('')", ["there is no value"]),
    ("log-format('%ci' '%zz')", ['no alias "%zz"']),
    ("log-format()", ["log-format() without a string"]),
    ("formats()", ["no line can fit"]),
    ("log-format('%ci \\\"%r\\\" %ST')", ["the string ends at this blank", '    %ci \\"%r\\" %ST\n', "\n       ^"]),
    ("log-format('log-format \"%ci\"')", ["leave out the keyword"]),
    ("formats('tcp' 'foo')", ['does not know "foo"', '"http-clf"']),
    ("prefix('') log-format('%(DATE)ci')", ['no message can have a value named "DATE"']),
    ("unescape(maybe)", ["syntax error"]),
    ('request-headers("")', ["request-headers()", "a header without a name"]),
    ('response-headers("a" "")', ["response-headers()", "a header without a name"]),
    ("log-format('%ci:%cp%ts')", ["write a blank in front of this value", "    %ci:%cp%ts\n", "\n           ^"]),
    ("log-format('%{+X}rt%ts')", ["nothing stands between"]),
    ("log-format('%{+X}[src]%hr')", ["nothing stands between"]),
]


@pytest.mark.parametrize("options, parts", MISTAKES)
def test_a_mistake_is_an_error_that_shows_the_place(daemon, options, parts):
    result = daemon.check(f"network(port({free_port()}));", filters=parser(options))
    assert result.returncode != 0
    assert [part for part in parts if part not in result.stderr] == []
    assert "syslog-ng.conf:" in result.stderr


def test_names_of_headers_may_come_behind_the_format_that_needs_them(daemon):
    result = daemon.check(f"network(port({free_port()}));",
                          filters=parser("log-format('%ci %hrl %cp') request-headers('a')"))
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("value", ["evil[1]: foo", "<1>1 - - prog 77 - - x", "<1>evil[1]: foo"])
def test_a_client_cannot_forge_a_header(parse, value):
    """With what stands first in the format, where syslog-ng has taken HAProxy's header."""
    log_format = parser("log-format('%[capture.req.hdr(0)] %ci %ST')")
    (message,) = parse(log_format, f"{HEADERS[1]}{value} 192.0.2.1 200", flags="no-multi-line")
    assert values(message) == dict(capture_req_hdr_0=value, client_ip="192.0.2.1", status_code="200", format="custom",
                                   process_name="haproxy", pid="14387")


def test_a_line_with_two_headers(parse):
    """As one that was handed on as the text of another program."""
    (message,) = parse(parser(), f"<13>Feb  6 12:12:56 docker app[1]: {HEADERS[1]}{TCP}", flags="no-multi-line")
    assert values(message) == TCP_VALUES


def test_a_client_cannot_forge_what_is_behind_its_cookie(parse):
    cookie = 'SID=x - ---- 9/9/9/9/9 0/0 {adm} "GET /fake HTTP/1.1'
    (message,) = parse(parser(), HTTP.replace("2750 - -", f"2750 {cookie} -"))
    assert {name: values(message)[name] for name in ("captured_request_cookie", "actconn", "http_path")} == dict(
        captured_request_cookie=cookie, actconn="1", http_path="/a#22b")
