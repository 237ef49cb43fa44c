# SPDX-License-Identifier: GPL-2.0-or-later
"""The lines of the real HAProxy: its formats, traffic of every kind, and what it says about servers and proxies."""

import signal
import socket
import subprocess
import threading
from contextlib import contextmanager

import pytest
from daemon import free_port, has_types, wait_for

# as log-format has no other way to say the same thing twice: all aliases of 2.6, split at a character that is in no value
ALIASES = ("B CC CS H HM HP HPO HQ HU HV ID ST T Ta Tc Td Th Ti Tl TR Tr Ts Tt Tu Tw U ac b bc bi bp bq ci cp f fc fi fp ft lc hr hs"
           " ms pid r rc rt s sc si sp sq sslc sslv t tr trg trl tsc").split()
SEPARATOR = "\x1f"
NAMES = {"CC": "captured_request_cookie", "CS": "captured_response_cookie", "H": "hostname", "HM": "http_method", "HP": "http_path",
         "HPO": "http_path_only", "HU": "http_uri", "HV": "http_version", "ID": "unique_id", "ST": "status_code",
         "T": "gmt_date_time", "Tl": "local_date_time", "Ts": "timestamp", "ac": "actconn", "b": "backend_name", "bc": "beconn",
         "bi": "backend_source_ip", "bp": "backend_source_port", "bq": "backend_queue", "ci": "client_ip", "cp": "client_port",
         "f": "frontend_name", "fc": "feconn", "fi": "frontend_ip", "fp": "frontend_port", "lc": "frontend_log_counter",
         "ms": "accept_date_ms", "pid": "pid", "r": "http_request", "rt": "request_counter", "s": "server_name", "sc": "srv_conn",
         "si": "server_ip", "sp": "server_port", "sq": "srv_queue", "sslc": "ssl_ciphers", "sslv": "ssl_version",
         "t": "accept_date", "tr": "request_date", "trg": "gmt_request_date", "trl": "local_request_date",
         "tsc": "termination_state", "U": "bytes_uploaded"}
NAMES.update({timer: timer for timer in "Tc Td Th Ti TR Tr Tw".split()})
# of these HAProxy prints more than the value: a "+", "?", "~" or braces
DECORATED = {"B": ("bytes_read", "+"), "Ta": ("Ta", "+"), "Tt": ("Tt", "+"), "Tu": ("Tu", "+"), "rc": ("retries", "+"),
             "HQ": ("http_query", "?"), "hr": ("captured_request_headers", "{}"), "hs": ("captured_response_headers", "{}")}
EVERYTHING = '"' + r"\x1f".join(f"%{alias}" for alias in ALIASES) + '"'


class Log:
    """A syslog-ng that parses what an HAProxy logs, both started by start()."""

    def __init__(self, daemon, haproxy):
        self.daemon, self.haproxy = daemon, haproxy
        self.port, self.front = free_port(), free_port()

    def start(self, sections, options="", default="option httplog", start=True):
        """sections: of haproxy.cfg, with {front} for the port to listen on"""
        self.daemon.start(f'network(transport("udp") ip(127.0.0.1) port({self.port}) flags(no-parse));',
                          filters=f"if {{ parser {{ haproxy-parser({options}); }}; }};")
        self.haproxy.start_with(
            f"global\n  stats socket {self.haproxy.socket} level admin\n  log 127.0.0.1:{self.port} len 8192 local0\n"
            f"defaults\n  log global\n  mode http\n  {default}\n  retries 1\n  timeout connect 300ms\n  timeout client 300ms\n"
            "  timeout server 300ms\n" + sections.replace("{front}", str(self.front)))

    def lines(self, kind=None):
        """The parsed messages of a format, or those of all formats that are about requests and connections."""
        found = [m for m in self.daemon.messages() if m.get("_haproxy")]
        return [m for m in found if (m["_haproxy"]["format"] == kind if kind else m["_haproxy"]["format"] != "event")]

    def wait_line(self, kind=None, count=1):
        wait_for(lambda: len(self.lines(kind)) >= count, lambda: f"line {count}, have {self.daemon.messages()}")
        return self.lines(kind)[count - 1]["_haproxy"]

    def send(self, data, source="127.0.0.1", shutdown=False):
        """Sends and reads until HAProxy closes. Returns our port and what came."""
        with socket.create_connection(("127.0.0.1", self.front), 10, (source, 0)) as sock:
            sock.sendall(data)
            if shutdown:
                sock.shutdown(socket.SHUT_WR)
            return sock.getsockname()[1], b"".join(iter(lambda: sock.recv(65536), b""))


@pytest.fixture
def log(daemon, haproxy):
    return Log(daemon, haproxy)


@pytest.fixture
def certificate(tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", tmp_path / "k",
                    "-out", tmp_path / "c"], check=True, capture_output=True)
    (tmp_path / "pem").write_bytes((tmp_path / "k").read_bytes() + (tmp_path / "c").read_bytes())
    return tmp_path / "pem"


@contextmanager
def server(answer=b"HTTP/1.0 200 OK\r\nServer: me|you {x}\r\nSet-Cookie: SRV=s 1; path=/\r\n\r\nhello"):
    """A server that gives every connection this answer; None: it never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held = []

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                held.append(connection)
                if answer is not None:
                    connection.recv(65536)
                    connection.sendall(answer)
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        for connection in held:
            connection.close()


def frontend(extra="", servers="server app1 127.0.0.1:{server}"):
    return ("frontend www\n  bind 127.0.0.1:{front}\n  capture request header Host len 64\n  capture request header User-Agent len 64\n"
            "  capture response header Server len 64\n  capture cookie SID len 64\n"
            f"  unique-id-format %{{+X}}o-%ci-%cp\n  {extra}\n  default_backend app\nbackend app\n  {servers}\n")


REQUEST = b"GET /path/x?a=1&b=%22 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla {5.0} (a|b)\r\nCookie: SID=x\r\nConnection: close\r\n\r\n"
TRAFFIC = {  # what is sent, answer of the server, HTTP status, termination state
    "normal": (REQUEST, server, "200", "--"),
    "bad request": (b"GET /\xff\x01 HTTP/1.1\r\n\r\n", server, "400", "PR"),
    "denied": (REQUEST.replace(b"/path", b"/denied"), server, "403", "PR"),
    "server does not answer": (REQUEST, lambda: server(None), "504", "sH"),
    "nonsense from the server": (REQUEST, lambda: server(b"nonsense\r\n\r\n"), "502", "PH"),
    "client does not go on": (b"GET / HTTP/1.1\r\n", server, "408", "cR"),
}


def as_written(printed, field):
    """A number has no zeros in front in JSON: the milliseconds, which HAProxy prints with three digits."""
    return str(int(printed)) if field == "accept_date_ms" and has_types() else printed


@pytest.mark.parametrize("name", TRAFFIC)
def test_every_alias_on_every_kind_of_traffic(log, name):
    data, make_server, status, state = TRAFFIC[name]
    with make_server() as port:
        log.start(frontend(f"http-request deny if {{ path_beg /denied }}\n  log-format {EVERYTHING}").replace("{server}", str(port)),
                  f"log-format('{EVERYTHING}')")
        client_port, _ = log.send(data)
        values = log.wait_line("custom")
    (line,) = [m["MESSAGE"] for m in log.lines("custom")]
    printed = dict(zip(ALIASES, line.partition("]: ")[2].split(SEPARATOR)))
    assert len(printed) == len(ALIASES)
    for alias, field in NAMES.items():
        assert values[field] == as_written(printed[alias], field), alias
    for alias, (field, decoration) in DECORATED.items():
        expected = printed[alias].strip(decoration)
        assert values.get(field, "") == expected, alias
    # what we know ourselves
    assert (values["client_ip"], values["client_port"]) == ("127.0.0.1", str(client_port))
    assert (values["frontend_ip"], values["frontend_port"], values["frontend_name"]) == ("127.0.0.1", str(log.front), "www")
    assert (values["status_code"], values["termination_state"][:2], values["process_name"]) == (status, state, "haproxy")
    if name == "normal":
        assert (values["http_method"], values["http_uri"], values["http_query"], values["http_version"]) == (
            "GET", "/path/x?a=1&b=%22", "a=1&b=%22", "HTTP/1.1")
        assert values["request_header"] == {"1": "www.example.com", "2": "Mozilla #7B5.0#7D (a#7Cb)"}
        assert (values["backend_name"], values["server_name"], values["server_port"]) == ("app", "app1", str(port))


FORMATS = [("option httplog", "http"), ("option httpslog", "https"), ("option httplog clf", "http-clf"), ("option tcplog", "tcp")]


@pytest.mark.parametrize("option, name", FORMATS)
@pytest.mark.parametrize("logasap", [False, True])
def test_built_in_formats(log, option, name, logasap):
    with server() as port:
        log.start(frontend("option logasap" if logasap else "").replace("{server}", str(port)), default=option)
        client_port, _ = log.send(REQUEST, source="127.0.0.7")
        values = log.wait_line()
    assert (values["format"], values["client_ip"], values["client_port"]) == (name, "127.0.0.7", str(client_port))
    assert (values["frontend_name"], values["backend_name"], values["server_name"]) == ("www", "app", "app1")
    assert values.get("partial", "false") == str(logasap).lower()
    assert int(values["bytes_read"]) > 0 or logasap
    if name != "tcp":
        assert (values["status_code"], values["http_request"]) == ("200", "GET /path/x?a=1&b=%22 HTTP/1.1")
        assert values["captured_request_cookie"] == "SID=x"
        assert values["request_header"]["1"] == "www.example.com"


def test_tcp_mode(log):
    with server(b"bye") as port:
        log.start(f"listen www\n  mode tcp\n  bind 127.0.0.1:{{front}}\n  server app1 127.0.0.1:{port}\n", default="option tcplog")
        client_port, answer = log.send(b"hello")
        values = log.wait_line("tcp")
    assert (values["client_port"], values["bytes_read"], values["termination_state"], values["retries"]) == (
        str(client_port), str(len(answer)), "--", "0")
    assert (values["frontend_name"], values["backend_name"], values["server_name"]) == ("www", "www", "app1")


def test_no_server_and_redispatch(log):
    with server() as port:
        log.start(frontend(servers=f"option redispatch\n  server dead 127.0.0.1:{free_port()}\n  server app1 127.0.0.1:{port}"))
        for _ in range(2):
            log.send(REQUEST)
        log.wait_line("http", 2)
    both = [m["_haproxy"] for m in log.lines("http")]
    redispatched, *_ = [values for values in both if values.get("redispatched") == "true"]
    assert (redispatched["server_name"], redispatched["status_code"], redispatched["retries"]) == ("app1", "200", "1")


KNOWN = {  # what the client, the server and the configuration say themselves
    "client_ip": "127.0.0.1", "client_port": "{client_port}", "frontend_name": "www", "backend_name": "app", "server_name": "app1",
    "server_port": "{server_port}", "server_ip": "127.0.0.1", "backend_source_ip": "127.0.0.1", "status_code": "200",
    "http_method": "GET", "http_uri": "/path/x?a=1&b=%22", "http_path": "/path/x", "http_path_only": "/path/x",
    "http_query": "a=1&b=%22", "http_version": "HTTP/1.1", "http_request": "GET /path/x?a=1&b=%22 HTTP/1.1", "src": "127.0.0.1",
    "dst_port": "{front}", "capture_req_hdr_0": "www.example.com", "agent": "Mozilla {5.0} (a|b)", "hostname": socket.gethostname(),
    "termination_state": "----", "captured_request_cookie": "SID=x", "captured_response_cookie": "-"}
CUSTOM = [  # log-format as in haproxy.cfg, other options, values beside those that KNOWN has
    (r'"%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r"', "", {}),
    (r"%{+Q}o\ %ci\ %HM\ %HU\ %ST", "", {}),
    ("""'{"ip":"%ci","port":%cp,"status":%ST,"uri":"%HU","agent":"%(agent)[capture.req.hdr(1)]"}'""", "", {}),
    ('"%{+Q,+E}[capture.req.hdr(0),lower] %[src] %[dst_port] %HQ"', "", {}),
    ('"%[capture.req.hdr(0)]|%(agent)[capture.req.hdr(1)]|%HP|%HQ|%HV|%ST"', "", {}),
    (r"%ci\ -\ [%T]\ %{+Q}r\ %ST\ %B", "", {}),
    ('"%{+X}ci:%{+X}cp %ID %r"', "", {"client_ip": "7F000001", "client_port": "{client_port:X}"}),
    ('"client=%ci port=%cp method=%HM path=%HPO status=%ST bytes=%B time=%Ta"', "", {}),
    ('"%H %b %f %s %si:%sp %bi:%bp"', "", {}),
    ('"%{+Q}hrl %ci:%cp"', "", {"request_header": {"1": "www.example.com", "2": "Mozilla #7B5.0#7D (a#7Cb)"}}),
    ('"%{+Q}hrl %{+Q}hsl %ST"', "request-headers('host' 'agent') response-headers('server')",
     {"request_header": {"host": "www.example.com", "agent": "Mozilla #7B5.0#7D (a#7Cb)"},
      "response_header": {"server": "me#7Cyou #7Bx#7D"}}),
    (r'"%tr\t%ci\t%HU\t%ST"', "", {}),
    ('"%HM %HP%HQ %HV %ST"', "", {}),
    ('"%b:%bp %s:%sp %ft:%fp"', "", {}),
    ('"%{+X}o%ST %ci %rc %Tw %HM %HV"', "", {"client_ip": "7F000001"}),
    ('"%{+Q,+E}[capture.req.hdr(1)] %ci %HM %HV"', "unescape(yes)", {}),
]


@pytest.mark.parametrize("log_format, options, expected", CUSTOM)
def test_custom_formats(log, log_format, options, expected):
    in_haproxy = log_format.replace("%(agent)[", "%[")  # a name is taken from HAProxy 3.0 on
    ours = log_format.replace("\\", "\\\\").replace('"', '\\"')
    with server() as port:
        log.start(frontend(f"log-format {in_haproxy}").replace("{server}", str(port)), f'log-format("{ours}") {options}')
        client_port, _ = log.send(REQUEST)
        values = log.wait_line("custom")
    known = {**KNOWN, **expected}
    for name in set(values) & set(known):
        assert values[name] == (known[name].format(client_port=client_port, server_port=port, front=log.front)
                                if "_port" in name else known[name]), name
    assert len(set(values) & set(known)) >= 3
    assert {"partial", "truncated"}.isdisjoint(values)


COOKIES = [  # of the request, what the server sets, both as HAProxy captures them; None: none
    (None, None), ("SID=x", "SID=y"), (None, "SID=a b"), ("SID=x y", None), ("SID=x y", "SID=a b"), (None, 'SID="abc"'),
    ('SID="x" y', 'SID="abc" d'), ("SID=x - ---- 1/1", "SID=a"), ("SIDNEY=1", "SIDNEY=2")]


@pytest.mark.parametrize("option, name", FORMATS[:3])
@pytest.mark.parametrize("request_cookie, response_cookie", COOKIES)
def test_captured_cookies(log, option, name, request_cookie, response_cookie):
    request = REQUEST.replace(b"Cookie: SID=x\r\n", b"" if request_cookie is None else f"Cookie: {request_cookie}\r\n".encode())
    answer = b"HTTP/1.0 200 OK\r\n" + (f"Set-Cookie: {response_cookie}; path=/\r\n".encode() if response_cookie else b"") + b"\r\nhello"
    with server(answer) as port:
        log.start(frontend().replace("{server}", str(port)), default=option)
        log.send(request)
        values = log.wait_line(name)
    none = "" if "clf" in name else "-"
    assert (values["captured_request_cookie"], values["captured_response_cookie"]) == (request_cookie or none, response_cookie or none)
    assert (values["status_code"], values["http_path"], values.get("truncated")) == ("200", "/path/x", None)


def test_a_quote_in_a_header_hides_no_line(log):
    headers = REQUEST.replace(b"Mozilla {5.0} (a|b)", b'a" 1 "b').replace(b"Host: www.example.com", b'Host: x" y')
    log_format = '%ci:%cp %{+Q}[capture.req.hdr(0)] %{+Q}[capture.req.hdr(1)] %{+Q}r %ST'
    with server() as port:
        log.start(frontend(f"log-format '{log_format}'").replace("{server}", str(port)), f"log-format('{log_format}')")
        log.send(headers.replace(b'Host: x" y', b"Host: x"))
        values = log.wait_line("custom")
    assert (values["capture_req_hdr_0"], values["capture_req_hdr_1"], values["status_code"]) == ("x", 'a" 1 "b', "200")


REQUEST_LINES = [  # what is sent, log-format, values; HAProxy encodes nothing of what stands between them
    ("GET /x?ids[]=1,2 HTTP/1.1", "%cp [%HM %HU] %ST", {"http_method": "GET", "http_uri": "/x?ids[]=1,2"}),
    ("GET /x,y?ids[]=1,2 HTTP/1.1", "%cp,%HM,%HU,%HV,%ST", {"http_uri": "/x,y?ids[]=1,2", "http_version": "HTTP/1.1"}),
    ("GET /a|{b}|?c|d HTTP/1.1", "%cp|%HM|%HP|%HQ|%ST", {"http_path": "/a|{b}|", "http_query": "c|d"}),
    ("GET /a;b HTTP/1.1", "%HP%HQ;%ST", {"http_path": "/a;b", "http_query": ""}),
    ("OPTIONS * HTTP/1.1", "%cp %HM %HPO %ST", {"http_method": "OPTIONS", "http_path_only": ""}),
    ("OPTIONS * HTTP/1.1", "%HPO %ST", {"http_path_only": ""}),
    ("CONNECT h:443 HTTP/1.1", "%HM,%HU,%ST", {"http_method": "CONNECT", "http_uri": "h:443"}),
    ("CONNECT h:443 HTTP/1.1", '{"p":"%HPO","s":%ST}', {"http_path_only": ""}),
    ("GET / HTTP/1.1", "%H-%HV/%ST", {"hostname": socket.gethostname(), "http_version": "HTTP/1.1"}),
]


@pytest.mark.parametrize("line, log_format, expected", REQUEST_LINES)
def test_requests_that_contain_what_stands_behind_them(log, line, log_format, expected):
    log.start(frontend(f"http-request return status 200\n  log-format '{log_format}'", servers=""), f"log-format('{log_format}')")
    log.send(f"{line}\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
    values = log.wait_line("custom")
    assert {name: values[name] for name in expected} == expected
    assert values["status_code"] == "200"


FORGERIES = ["0", "0/-/-/-/0 a", "0/-/-/-/0 a/b/c"]


@pytest.mark.parametrize("end", FORGERIES)
def test_a_client_cannot_forge_an_https_line(log, end):
    # not longer than HAProxy captures
    cookie = f'x=1 x=r LR-- 1/1/0/0/0 0/0 "GET /f HTTP/1.1" {end}'
    with server() as port:
        log.start(frontend().replace("{server}", str(port)).replace("capture cookie SID", "capture cookie x"), default="option httpslog")
        log.send(REQUEST.replace(b"SID=x", cookie.encode()))
        values = log.wait_line()
    assert (values["captured_request_cookie"], values["captured_response_cookie"]) == ("x=1", cookie[4:] + " -")
    assert (values["format"], values["http_path"], values["fc_err"], values["ssl_fc_sni"]) == ("https", "/path/x", "0", "-")



def test_http_2(log):
    inner = free_port()
    with server() as port:
        log.start(frontend(f"bind 127.0.0.1:{inner} proto h2").replace("{server}", str(port))
                  + f"frontend edge\n  no log\n  bind 127.0.0.1:{{front}}\n  use_backend inner\nbackend inner\n  server www 127.0.0.1:{inner} proto h2\n"
                  .replace("{front}", str(free_port())))
        edge = int(log.haproxy.config_file.read_text().rpartition("bind 127.0.0.1:")[2].split()[0])
        with socket.create_connection(("127.0.0.1", edge), 10) as sock:
            sock.sendall(REQUEST)
            values = log.wait_line("http")
    assert (values["http_method"], values["http_version"], values["http_path"], values["http_query"]) == (
        "GET", "HTTP/2.0", "/path/x", "a=1&b=%22")
    assert (values["status_code"], values["request_header"]["1"]) == ("200", "www.example.com")


@pytest.mark.parametrize("name", ["www.example.com", "evil/TLSv9/FAKE"])
def test_https(log, certificate, name):
    with server() as port:
        log.start(frontend(f"bind 127.0.0.1:{{front}} ssl crt {certificate}").replace("bind 127.0.0.1:{front}\n", "", 1)
                  .replace("{server}", str(port)), default="option httpslog")
        client = subprocess.run(["openssl", "s_client", "-quiet", "-tls1_3", "-servername", name, "-connect", f"127.0.0.1:{log.front}"],
                                input=REQUEST, capture_output=True)
        values = log.wait_line("https")
    assert b"hello" in client.stdout
    assert (values["frontend_ssl"], values["frontend_name"], values["status_code"]) == ("true", "www", "200")
    assert (values["ssl_fc_sni"], values["ssl_version"], values["ssl_ciphers"]) == (name, "TLSv1.3", "TLS_AES_256_GCM_SHA384")
    assert {values[name] for name in ("fc_err", "ssl_c_err", "ssl_c_ca_err", "ssl_fc_is_resumed")} == {"0"}


def test_the_queue_of_a_server(log):
    with server(None) as port:
        log.start(frontend("timeout client 5s", "timeout queue 100ms\n  timeout server 2s\n  server app1 127.0.0.1:{server} maxconn 1")
                  .replace("{server}", str(port)))
        with socket.create_connection(("127.0.0.1", log.front), 10) as first:
            first.sendall(REQUEST)
            wait_for(lambda: ",app1,0,0,1," in log.haproxy.command("show stat"), lambda: "a busy server")
            client_port, _ = log.send(REQUEST)
            values = log.wait_line("http")
    assert (values["client_port"], values["status_code"], values["termination_state"]) == (str(client_port), "503", "sQ--")
    assert (values["Tc"], values["Tr"], values["srv_queue"]) == ("-1", "-1", "0")
    assert int(values["Tw"]) >= 100


def test_a_client_that_goes_away(log):
    request = REQUEST.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nContent-Length: 100\r\n\r\nhalf of it")
    with server(None) as port:
        log.start(frontend().replace("{server}", str(port)))
        with socket.create_connection(("127.0.0.1", log.front), 10) as sock:
            sock.sendall(request)
        values = log.wait_line("http")
    assert (values["termination_state"][0], values["http_method"], values["Tr"]) == ("C", "POST", "-1")


def test_a_line_that_haproxy_cuts(log):
    with server() as port:
        sections = frontend(f"no log\n  log 127.0.0.1:{log.port} len 300 local0").replace("{server}", str(port))
        log.start(sections)
        log.send(REQUEST.replace(b"/path", b"/" + b"p" * 400))
        values = log.wait_line("http")
    assert (values["truncated"], values["http_method"]) == ("true", "GET")
    assert set(values["http_path"]) == {"/", "p"}


def test_ipv6_and_unix_sockets(log, tmp_path):
    with server() as port:
        log.start(frontend(f"bind [::1]:{{front}}\n  bind unix@{tmp_path}/www.sock").replace("{server}", str(port)))
        with socket.create_connection(("::1", log.front)) as sock:
            sock.sendall(REQUEST)
            client_port = sock.getsockname()[1]
            values = log.wait_line("http")
            assert (values["client_ip"], values["client_port"]) == ("::1", str(client_port))
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(f"{tmp_path}/www.sock")
            sock.sendall(REQUEST)
            values = log.wait_line("http", 2)
            assert (values["client_ip"], values["client_port"].isdigit()) == ("unix", True)


def test_connections_without_a_log_format(log):
    with server() as port:
        log.start(f"listen www\n  bind 127.0.0.1:{{front}}\n  server app1 127.0.0.1:{port}\n", default="")
        client_port, _ = log.send(REQUEST)
        values = log.wait_line("connect")
    assert values == {**values, "source_ip": "127.0.0.1", "source_port": str(client_port), "destination_ip": "127.0.0.1",
                      "destination_port": str(log.front), "frontend_name": "www", "mode": "HTTP"}


def test_errors_before_there_is_a_request(log, certificate):
    log.start(f"frontend www\n  bind 127.0.0.1:{{front}} name tls ssl crt {certificate}\n  http-request deny\n")
    client_port, _ = log.send(b"no TLS at all\n")
    values = log.wait_line("error")
    assert (values["client_port"], values["frontend_name"], values["bind_name"]) == (str(client_port), "www", "tls")
    assert "SSL handshake" in values["error_message"]


@contextmanager
def resolver(address):
    """A DNS server that says of every name that it has this IPv4 address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def serve():
            while True:
                query, sender = sock.recvfrom(512)
                if not query:
                    return
                question = query[12:query.index(b"\0", 12) + 5]
                answer = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04" + socket.inet_aton(address)
                sock.sendto(query[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + question + answer, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        yield sock.getsockname()[1]
        sock.sendto(b"", sock.getsockname())
        thread.join()


def test_a_server_that_gets_another_address(log):
    with resolver("127.0.0.2") as port:
        log.start(f"resolvers dns\n  nameserver ns1 127.0.0.1:{port}\n  timeout resolve 100ms\n  timeout retry 100ms\n"
                  + frontend(servers="server app1 app.example:80 resolvers dns resolve-prefer ipv4 init-addr 127.0.0.1"))
        (event,) = wait_for(lambda: [m["_haproxy"] for m in log.lines("event") if m["_haproxy"]["event"] == "server_address_changed"],
                            lambda: f"the change, have {log.daemon.messages()}")
    assert (event["backend_name"], event["server_name"]) == ("app", "app1")
    assert "127.0.0.1" in event["cause"] and "127.0.0.2" in event["cause"]


def test_servers_and_proxies(log):
    with server() as port:
        log.start("listen www\n  bind 127.0.0.1:{front}\n  option log-health-checks\n"
                  f"  server app1 127.0.0.1:{port} check inter 100ms fall 1\n  server app2 127.0.0.1:{free_port()} check inter 100ms fall 1 backup\n")
        events = lambda: [m["_haproxy"] for m in log.lines("event")]  # noqa: E731
        wait_for(lambda: [e for e in events() if e["event"] == "server_down"], lambda: f"app2, have {log.daemon.messages()}")
        for command in ("set server www/app1 state maint", "set server www/app1 state ready", "set server www/app1 state drain",
                        "set server www/app1 state ready"):
            log.haproxy.command(command)
        log.haproxy.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: [e for e in events() if e["event"] == "proxy_stopped"], lambda: f"the end, have {log.daemon.messages()}")
    names = {e["event"] for e in events()}
    assert {"server_down", "server_maintenance", "server_ready", "server_drain", "backend_without_server", "proxy_stopped"} <= names
    (down,) = [e for e in events() if e["event"] == "server_down" and e["server_name"] == "app2"]
    assert down == {**down, "backup": "true", "active_servers": "1", "backup_servers": "0"}
    (check,) = [e for e in events() if e["event"] == "health_check_failed"]
    assert check == {**check, "server_name": "app2", "backup": "true", "reason": "Layer4 connection problem",
                     "check_info": "Connection refused", "check_health": "0/2", "check_status": "DOWN"}
    # each line that HAProxy has logged is one that we know
    assert [m["MESSAGE"] for m in log.daemon.messages() if not m.get("_haproxy")] == []
