/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "proxy-protocol-parser.h"
#include "proxy-protocol-grammar.h"

#if SYSLOG_NG_ENABLE_DEBUG
extern int proxy_protocol_debug;
#endif

int proxy_protocol_parse(CfgLexer *lexer, LogDriver **instance, gpointer arg);

static void
_cleanup(gpointer driver)
{
  log_pipe_unref((LogPipe *) driver);
}

#define KEYWORD(name, token)                                                                                           \
  {                                                                                                                    \
    .kw_name = name, .kw_token = token                                                                                 \
  }

static CfgLexerKeyword proxy_protocol_keywords[] = {
  KEYWORD("proxy_protocol", KW_PROXY_PROTOCOL),

  KEYWORD("ip", KW_IP),
  KEYWORD("localip", KW_LOCALIP),
  KEYWORD("port", KW_PORT),
  KEYWORD("localport", KW_LOCALPORT),
  KEYWORD("ip_protocol", KW_IP_PROTOCOL),
  KEYWORD("transport", KW_TRANSPORT),
  KEYWORD("listen_backlog", KW_LISTEN_BACKLOG),
  KEYWORD("keep_alive", KW_KEEP_ALIVE),
  KEYWORD("max_connections", KW_MAX_CONNECTIONS),
  KEYWORD("dynamic_window_size", KW_DYNAMIC_WINDOW_SIZE),
  KEYWORD("dynamic_window_stats_freq", KW_DYNAMIC_WINDOW_STATS_FREQ),
  KEYWORD("dynamic_window_realloc_ticks", KW_DYNAMIC_WINDOW_REALLOC_TICKS),

  KEYWORD("so_rcvbuf", KW_SO_RCVBUF),
  KEYWORD("so_sndbuf", KW_SO_SNDBUF),
  KEYWORD("so_broadcast", KW_SO_BROADCAST),
  KEYWORD("so_keepalive", KW_SO_KEEPALIVE),
  KEYWORD("so_reuseport", KW_SO_REUSEPORT),
  KEYWORD("ip_ttl", KW_IP_TTL),
  KEYWORD("ip_tos", KW_IP_TOS),
  KEYWORD("ip_freebind", KW_IP_FREEBIND),
  KEYWORD("interface", KW_INTERFACE),
  KEYWORD("tcp_keep_alive", KW_SO_KEEPALIVE),
  KEYWORD("tcp_keepalive", KW_SO_KEEPALIVE),
  KEYWORD("tcp_keepalive_time", KW_TCP_KEEPALIVE_TIME),
  KEYWORD("tcp_keepalive_probes", KW_TCP_KEEPALIVE_PROBES),
  KEYWORD("tcp_keepalive_intvl", KW_TCP_KEEPALIVE_INTVL),

  KEYWORD("multi_line_mode", KW_MULTI_LINE_MODE),

  KEYWORD("tls", KW_TLS),
  KEYWORD("peer_verify", KW_PEER_VERIFY),
  KEYWORD("key_file", KW_KEY_FILE),
  KEYWORD("cert_file", KW_CERT_FILE),
  KEYWORD("keylog_file", KW_KEYLOG_FILE),
  KEYWORD("dhparam_file", KW_DHPARAM_FILE),
  KEYWORD("pkcs12_file", KW_PKCS12_FILE),
  KEYWORD("ca_dir", KW_CA_DIR),
  KEYWORD("crl_dir", KW_CRL_DIR),
  KEYWORD("ca_file", KW_CA_FILE),
  KEYWORD("trusted_keys", KW_TRUSTED_KEYS),
  KEYWORD("trusted_dn", KW_TRUSTED_DN),
  KEYWORD("cipher_suite", KW_CIPHER_SUITE),
  KEYWORD("tls12_and_older", KW_TLS12_AND_OLDER),
  KEYWORD("tls13", KW_TLS13),
  KEYWORD("sigalgs", KW_SIGALGS),
  KEYWORD("client_sigalgs", KW_CLIENT_SIGALGS),
  KEYWORD("ecdh_curve_list", KW_ECDH_CURVE_LIST),
  KEYWORD("curve_list", KW_ECDH_CURVE_LIST),
  KEYWORD("ssl_options", KW_SSL_OPTIONS),
  KEYWORD("ssl_version", KW_SSL_VERSION),
  KEYWORD("openssl_conf_cmds", KW_OPENSSL_CONF_CMDS),
  KEYWORD("allow_compress", KW_ALLOW_COMPRESS),

  KEYWORD("trusted_proxies", KW_TRUSTED_PROXIES),
  KEYWORD("untrusted_peers", KW_UNTRUSTED_PEERS),
  KEYWORD("header_timeout", KW_HEADER_TIMEOUT),
  KEYWORD("max_pending_headers", KW_MAX_PENDING_HEADERS),
  KEYWORD("max_header_size", KW_MAX_HEADER_SIZE),
  KEYWORD("protocol_version", KW_PROTOCOL_VERSION),
  KEYWORD("source_address", KW_SOURCE_ADDRESS),
  KEYWORD("macro_prefix", KW_MACRO_PREFIX),
  KEYWORD("framing", KW_FRAMING),

  KEYWORD(NULL, 0),
};

CfgParser proxy_protocol_parser = {
#if SYSLOG_NG_ENABLE_DEBUG
  .debug_flag = &proxy_protocol_debug,
#endif
  .name = "proxy-protocol",
  .keywords = proxy_protocol_keywords,
  .parse = (gint(*)(CfgLexer *, gpointer *, gpointer)) proxy_protocol_parse,
  .cleanup = _cleanup,
};

/* syslog-ng's macro makes functions that do not need all of what bison gives them */
#pragma GCC diagnostic ignored "-Wunused-parameter"
CFG_PARSER_IMPLEMENT_LEXER_BINDING(proxy_protocol_, PROXY_PROTOCOL_, LogDriver **)
