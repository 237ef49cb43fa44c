/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "haproxy_lines.h"
#include "line-format.h"
#include "log-line.h"

#include <criterion/criterion.h>

#define TCP "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq"
#define HTTP                                                                                                           \
  "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r"
#define HTTPS                                                                                                          \
  HTTP " %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc"
#define DATE "06/Feb/2009:12:12:51.443"
#define ZONED_DATE "06/Feb/2009:12:12:51 +0100"

/* of the HTTP format, up to the cookies and from the states on */
#define HTTP_HEAD "10.0.1.2:33317 [" DATE "] http-in static/srv1 10/0/30/69/109 200 2750 "
#define HTTP_HEAD_VALUES                                                                                               \
  "client_ip=[10.0.1.2] client_port=[33317] request_date=[" DATE                                                       \
  "] frontend_name=[http-in] backend_name=[static] server_name=[srv1] TR=[10] Tw=[0] Tc=[30] Tr=[69] Ta=[109] "        \
  "status_code=[200] bytes_read=[2750] "
#define HTTP_MIDDLE " ---- 1/2/3/4/0 5/6 "
#define HTTP_MIDDLE_VALUES                                                                                             \
  " termination_state=[----] actconn=[1] feconn=[2] beconn=[3] srv_conn=[4] retries=[0] srv_queue=[5] "                \
  "backend_queue=[6] "
#define NO_COOKIE "captured_request_cookie=[-] "
#define NO_COOKIES NO_COOKIE "captured_response_cookie=[-]"
#define GET "http_request=[GET / HTTP/1.1] http_method=[GET] http_uri=[/] http_path=[/] http_version=[HTTP/1.1]"
#define HTTPS_END_VALUES                                                                                               \
  " fc_err=[0] ssl_fc_err=[-] ssl_c_err=[-] ssl_c_ca_err=[-] ssl_fc_is_resumed=[0] ssl_fc_sni=[-] ssl_version=[-] "    \
  "ssl_ciphers=[-]"
#define NO_SSL " frontend_ssl=[false]"

typedef struct _Case
{
  const gchar *format;
  const gchar *line;
  /* NULL: the line is refused */
  const gchar *values;
} Case;

static const Case CASES[] = {
  /* the example of HAProxy's manual */
  { TCP,
    "10.0.1.2:33313 [" DATE "] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0",
    "client_ip=[10.0.1.2] client_port=[33313] accept_date=[" DATE
    "] frontend_name=[fnt] backend_name=[bck] server_name=[srv1] Tw=[0] Tc=[0] Tt=[5007] bytes_read=[212] "
    "termination_state=[--] actconn=[0] feconn=[0] beconn=[0] srv_conn=[0] retries=[3] srv_queue=[0] "
    "backend_queue=[0] frontend_ssl=[false]" },
  /* what its fields can be besides */
  { TCP,
    "2001:db8::1:33313 [" DATE "] a.b-c_d:e~ b.k-c_1:x/<NOSRV> -1/-1/+5007 +18446744073709551615 CD 0/0/0/0/+3 0/0",
    "client_ip=[2001:db8::1] client_port=[33313] accept_date=[" DATE
    "] frontend_name=[a.b-c_d:e] backend_name=[b.k-c_1:x] server_name=[<NOSRV>] Tw=[-1] Tc=[-1] Tt=[5007] "
    "bytes_read=[18446744073709551615] termination_state=[CD] actconn=[0] feconn=[0] beconn=[0] srv_conn=[0] "
    "retries=[3] srv_queue=[0] backend_queue=[0] frontend_ssl=[true] partial=[true] redispatched=[true]" },
  { "%ci:%cp %ft", "unix:1 f", "client_ip=[unix] client_port=[1] frontend_name=[f]" },
  { "%ci:%cp %f", "::ffff:192.0.2.1:1 f", "client_ip=[::ffff:192.0.2.1] client_port=[1] frontend_name=[f]" },
  { "%ci:%cp %f", "-:- f", "client_ip=[-] client_port=[-] frontend_name=[f]" },
  { "%ci:%cp", "2001:db8::1:33313", "client_ip=[2001:db8::1] client_port=[33313]" },
  { "%ci", "2001:db8::1", "client_ip=[2001:db8::1]" },
  { "[%ci]:%cp", "[::1]:5", "client_ip=[::1] client_port=[5]" },
  { "%ci:%cp %fi:%fp",
    "2001:db8::2:80 2001:db8::2:80",
    "client_ip=[2001:db8::2] client_port=[80] frontend_ip=[2001:db8::2] frontend_port=[80]" },
  { "%ci:%cp:%ms: %fi",
    "2001:db8::2:80:5: ::1",
    "client_ip=[2001:db8::2] client_port=[80] accept_date_ms=[5] frontend_ip=[::1]" },
  { "%si:%sp %bi:%bp x", ":0 unix:0 x", "server_port=[0] backend_source_ip=[unix] backend_source_port=[0]" },
  { "%{+X}ci:%{+X}cp", "0A000102:8221", "client_ip=[0A000102] client_port=[8221]" },
  { "%{+X}Ts %{+X}ms %{+X}rt",
    "498C6C93 2FF 00A0",
    "timestamp=[498C6C93] accept_date_ms=[2FF] request_counter=[00A0]" },
  { "%T|%Tl", ZONED_DATE "|" ZONED_DATE, "gmt_date_time=[" ZONED_DATE "] local_date_time=[" ZONED_DATE "]" },

  /* captured headers may not be there at all */
  { HTTP, HTTP_HEAD "- -" HTTP_MIDDLE "\"GET / HTTP/1.1\"", HTTP_HEAD_VALUES NO_COOKIES HTTP_MIDDLE_VALUES GET NO_SSL },
  { HTTP,
    HTTP_HEAD "- -" HTTP_MIDDLE "{a b|} {|c} \"GET / HTTP/1.1\"",
    HTTP_HEAD_VALUES NO_COOKIES HTTP_MIDDLE_VALUES
    "captured_request_headers=[a b|] request_header.1=[a b] captured_response_headers=[|c] response_header.2=[c] " GET
      NO_SSL },
  { HTTP,
    HTTP_HEAD "- -" HTTP_MIDDLE "{\x23} \"<BADREQ>\"",
    HTTP_HEAD_VALUES NO_COOKIES HTTP_MIDDLE_VALUES
    "captured_request_headers=[#] request_header.1=[#] http_request=[<BADREQ>]" NO_SSL },
  { "%hr %hs x", "x", "" },
  { "%hr %hs x", "{} x", "captured_request_headers=[]" },
  { "x %hr %hs", "x ", "" },
  { "x %hr %hs",
    "x {a} {b}",
    "captured_request_headers=[a] request_header.1=[a] captured_response_headers=[b] response_header.1=[b]" },
  { "%{+Q}hr x", "\"{a|b}\" x", "captured_request_headers=[a|b] request_header.1=[a] request_header.2=[b]" },
  { "%{+Q}hrl",
    "\"a\" \"\" \"b c\"",
    "captured_request_headers=[\"a\" \"\" \"b c\"] request_header.1=[a] request_header.3=[b c]" },
  { "%hrl", "a - b", "captured_request_headers=[a - b] request_header.1=[a] request_header.3=[b]" },

  /* values that look like other fields: the structure decides */
  { HTTP,
    HTTP_HEAD "- -" HTTP_MIDDLE "{" HTTP_HEAD "- - ---- 1/1/1/1/1 0/0} \"GET / HTTP/1.1\"",
    HTTP_HEAD_VALUES NO_COOKIES HTTP_MIDDLE_VALUES "captured_request_headers=[" HTTP_HEAD
                                                   "- - ---- 1/1/1/1/1 0/0] request_header.1=[" HTTP_HEAD
                                                   "- - ---- 1/1/1/1/1 0/0] " GET NO_SSL },
  { "%r %ST",
    "GET /a b c HTTP/1.1 200",
    "http_request=[GET /a b c HTTP/1.1] http_method=[GET] http_uri=[/a b c] http_path=[/a b c] http_version=[HTTP/1.1] "
    "status_code=[200]" },
  { "%{+Q}[a] %ST", "\"x\" 5 \"y\" 200", "a=[x\" 5 \"y] status_code=[200]" },
  { "%{+Q,+E}[a]|", "\"x\\\"|y\"|", "a=[x\\\"|y]" },
  { "%{+Q}[a] %{+Q}[b]", "\"\" \"-\"", "a=[] b=[-]" },

  /* requests and their parts */
  { "%{+Q}r",
    "\"GET http://host:80/path?q=1?2 HTTP/2.0\"",
    "http_request=[GET http://host:80/path?q=1?2 HTTP/2.0] http_method=[GET] http_uri=[http://host:80/path?q=1?2] "
    "http_path=[/path] http_query=[q=1?2] http_version=[HTTP/2.0]" },
  { "%{+Q}r", "\"GET http://host\"", "http_request=[GET http://host] http_method=[GET] http_uri=[http://host]" },
  { "%{+Q}r",
    "\"OPTIONS * HTTP/1.1\"",
    "http_request=[OPTIONS * HTTP/1.1] http_method=[OPTIONS] http_uri=[*] http_path=[*] http_version=[HTTP/1.1]" },
  { "%HM %HU %HP %HPO %HQ %HV",
    "GET /a?b /a /a ?b HTTP/1.1",
    "http_method=[GET] http_uri=[/a?b] http_path=[/a] http_path_only=[/a] http_query=[b] http_version=[HTTP/1.1]" },
  { "%HV %HQ %ST", "HTTP/1.0  200", "http_version=[HTTP/1.0] http_query=[] status_code=[200]" },
  { "%HV %HQ %ST", "HTTP/1.0 200", "http_version=[HTTP/1.0] http_query=[] status_code=[200]" },

  /* of two values with one name the first counts */
  { "%ci %ci %HM %r",
    "1.2.3.4 5.6.7.8 POST GET / HTTP/1.1",
    "client_ip=[1.2.3.4] http_method=[POST] http_request=[GET / HTTP/1.1] http_uri=[/] http_path=[/] "
    "http_version=[HTTP/1.1]" },

  /* a string that ends where the next one, with its quote, can begin */
  { "%ci %{+Q}[a] %{+Q}[b] %ST",
    "::1 \"a\" b\" \"http://x/\" 200",
    "client_ip=[::1] a=[a\" b] b=[http://x/] status_code=[200]" },
  { "%[a] %{+Q}[b]", "foo bar \"baz\"", "a=[foo bar] b=[baz]" },
  /* cookies are what the two sides sent */
  { "%CC %CS %tsc", "- SID=a b ----", NO_COOKIE "captured_response_cookie=[SID=a b] termination_state=[----]" },
  { "%CC %CS %tsc",
    "SID=x y SID=a b ----",
    "captured_request_cookie=[SID=x y] captured_response_cookie=[SID=a b] termination_state=[----]" },
  { "%CC %CS %tsc",
    "SID=x - y - ----",
    "captured_request_cookie=[SID=x - y] captured_response_cookie=[-] termination_state=[----]" },
  { "%CC %CS %tsc",
    "SI SI ----",
    "captured_request_cookie=[SI] captured_response_cookie=[SI] termination_state=[----]" },
  { "%{+Q}CC %{+Q}CS %ST",
    "\"\" \"SID=\"abc\"\" 200",
    "captured_request_cookie=[] captured_response_cookie=[SID=\"abc\"] status_code=[200]" },
  { "%{+Q}CC %{+Q}CS", "\"SID=\"a\" b\" \"\"", "captured_request_cookie=[SID=\"a\" b] captured_response_cookie=[]" },
  /* their names are not the same */
  { "%[h] %CC %CS %ST",
    "a b - SID=1 200",
    "h=[a] captured_request_cookie=[b -] captured_response_cookie=[SID=1] status_code=[200]" },
  /* a path and its query */
  { "%HM %HP%HQ %HV",
    "GET /p?q=1 HTTP/1.1",
    "http_method=[GET] http_path=[/p] http_query=[q=1] http_version=[HTTP/1.1]" },
  { "%HPO%HQ|%ST", "/p|200", "http_path_only=[/p] http_query=[] status_code=[200]" },
  { "%HP%HQ %ST", "<BADREQ><BADREQ> 400", "http_path=[<BADREQ>] http_query=[<BADREQ>] status_code=[400]" },
  { "%HP%HQ,%ST", "/a,b?x,y,200", "http_path=[/a,b] http_query=[x,y] status_code=[200]" },
  { "%HP%HQ,%ST", "/a,b,200", "http_path=[/a,b] http_query=[] status_code=[200]" },
  /* the path of a request that has none */
  { "%cp %HM %HPO %ST", "5 OPTIONS  200", "client_port=[5] http_method=[OPTIONS] http_path_only=[] status_code=[200]" },
  { "%cp %HM %HPO %ST", "5 OPTIONS 200", "client_port=[5] http_method=[OPTIONS] http_path_only=[] status_code=[200]" },
  { "%HPO %ST", " 200", "http_path_only=[] status_code=[200]" },
  { "{\"p\":\"%HPO\",%ST}", "{\"p\":\"\",200}", "http_path_only=[] status_code=[200]" },
  { "%HPO/%[a] %ST", "/b/c.d 200", "http_path_only=[/b] a=[c.d] status_code=[200]" },
  { "%HPO/%ST", "/200", "http_path_only=[] status_code=[200]" },
  { "%HPO%HQ,%ST", "?a,b,200", "http_path_only=[] http_query=[a,b] status_code=[200]" },
  /* what stands behind a word may be in it, too */
  { "%cp [%HM %HU] %ST",
    "5 [GET /x?ids[]=1,2] 200",
    "client_port=[5] http_method=[GET] http_uri=[/x?ids[]=1,2] status_code=[200]" },
  { "%HM|%HP|%HQ|%ST",
    "GET|/a#22b|{}||200",
    "http_method=[GET] http_path=[/a#22b|{}] http_query=[] status_code=[200]" },
  { "%HM,%HU,%HPO,%HQ,%HV,%ST",
    "GET,/x,y?ids[]=1,2,/x,y,?ids[]=1,2,HTTP/1.1,200",
    "http_method=[GET] http_uri=[/x,y?ids[]=1,2] http_path_only=[/x,y] http_query=[ids[]=1,2] http_version=[HTTP/1.1] "
    "status_code=[200]" },
  { "%[a],%HU,%ST", "b c, d,/e,f,200", "a=[b c, d] http_uri=[/e,f] status_code=[200]" },
  { "%[a]|%HP|%HQ|%ST", "b (c|d)|/e||200", "a=[b (c|d)] http_path=[/e] http_query=[] status_code=[200]" },
  { "%[a],%HM,%HU,%ST", "b,c,GET,/e,f,200", "a=[b,c] http_method=[GET] http_uri=[/e,f] status_code=[200]" },
  { "%[a],%sslv,%sslc,%ST",
    "b,c,TLSv1.3,(NONE),200",
    "a=[b,c] ssl_version=[TLSv1.3] ssl_ciphers=[(NONE)] status_code=[200]" },
  /* not as most are */
  { "%HM,%HU,%ST", "CONNECT,h:443,200", "http_method=[CONNECT] http_uri=[h:443] status_code=[200]" },
  { "%[a],%HU,%ST", "b,https://h/x?i=1,/2,200", "a=[b] http_uri=[https://h/x?i=1,/2] status_code=[200]" },
  { "%{-M}[fc_err]|%ST", "|200", "fc_err=[] status_code=[200]" },
  { "%s-%{+Q}[fc_err] %f-%{+Q}[ssl_c_err] %ST",
    "<NOSRV>-\"0\" f5-\"\" 200",
    "server_name=[<NOSRV>] fc_err=[0] frontend_name=[f5] ssl_c_err=[] status_code=[200]" },
  { "%s-%rc %ST", "a-b-+1 200", "server_name=[a-b] retries=[1] status_code=[200] redispatched=[true]" },
  { "%b-%rc.%[fc_err]", "_-+1.0", "backend_name=[_] retries=[1] fc_err=[0] redispatched=[true]" },
  { "%HM,%HP,%ST", "GET,http://h/a,b,200", "http_method=[GET] http_path=[http://h/a,b] status_code=[200]" },
  { "%HM,%HU,%HV,%ST",
    "<BADREQ>,<BADREQ>,<BADREQ>,400",
    "http_method=[<BADREQ>] http_uri=[<BADREQ>] http_version=[<BADREQ>] status_code=[400]" },
  { "%HV/%ST", "HTTP/1.1/200", "http_version=[HTTP/1.1] status_code=[200]" },
  { "%sslc-%ST", "ECDHE-RSA-AES-200", "ssl_ciphers=[ECDHE-RSA-AES] status_code=[200]" },
  { "%H.%ci", "a.example.com.10.0.0.1", "hostname=[a.example.com] client_ip=[10.0.0.1]" },
  { "srv=%s. st=%ST", "srv=a.b. st=200", "server_name=[a.b] status_code=[200]" },
  { "%s-%t", "a-b-" DATE, "server_name=[a-b] accept_date=[" DATE "]" },
  { "%ft.%b.%ST", "a~.b.c.200", "frontend_name=[a] backend_name=[b.c] status_code=[200] frontend_ssl=[true]" },
  { "%HU,%ST", "/a b,200", NULL },
  /* something else stands behind the request */
  { HTTPS, HTTP_HEAD "- -" HTTP_MIDDLE "\"GET / HTTP/1.1\" TLSv1.3/TLS_AES_256_GCM_SHA384", NULL },
  { HTTPS, HTTP_HEAD "- -" HTTP_MIDDLE "\"GET / HTTP/1.1\" \"curl/8.0\" host=www", NULL },
  { HTTP, HTTP_HEAD "a=b -" HTTP_MIDDLE "\"GET / HTTP/1.1\" TLSv1.3/TLS_AES_256_GCM_SHA384", NULL },
  { HTTPS, HTTP_HEAD "a=b -" HTTP_MIDDLE "\"GET / HTTP/1.1\" TLSv1.3/TLS_AES_256_GCM_SHA384", NULL },
  { "%{+Q}HP %ST", "\"/p\" 200", "http_path=[/p] status_code=[200]" },
  /* a port behind a name that looks like one */
  { "%f:%fp %b:%bp, %ft:%fp",
    "www:x:45503 b:1:2, f~:45503",
    "frontend_name=[www:x] frontend_port=[45503] backend_name=[b:1] backend_source_port=[2] frontend_ssl=[true]" },
  { "%s:%sp %ST", "<NOSRV>:- 503", "server_name=[<NOSRV>] server_port=[-] status_code=[503]" },
  { "%s:%sp %ST", "srv 503", NULL },
  { "%ci:%{+X}cp", "2001:db8::1:8F", "client_ip=[2001:db8::1] client_port=[8F]" },
  { "%{+X}ST %{+X}Tt", "200 +71", "status_code=[200] Tt=[71] partial=[true]" },
  /* quotes, and backslashes in front of them */
  { "%{+Q,+E}[x] %ci", "\"a\\\\\" 127.0.0.1", "x=[a\\\\] client_ip=[127.0.0.1]" },
  { "%{+Q,+E}[x] %ci", "\"a\\\" \\\"\" 127.0.0.1", "x=[a\\\" \\\"] client_ip=[127.0.0.1]" },
  { "%{+Q}[x] %ci", "\"a\" 1\" 127.0.0.1", "x=[a\" 1] client_ip=[127.0.0.1]" },
  /* names joined by what they may contain */
  { "%b:%s %f-%ci", "bck:srv f-::1", "backend_name=[bck] server_name=[srv] frontend_name=[f] client_ip=[::1]" },
  { "%{+X}ci %{+X}cp", "- 3", "client_ip=[-] client_port=[3]" },
  { "%ci:%cp", "999.9.9.9:1", NULL },
  { "%ci:%cp", "1..2.3:1", NULL },
  { "%HM %HU", "CONNECT h:443", "http_method=[CONNECT] http_uri=[h:443]" },
  { "%{+Q}r",
    "\"CONNECT h:443 HTTP/1.1\"",
    "http_request=[CONNECT h:443 HTTP/1.1] http_method=[CONNECT] http_uri=[h:443] http_version=[HTTP/1.1]" },
  { "%{+Q}r",
    "\"OPTIONS * HTTP/1.1\"",
    "http_request=[OPTIONS * HTTP/1.1] http_method=[OPTIONS] http_uri=[*] http_path=[*] http_version=[HTTP/1.1]" },

  /* other lines */
  { TCP, "", NULL },
  { TCP, "hello world", NULL },
  { TCP, "10.0.1.2:33313 [" DATE "] fnt/1: SSL handshake failure", NULL },
  { TCP, "10.0.1.2:33313 [" DATE "] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0 x", NULL },
  { TCP, "10.0.1.2:33313 [06-Feb-2009:12:12:51.443] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0", NULL },
  { TCP, "10.0.1.2:33313 [" DATE "] fnt bck/srv1 0/x/5007 212 -- 0/0/0/0/3 0/0", NULL },
  { TCP, "banana:33313 [" DATE "] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0", NULL },
  { "%ci:%cp x", "1:2:3:4 x", NULL },
  /* at the end of a line, too */
  { "%Tt %ci:%Tw:%Tc", "5 10.0.0.1:-1:5", "Tt=[5] client_ip=[10.0.0.1] Tw=[-1] Tc=[5]" },
  { "%Tt %ci:%Tw:%Tc", "5 10.0.0.1:-1:500000000", "Tt=[5] client_ip=[10.0.0.1] Tw=[-1] Tc=[500000000]" },
  { "%ci", "10.0.0.255", "client_ip=[10.0.0.255]" },
  { "%ci", "10.0.0.256", NULL },
  { "%ci", "256.0.0.10", NULL },
  { "%ci", "10.0.0.", NULL },
};

/* cut, these look like other ones */
static const Case AMBIGUOUS_WHEN_CUT[] = {
  /* a client's name of a server that looks like what follows */
  { "%ST %[ssl_fc_sni]/%sslv/%sslc",
    "200 evil/TLSv9/FAKE/TLSv1.3/TLS_AES_256_GCM_SHA384",
    "status_code=[200] ssl_fc_sni=[evil/TLSv9/FAKE] ssl_version=[TLSv1.3] ssl_ciphers=[TLS_AES_256_GCM_SHA384]" },
  /* a client's cookie that looks like the rest of a line */
  { HTTP,
    HTTP_HEAD "SID=x - ---- 9/9/9/9/9 0/0 {adm} \"GET /fake HTTP/1.1 -" HTTP_MIDDLE "{h} \"GET / HTTP/1.1\"",
    HTTP_HEAD_VALUES "captured_request_cookie=[SID=x - ---- 9/9/9/9/9 0/0 {adm} \"GET /fake HTTP/1.1] "
                     "captured_response_cookie=[-]" HTTP_MIDDLE_VALUES
                     "captured_request_headers=[h] request_header.1=[h] " GET NO_SSL },
  { HTTP,
    HTTP_HEAD "a=b c --NI 1/1 a=\"e\"" HTTP_MIDDLE "\"GET / HTTP/1.1\"",
    HTTP_HEAD_VALUES
    "captured_request_cookie=[a=b c --NI 1/1] captured_response_cookie=[a=\"e\"]" HTTP_MIDDLE_VALUES GET NO_SSL },
};

static gchar *
_parse(const LogFormat *format, const gchar *line, gsize length, LogLineResult *result)
{
  static LineValues values;
  LogLineMark mark;
  gchar *copy = exact_copy(line, length);
  gchar *text = NULL;

  log_line_mark_reset(&mark);
  *result = log_line_parse(format, copy, length, &values, &mark, G_MAXUINT);
  if (*result == LOG_LINE_TRUNCATED)
    log_line_parse_truncated(format, copy, length, &mark.end, &values);
  if (*result != LOG_LINE_DIFFERS)
    text = format_values(format->fields, &values);
  g_free(copy);
  return text;
}

static LogFormat *
_compile(const gchar *string)
{
  LogFormatError error;
  LogFormat *format = log_format_new(string, NULL, &error);

  cr_assert(format, "%s: %s at %zu", string, error.message, error.position);
  return format;
}

static void
_check(const Case *c)
{
  LogFormat *format = _compile(c->format);
  LogLineResult result;
  gchar *values = _parse(format, c->line, strlen(c->line), &result);

  cr_expect_str_eq(values ? values : "refused",
                   c->values ? c->values : "refused",
                   "%s\n%s\nis %s\nnot %s",
                   c->format,
                   c->line,
                   values,
                   c->values);
  cr_expect_eq(result, c->values ? LOG_LINE_FITS : LOG_LINE_DIFFERS, "%s", c->line);
  g_free(values);
  log_format_free(format);
}

Test(log_line, cases)
{
  for (guint i = 0; i < G_N_ELEMENTS(CASES); i++)
    _check(&CASES[i]);
  for (guint i = 0; i < G_N_ELEMENTS(AMBIGUOUS_WHEN_CUT); i++)
    _check(&AMBIGUOUS_WHEN_CUT[i]);
}

/* Each value of a line that is cut is one of the whole line, but for the last, which may be the beginning of one. */
static void
_expect_part_of(const gchar *line, gchar *whole, gchar *part)
{
  gchar **values = g_strsplit(part, "] ", -1);

  for (guint i = 0; values[i]; i++)
    {
      gchar *value = g_strdup(values[i]);

      if (g_str_has_prefix(value, "truncated=") || g_str_has_prefix(value, "frontend_ssl="))
        value[0] = 0;
      if (!strstr(whole, value))
        {
          /* of a string the end is missing: of what is split from it, too */
          gchar *name = g_strndup(value, strcspn(value, "=") + 1);
          cr_expect(g_str_has_prefix(name, "http_") || g_str_has_prefix(name, "captured_")
                      || g_str_has_prefix(name, "request_header") || g_str_has_prefix(name, "response_header")
                      || g_str_has_suffix(name, "_name=") || *name == 0,
                    "%s: \"%s\" is not in \"%s\"",
                    line,
                    value,
                    whole);
          g_free(name);
        }
      g_free(value);
    }
  g_strfreev(values);
}

Test(log_line, each_line_cut_anywhere)
{
  for (guint i = 0; i < G_N_ELEMENTS(CASES); i++)
    {
      if (!CASES[i].values)
        continue;
      LogFormat *format = _compile(CASES[i].format);
      for (gsize length = 0; length < strlen(CASES[i].line); length++)
        {
          LogLineResult result;
          gchar *values = _parse(format, CASES[i].line, length, &result);

          if (result == LOG_LINE_TRUNCATED)
            {
              cr_expect(strstr(values, "truncated=[true]"));
              _expect_part_of(CASES[i].line, (gchar *) CASES[i].values, values);
            }
          g_free(values);
        }
      log_format_free(format);
    }
}

/* A client sends what looks like the rest of the line. */
static const Case FORGED[] = {
  { HTTPS,
    HTTP_HEAD "x=1 x=r LR-- 1/1/0/0/0 0/0 \"GET /f HTTP/1.1\" 0 -" HTTP_MIDDLE "\"GET / HTTP/1.1\" 0/-/-/-/0 -/-/-",
    HTTP_HEAD_VALUES "captured_request_cookie=[x=1] captured_response_cookie=[x=r LR-- 1/1/0/0/0 0/0 \"GET /f "
                     "HTTP/1.1\" 0 -]" HTTP_MIDDLE_VALUES GET HTTPS_END_VALUES NO_SSL },
  { HTTPS,
    HTTP_HEAD "x=1 x=r LR-- 1/1/0/0/0 0/0 \"GET /f HTTP/1.1\" 0/-/-/-/0 a" HTTP_MIDDLE
              "\"GET / HTTP/1.1\" 0/-/-/-/0 -/-/-",
    HTTP_HEAD_VALUES "captured_request_cookie=[x=1] captured_response_cookie=[x=r LR-- 1/1/0/0/0 0/0 \"GET /f "
                     "HTTP/1.1\" 0/-/-/-/0 a]" HTTP_MIDDLE_VALUES GET HTTPS_END_VALUES NO_SSL },
};

Test(log_line, forged)
{
  for (guint i = 0; i < G_N_ELEMENTS(FORGED); i++)
    _check(&FORGED[i]);
}

#define FORGED_COOKIE "x=a - ---- 1/1/1/1/0 0/0 \"GET / HTTP/1.1\" 0/-/-/-/0 -/-/-"
#define FORGED_HEAD HTTP_HEAD FORGED_COOKIE " -"
#define FORGED_VALUES HTTP_HEAD_VALUES "captured_request_cookie=[" FORGED_COOKIE "] captured_response_cookie=[-]"

static const Case TRUNCATED[] = {
  { HTTP,
    HTTP_HEAD "- -" HTTP_MIDDLE "\"GET /ab",
    HTTP_HEAD_VALUES NO_COOKIES HTTP_MIDDLE_VALUES
    "http_request=[GET /ab] http_method=[GET] http_uri=[/ab] http_path=[/ab] frontend_ssl=[false] truncated=[true]" },
  { HTTP,
    HTTP_HEAD "- -" HTTP_MIDDLE "{ab|c",
    HTTP_HEAD_VALUES NO_COOKIES HTTP_MIDDLE_VALUES "captured_request_headers=[ab|c] request_header.1=[ab] "
                                                   "request_header.2=[c] frontend_ssl=[false] truncated=[true]" },
  /* more digits may be missing */
  { TCP,
    "10.0.1.2:33313 [" DATE "] fnt bck/srv1 0/0/50",
    "client_ip=[10.0.1.2] client_port=[33313] accept_date=[" DATE
    "] frontend_name=[fnt] backend_name=[bck] server_name=[srv1] Tw=[0] Tc=[0] frontend_ssl=[false] truncated=[true]" },
  { TCP,
    "10.0.1.2:33313 [" DATE "] fn",
    "client_ip=[10.0.1.2] client_port=[33313] accept_date=[" DATE "] frontend_name=[fn] truncated=[true]" },
  { HTTP,
    HTTP_HEAD "- -" HTTP_MIDDLE "\"GET /ab HTT",
    HTTP_HEAD_VALUES NO_COOKIES HTTP_MIDDLE_VALUES
    "http_request=[GET /ab HTT] http_method=[GET] http_uri=[/ab] http_path=[/ab] frontend_ssl=[false] "
    "truncated=[true]" },
  { "%ci %ST %Ta %{+Q}hrl",
    "::1 200 5 \"h\" \"i",
    "client_ip=[::1] status_code=[200] Ta=[5] captured_request_headers=[\"h\" \"i] "
    "request_header.1=[h] request_header.2=[i] truncated=[true]" },
  /* all but the last value of a short format */
  { "%ci %ST %{+Q}r",
    "127.0.0.1 200 \"GET /aa",
    "client_ip=[127.0.0.1] status_code=[200] http_request=[GET /aa] http_method=[GET] http_uri=[/aa] http_path=[/aa] "
    "truncated=[true]" },
  { "%Tt %Tw %si:%sp", "1 2 10.0.0.1", "Tt=[1] Tw=[2] truncated=[true]" },
  { "%Tt %Tw %Tc %ci:%cp:%sp %ST", "1 2 3 10.0.0.1:80", "Tt=[1] Tw=[2] Tc=[3] client_ip=[10.0.0.1] truncated=[true]" },
  { "%ci:%cp %{+Q}[a]", "::1:55 \"", "client_ip=[::1] client_port=[55] truncated=[true]" },
  { "%ci:%cp [%tr] \"%HU\" %ST",
    "10.0.0.1:5 [" DATE "] \"https://www.example.com/a?lo",
    "client_ip=[10.0.0.1] client_port=[5] request_date=[" DATE
    "] http_uri=[https://www.example.com/a?lo] truncated=[true]" },
  { "%ci:%cp [%tr] %HM,%HU,%ST",
    "10.0.0.1:5 [" DATE "] CONNECT,h:44",
    "client_ip=[10.0.0.1] client_port=[5] request_date=[" DATE
    "] http_method=[CONNECT] http_uri=[h:44] truncated=[true]" },
  { "%ci:%cp [%t] %HM %HPO %ST",
    "10.0.0.1:5 [" DATE "] GET ",
    "client_ip=[10.0.0.1] client_port=[5] accept_date=[" DATE "] http_method=[GET] truncated=[true]" },
  /* a cookie that looks like the rest of the line, which is cut elsewhere */
  { HTTPS,
    FORGED_HEAD HTTP_MIDDLE "{ua} \"GET /evil?aaaa",
    FORGED_VALUES HTTP_MIDDLE_VALUES
    "captured_request_headers=[ua] request_header.1=[ua] http_request=[GET /evil?aaaa] http_method=[GET] "
    "http_uri=[/evil?aaaa] http_path=[/evil] http_query=[aaaa] frontend_ssl=[false] truncated=[true]" },
  { HTTPS,
    FORGED_HEAD HTTP_MIDDLE "\"GET / HTTP/1.1\" 21",
    FORGED_VALUES HTTP_MIDDLE_VALUES GET NO_SSL " truncated=[true]" },
  { HTTPS,
    FORGED_HEAD " ---- 1/2",
    FORGED_VALUES " termination_state=[----] actconn=[1] frontend_ssl=[false] truncated=[true]" },
  { "%{+Q}[a]", "\"a", NULL },
  { "%ci:%cp %{+Q}[a] %{+Q}[b]", "::1:55 \"a", NULL },
  { TCP, "10.0.1.2:33313 [06/Feb/2", NULL },
  { "%[a] %[b] %r", "hello wor", NULL },
};

Test(log_line, truncated)
{
  for (guint i = 0; i < G_N_ELEMENTS(TRUNCATED); i++)
    {
      LogFormat *format = _compile(TRUNCATED[i].format);
      LogLineResult result;
      gchar *values = _parse(format, TRUNCATED[i].line, strlen(TRUNCATED[i].line), &result);

      if (TRUNCATED[i].values)
        cr_expect_str_eq(values, TRUNCATED[i].values, "%s\nis %s", TRUNCATED[i].line, values);
      cr_expect_neq(result, LOG_LINE_FITS);
      g_free(values);
      log_format_free(format);
    }
}

/* Thirty strings, and a line of three thousand bytes. */
Test(log_line, many_strings)
{
  GString *string = g_string_new("%ci"), *line = g_string_new("::1");
  LogFormat *format;
  LogLineResult result;

  for (guint i = 0; i < 30; i++)
    {
      g_string_append_printf(string, " %%[var(txn.k%u)]", i);
      g_string_append_printf(line, " %0100u", i);
    }
  format = _compile(string->str);
  g_free(_parse(format, line->str, line->len, &result));
  cr_expect_eq(result, LOG_LINE_FITS);
  log_format_free(format);
  g_string_free(string, TRUE);
  g_string_free(line, TRUE);
}

/*****************************************************************************
 * Time
 *****************************************************************************/

static void
_parse_only(gconstpointer format, const gchar *line, gsize length)
{
  LogLineResult result;

  g_free(_parse(format, line, length, &result));
}

static GString *
_repeat(const gchar *unit, gsize size)
{
  GString *line = g_string_new("10.0.1.2 ");

  while (line->len < size)
    g_string_append(line, unit);
  return line;
}

Test(log_line, lines_made_to_be_slow)
{
  static const struct
  {
    const gchar *format;
    const gchar *unit;
  } SLOW[] = {
    { "%ci %CC %CS %tsc %ac", " " },
    { "%ci %CC %CS %tsc %ac", " - -" },
    { "%ci %[a]|%[b]|%ST", "|" },
    { "%ci %{+Q}[a] %{+Q}[b] %ST", "\" " },
    { "%ci %r %[a] %[b] %ST", "a b" },
    { "%ci %[a]/%[b]/%[c]/%ST x", "1/" },
    { "%ci %hr %hs %{+Q}r", "{" },
    { "%ci %{+Q}hrl %{+Q}hsl", "\"\" " },
    { "%ci %fi:%fp x", "1:" },
    { "%[a],%HU,%ST", "," },
    { "%[a]:%si:%sp", ":" },
    { "%r:%ci %ST", ":" },
    { "%r %ST", "a " },
    { "%[a] %hr%hs\"%r\"", "\" " },
    { "%[a]b%s_%ST", "b_" },
    { "%[a],%HP%HQ,%ST", "," },
    { "%CC,%CS,%tsc", "," },
    { "%[a]:%s:%sp,", ":" },
    { "%[a]:%s:%sp,", ":a" },
    { "%[a]:%f:%fp x", ":b1" },
    { "%HU,%HP,%HQ,%HV,%ST", "," },
    { "%HU,%HP,%HQ,%HV,%ST", "?," },
    { "%[a],%HU,%HP,%HV.%ST", "a," },
    { "%[a],%HU,%[b],%HV.%ST", "a," },
    { "%b.%s-%f.%ST", ".-" },
  };

  for (guint i = 0; i < G_N_ELEMENTS(SLOW); i++)
    {
      LogFormat *format = _compile(SLOW[i].format);
      GString *short_line = _repeat(SLOW[i].unit, 64 * 1024);
      GString *long_line = _repeat(SLOW[i].unit, 1024 * 1024);

      cr_expect(cost_is_linear(_parse_only, format, short_line, long_line), "%s with %s", SLOW[i].format, SLOW[i].unit);
      g_string_free(short_line, TRUE);
      g_string_free(long_line, TRUE);
      log_format_free(format);
    }
}

/*****************************************************************************
 * Several formats
 *****************************************************************************/

static const struct
{
  const gchar *line;
  const gchar *format;
} FORMATS[] = {
  { "10.0.1.2:33313 [" DATE "] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0", "tcp" },
  { HTTP_HEAD "- -" HTTP_MIDDLE "\"GET / HTTP/1.1\"", "http" },
  { HTTP_HEAD "- -" HTTP_MIDDLE "\"GET / HTTP/1.1\" 0/0000000000000000/0/0/0 1wt.eu/TLSv1.3/TLS_AES_256_GCM_SHA384",
    "https" },
  { HTTP_HEAD "- -" HTTP_MIDDLE "\"GET / HTTP/1.1\" 0/-/-/-/0 -/-/-", "https" },
  { "127.0.0.1 - - [" ZONED_DATE
    "] \"GET / HTTP/1.1\" 200 123 \"\" \"\" 5000 123 \"f~\" \"b\" \"s\" 0 0 0 0 0 ---- 1 1 1 1 0 0 0 \"\" \"\" ",
    "http-clf" },
  { "127.0.0.1 - - [" ZONED_DATE "] \"GET / HTTP/1.1\" 200 123 \"\" \"\" 5000 123 \"f\" \"b\" \"s\" 0 0 0 0 0 ---- 1 1 "
    "1 1 0 0 0 \"\" \"\" \"a\" \"b c\"",
    "http-clf" },
  { "127.0.0.1 - - [" ZONED_DATE
    "] \"TCP \" 000 123 \"\" \"\" 5000 123 \"f\" \"b\" \"s\" 0 0 0 0 5 ---- 1 1 1 1 0 0 0 \"\" \"\" ",
    "tcp-clf" },
  { "Connect from 10.0.0.1:1 to 10.0.0.2:2 (f/TCP)", "connect" },
  { "10.0.1.2:33313 [" DATE "] fnt/1: SSL handshake failure", "error" },
  { "Proxy f started.", "event" },
  /* cut where nobody knows whether it is TCP or HTTP; and where it is the same for HTTP and HTTPS */
  { "10.0.1.2:33313 [" DATE "] fnt bck/srv1 0/0", NULL },
  { "10.0.1.2:33313 [" DATE "] fnt bck/srv1 0/0/5007 212 -- 0/0/0", "tcp" },
  { HTTP_HEAD "- -" HTTP_MIDDLE "\"GET /", "http" },
  /* what is behind the request is HTTPS only */
  { HTTP_HEAD "- -" HTTP_MIDDLE "\"GET / HTTP/1.1\" 0/00000", "https" },
  { HTTP_HEAD "- -" HTTP_MIDDLE "\"GET / HTTP/1.1\" 0/0/0/0/0 1wt.eu/TLSv1.", "https" },
  { "hello", NULL },
  { "", NULL },
};

Test(log_line, built_in_formats)
{
  static LineValues values;
  GArray *formats = line_formats_new();
  LogFormatHeaderNames names = { NULL, NULL };

  for (const gchar *const *name = line_formats_get_built_in_names(); *name; name++)
    cr_assert(line_formats_add_built_in(formats, *name, &names));
  cr_expect_not(line_formats_add_built_in(formats, "foo", &names));
  for (guint i = 0; i < G_N_ELEMENTS(FORMATS); i++)
    {
      gchar *copy = exact_copy(FORMATS[i].line, strlen(FORMATS[i].line));
      const LineFormat *format = line_formats_parse(formats, copy, strlen(FORMATS[i].line), &values);

      cr_expect_str_eq(
        format ? format->name : "none", FORMATS[i].format ? FORMATS[i].format : "none", "%s", FORMATS[i].line);
      g_free(copy);
    }
  g_array_free(formats, TRUE);
}

/* The second format begins like the first, with a string that ends elsewhere in it. */
Test(log_line, formats_that_begin_alike)
{
  static const gchar line[] = "u 1.2.3.4 80 q+5";
  static LineValues values;
  GArray *formats = line_formats_new();
  LogFormatHeaderNames names = { NULL, NULL };
  LogFormatError error;

  cr_assert(line_formats_add_custom(formats, "%[a] %ci %[b]-%ST", &names, &error));
  cr_assert(line_formats_add_custom(formats, "%[a] %cp %[b]+%ST", &names, &error));
  const LineFormat *format = line_formats_parse(formats, line, strlen(line), &values);
  cr_assert(format);
  gchar *text = format_values(format->fields, &values);
  cr_expect_str_eq(text, "a=[u 1.2.3.4] client_port=[80] b=[q] status_code=[5]", "%s", text);
  g_free(text);
  g_array_free(formats, TRUE);
}

/* that begin alike, each with a string or two that may end elsewhere */
static const gchar *const ALIKE[] = {
  "%ci %CC %CS %tsc",     "%ci %CC %CS %tsc %ST",      "%ci %CC %CS %ST",         "%ci %CC %[a] %ST",
  "%ci %CC %CS|%ST",      "%ci %[a] %CS %ST",          "%ci %[a] %CC %CS %ST %b", "%ci %[a] %{+Q}[b] %ST",
  "%ci %[a] %{+Q}[b] %b", "%ci %{+Q}[a] %{+Q}[b] %ST",
};
static const gchar *const BEHIND[] = {
  "- - ---- 200",         "- SID=a b ---- 200",         "SID=x y SID=a b ---- 200",
  "SID=x y SID=a b ----", "SID=x y other=a b ---- 200", "SID=x y other=a b 200",
  "a b - SID=1 200",      "a b - SID=1 200 back",       "a \"b\" c\" 200",
  "a \"b\" \"c\" 200",    "\"a\" b\" \"c\" 200",        "SID=x SID=y|200",
  "SID=x y|z SID=y|200",
};

static gchar *
_parse_as(const gchar *const *strings, guint count, const gchar *line, guint *which)
{
  static LineValues values;
  GArray *formats = line_formats_new();
  LogFormatHeaderNames names = { NULL, NULL };
  LogFormatError error;
  gchar *text = NULL;

  for (guint i = 0; i < count; i++)
    cr_assert(line_formats_add_custom(formats, strings[i], &names, &error));
  const LineFormat *format = line_formats_parse(formats, line, strlen(line), &values);
  if (format)
    {
      text = format_values(format->fields, &values);
      *which = format - (const LineFormat *) formats->data;
    }
  g_array_free(formats, TRUE);
  return text;
}

static void
_expect_as_if_alone(const gchar *const *strings, guint count, const gchar *line)
{
  guint which = 0, ignored;
  gchar *text = _parse_as(strings, count, line, &which);
  gchar *alone = text ? _parse_as(&strings[which], 1, line, &ignored) : NULL;

  cr_expect_str_eq(text ? text : "none",
                   alone ? alone : "none",
                   "%s: %s behind %s and %s is %s, not %s",
                   line,
                   strings[which],
                   strings[0],
                   strings[1],
                   text,
                   alone);
  if (text && strstr(text, "truncated"))
    which = count;
  for (guint i = 0; i < (text ? which : count); i++)
    {
      gchar *earlier = _parse_as(&strings[i], 1, line, &ignored);

      cr_expect(!earlier || strstr(earlier, "truncated"), "%s: %s alone is %s", line, strings[i], earlier);
      g_free(earlier);
    }
  g_free(text);
  g_free(alone);
}

static void
_expect_all_as_if_alone(const gchar *const *formats, guint count, const gchar *line)
{
  for (guint first = 0; first < count; first++)
    for (guint second = 0; second < count; second++)
      for (guint third = 0; third < count; third++)
        _expect_as_if_alone((const gchar *[]){ formats[first], formats[second], formats[third] }, 3, line);
}

/* What a format gives does not depend on those in front of it. */
Test(log_line, formats_behind_others)
{
  for (guint i = 0; i < G_N_ELEMENTS(BEHIND); i++)
    {
      gchar *line = g_strconcat("10.0.1.2 ", BEHIND[i], NULL);

      _expect_all_as_if_alone(ALIKE, G_N_ELEMENTS(ALIKE), line);
      g_free(line);
    }
}

/* The values of these end where others do, since something else stands behind what they have in common. */
Test(log_line, values_behind_others)
{
  static const gchar *const FORMATS_ALIKE[] = {
    "%ST %b:%bp %B",      "%ST %b:%bp:%rt %HM",  "%ST %b:%s %ts",   "%ST %b:%bp X", "%ST %b:%bp:%[x]",
    "%ST %HPO%HQ %B",     "%ST %HPO %HV",        "%ST %HPO%HQ|%HV", "%ST %HU/x %B", "%ST %HU/y %B",
    "%ST %ci:%cp %B",     "%ST %ci:%cp:%ms %HM", "%ST %ci",         "%ST %ci:%cp",  "%ST %[a]/x",
    "%ST %[a]/y %{+Q}HM", "%ST %{+Q}[a] %B",     "%ST %{+Q}[a]|%B",
  };
  static const gchar *const LINES[] = {
    "200 a:12 5",      "200 a:12:13 GET",  "200 a:b:13 --",
    "200 a:12:13",     "200 <BADREQ> b=c", "200 <BADREQ><BADREQ> 5",
    "200 /a/x/y 5",    "200 /a/x 5",       "200 /a?b=c|d 5",
    "200 /a|d",        "200 ::1:80 5",     "200 ::1:80:5 GET",
    "200 ::1:80",      "200 ::1",          "200 /x/y \"GET\"",
    "200 \"a\" b\" 5", "200 \"a\" b\"|5",
  };

  for (guint i = 0; i < G_N_ELEMENTS(LINES); i++)
    _expect_all_as_if_alone(FORMATS_ALIKE, G_N_ELEMENTS(FORMATS_ALIKE), LINES[i]);
}
