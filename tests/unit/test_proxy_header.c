/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "proxy-header.h"

#include <criterion/criterion.h>
#include <gio/gio.h>
#include <string.h>

#define BYTES(literal) (literal), sizeof(literal) - 1

/* A verdict is text, so that tables can hold it and failures can show it. */
#define ACCEPTED "accepted: "
#define REFUSED "refused: "
#define INCOMPLETE "incomplete"

#define NO_ADDRESSES ACCEPTED "no addresses"
#define NOT_A_HEADER REFUSED "this is not a PROXY protocol header"
#define BAD_PROTOCOL REFUSED "the protocol is not TCP4, TCP6 or UNKNOWN"
#define BAD_SPACING REFUSED "fields are not separated by exactly one space"
#define BAD_SOURCE_4 REFUSED "the source is not an IPv4 address"
#define BAD_SOURCE_6 REFUSED "the source is not an IPv6 address"
#define BAD_DESTINATION_4 REFUSED "the destination is not an IPv4 address"
#define BAD_DESTINATION_6 REFUSED "the destination is not an IPv6 address"
#define BAD_SOURCE_PORT REFUSED "the source port is not a number from 0 to 65535"
#define BAD_DESTINATION_PORT REFUSED "the destination port is not a number from 0 to 65535"
#define TOO_EARLY REFUSED "the line ends too early"
#define TOO_LATE REFUSED "the line goes on behind the destination port"
#define LF_ONLY REFUSED "the line ends in LF, not in CRLF"
#define NO_CRLF REFUSED "no CRLF within the first 107 bytes"

#define FFFF_8 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
#define MAPPED_45 "0000:0000:0000:0000:0000:ffff:255.255.255.255"
#define LONGEST_TCP4 "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"
#define LONGEST_TCP6 "PROXY TCP6 " FFFF_8 " " FFFF_8 " 65535 65535\r\n"
#define LONGEST_UNKNOWN "PROXY UNKNOWN " FFFF_8 " " FFFF_8 " 65535 65535\r\n"

/* Headers that differ in one field only. */
#define TCP4_FROM(source) "PROXY TCP4 " source " 198.51.100.1 56324 443\r\n"
#define TCP4_TO(destination) "PROXY TCP4 192.0.2.1 " destination " 56324 443\r\n"
#define TCP6_FROM(source) "PROXY TCP6 " source " 2001:db8::2 56324 443\r\n"
#define TCP6_TO(destination) "PROXY TCP6 2001:db8::1 " destination " 56324 443\r\n"
#define SOURCE_PORT(port) "PROXY TCP4 192.0.2.1 198.51.100.1 " port " 443\r\n"
#define DESTINATION_PORT(port) "PROXY TCP4 192.0.2.1 198.51.100.1 56324 " port "\r\n"
#define FROM_4(source) ACCEPTED source " 198.51.100.1 56324 443"
#define FROM_6(source) ACCEPTED source " 2001:db8::2 56324 443"
#define TO_6(destination) ACCEPTED "2001:db8::1 " destination " 56324 443"
#define PORTS(source, destination) ACCEPTED "192.0.2.1 198.51.100.1 " source " " destination

typedef struct _Sentence
{
  const gchar *text;
  const gchar *data;
  gsize length;
  const gchar *verdict;
} Sentence;

/* Section 2.1 of the specification, in its order. */
static const Sentence SENTENCES[] = {
  { "one line, matching exactly the following block", BYTES(TCP4_FROM("192.0.2.1")), FROM_4("192.0.2.1") },
  { "one line: nothing at all yet", BYTES(""), INCOMPLETE },
  { "US-ASCII text: other digits", BYTES(TCP4_FROM("192.0.2.\xd9\xa1")), BAD_SOURCE_4 },
  { "US-ASCII text: NUL behind the protocol", BYTES("PROXY TCP4\0 192.0.2.1 198.51.100.1 1 2\r\n"), BAD_PROTOCOL },
  { "US-ASCII text: NUL behind the source", BYTES(TCP4_FROM("192.0.2.1\0")), BAD_SOURCE_4 },
  { "US-ASCII text: NUL behind the destination", BYTES(TCP6_TO("2001:db8::2\0")), BAD_DESTINATION_6 },
  { "US-ASCII text: NUL behind the source port", BYTES(SOURCE_PORT("56324\0")), BAD_SOURCE_PORT },
  { "US-ASCII text: NUL behind the destination port", BYTES(DESTINATION_PORT("443\0")), BAD_DESTINATION_PORT },
  { "prepended before any data: a space", BYTES(" PROXY UNKNOWN\r\n"), NOT_A_HEADER },
  { "prepended before any data: a line end", BYTES("\r\nPROXY UNKNOWN\r\n"), NOT_A_HEADER },
  { "prepended before any data: a message", BYTES("<13>PROXY UNKNOWN\r\n"), NOT_A_HEADER },
  { "prepended before any data: a byte order mark", BYTES("\xef\xbb\xbfPROXY UNKNOWN\r\n"), NOT_A_HEADER },

  { "the string PROXY: in lower case", BYTES("proxy TCP4 192.0.2.1 198.51.100.1 1 2\r\n"), NOT_A_HEADER },
  { "the string PROXY: one letter short", BYTES("PROX TCP4 192.0.2.1 198.51.100.1 1 2\r\n"), NOT_A_HEADER },
  { "the string PROXY: one letter more", BYTES("PROXYS TCP4 192.0.2.1 198.51.100.1 1 2\r\n"), NOT_A_HEADER },
  { "the string PROXY: a NUL behind it", BYTES("PROXY\0 TCP4 192.0.2.1 198.51.100.1 1 2\r\n"), NOT_A_HEADER },
  { "the string PROXY: alone", BYTES("PROXY\r\n"), NOT_A_HEADER },

  { "exactly one space behind PROXY: none", BYTES("PROXYTCP4 192.0.2.1 198.51.100.1 1 2\r\n"), NOT_A_HEADER },
  { "exactly one space behind PROXY: a tab", BYTES("PROXY\tTCP4 192.0.2.1 198.51.100.1 1 2\r\n"), NOT_A_HEADER },
  { "exactly one space behind PROXY: two", BYTES("PROXY  TCP4 192.0.2.1 198.51.100.1 1 2\r\n"), BAD_SPACING },
  { "exactly one space behind PROXY: nothing more", BYTES("PROXY \r\n"), TOO_EARLY },

  { "only TCP4 and TCP6 are allowed: TCP4", BYTES(TCP4_FROM("1.2.3.4")), FROM_4("1.2.3.4") },
  { "only TCP4 and TCP6 are allowed: TCP6", BYTES(TCP6_FROM("2001:db8::1")), FROM_6("2001:db8::1") },
  { "only TCP4 and TCP6 are allowed: TCP", BYTES("PROXY TCP 1.2.3.4 5.6.7.8 1 2\r\n"), BAD_PROTOCOL },
  { "only TCP4 and TCP6 are allowed: TCP5", BYTES("PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n"), BAD_PROTOCOL },
  { "only TCP4 and TCP6 are allowed: TCP44", BYTES("PROXY TCP44 1.2.3.4 5.6.7.8 1 2\r\n"), BAD_PROTOCOL },
  { "only TCP4 and TCP6 are allowed: UDP4", BYTES("PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n"), BAD_PROTOCOL },
  { "only TCP4 and TCP6 are allowed: tcp4", BYTES("PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n"), BAD_PROTOCOL },
  { "others must be reported as UNKNOWN", BYTES("PROXY UNKNOWN\r\n"), NO_ADDRESSES },
  { "others must be reported as UNKNOWN: in lower case", BYTES("PROXY unknown\r\n"), BAD_PROTOCOL },
  { "others must be reported as UNKNOWN: a letter short", BYTES("PROXY UNKNOW\r\n"), BAD_PROTOCOL },
  { "others must be reported as UNKNOWN: a letter more", BYTES("PROXY UNKNOWNS\r\n"), BAD_PROTOCOL },
  { "others must be reported as UNKNOWN: NUL behind it", BYTES("PROXY UNKNOWN\0\r\n"), BAD_PROTOCOL },
  { "UNKNOWN: the rest may be omitted, but not the CRLF", BYTES("PROXY UNKNOWN\n"), LF_ONLY },
  { "UNKNOWN: ignore anything: addresses", BYTES("PROXY UNKNOWN 1.2.3.4 5.6.7.8 1 2\r\n"), NO_ADDRESSES },
  { "UNKNOWN: ignore anything: bad addresses", BYTES("PROXY UNKNOWN 999.2.3.4 banana -1 x\r\n"), NO_ADDRESSES },
  { "UNKNOWN: ignore anything: one space", BYTES("PROXY UNKNOWN \r\n"), NO_ADDRESSES },
  { "UNKNOWN: ignore anything: many spaces", BYTES("PROXY UNKNOWN    x   \r\n"), NO_ADDRESSES },
  { "UNKNOWN: ignore anything: binary", BYTES("PROXY UNKNOWN \0\x01\x7f\x80\xff\t\r\n"), NO_ADDRESSES },
  { "UNKNOWN: ignore anything: a CR", BYTES("PROXY UNKNOWN \r \r\r\n"), NO_ADDRESSES },
  { "UNKNOWN: ignore anything: a LF", BYTES("PROXY UNKNOWN x\ny\n\n\r\n"), NO_ADDRESSES },

  { "exactly one space behind the protocol: two", BYTES(TCP4_FROM(" 192.0.2.1")), BAD_SPACING },
  { "exactly one space behind the protocol: a tab", BYTES("PROXY TCP4\t192.0.2.1 198.51.100.1 1 2\r\n"), BAD_PROTOCOL },
  { "exactly one space behind the protocol: nothing more", BYTES("PROXY TCP4 \r\n"), TOO_EARLY },
  { "exactly one space behind the protocol: not even it", BYTES("PROXY TCP6\r\n"), TOO_EARLY },

  { "4 integers: three", BYTES(TCP4_FROM("192.0.2")), BAD_SOURCE_4 },
  { "4 integers: five", BYTES(TCP4_FROM("192.0.2.1.1")), BAD_SOURCE_4 },
  { "4 integers: one", BYTES(TCP4_FROM("3221225985")), BAD_SOURCE_4 },
  { "4 integers: one is empty", BYTES(TCP4_FROM("192.0..1")), BAD_SOURCE_4 },
  { "4 integers: letters", BYTES(TCP4_FROM("localhost")), BAD_SOURCE_4 },
  { "4 integers: far too long", BYTES(TCP4_FROM("192.0.2.1.192.0.2.1.192.0.2.1.192.0.2.1.192.0.2.1.1")), BAD_SOURCE_4 },
  { "in the range [0..255]: 0", BYTES(TCP4_FROM("0.0.0.0")), FROM_4("0.0.0.0") },
  { "in the range [0..255]: 255", BYTES(TCP4_FROM("255.255.255.255")), FROM_4("255.255.255.255") },
  { "in the range [0..255]: 256", BYTES(TCP4_FROM("192.0.2.256")), BAD_SOURCE_4 },
  { "in the range [0..255]: 999", BYTES(TCP4_FROM("999.2.3.4")), BAD_SOURCE_4 },
  { "in the range [0..255]: 4294967297", BYTES(TCP4_FROM("192.0.2.4294967297")), BAD_SOURCE_4 },
  { "in the range [0..255]: -1", BYTES(TCP4_FROM("192.0.2.-1")), BAD_SOURCE_4 },
  { "decimal representation: hexadecimal", BYTES(TCP4_FROM("0xc0.0.2.1")), BAD_SOURCE_4 },
  { "decimal representation: a sign", BYTES(TCP4_FROM("192.0.2.+1")), BAD_SOURCE_4 },
  { "exactly one dot: two", BYTES(TCP4_FROM("192..0.2.1")), BAD_SOURCE_4 },
  { "exactly one dot: one in front", BYTES(TCP4_FROM(".192.0.2.1")), BAD_SOURCE_4 },
  { "exactly one dot: one behind", BYTES(TCP4_FROM("192.0.2.1.")), BAD_SOURCE_4 },
  { "exactly one dot: a comma", BYTES(TCP4_FROM("192.0.2,1")), BAD_SOURCE_4 },
  { "heading zeroes in an address: 01", BYTES(TCP4_FROM("192.0.2.01")), BAD_SOURCE_4 },
  { "heading zeroes in an address: 00", BYTES(TCP4_FROM("192.00.2.1")), BAD_SOURCE_4 },
  { "heading zeroes in an address: 0192", BYTES(TCP4_FROM("0192.0.2.1")), BAD_SOURCE_4 },

  { "IPv6: sets of 4 digits", BYTES(TCP6_FROM("2001:0db8:0000:0000:0000:0000:0000:0001")), FROM_6("2001:db8::1") },
  { "IPv6: sets of 4 digits, fewer as usual", BYTES(TCP6_FROM("2001:db8:0:0:0:0:0:1")), FROM_6("2001:db8::1") },
  { "IPv6: sets of 4 digits: 5", BYTES(TCP6_FROM("2001:00db8::1")), BAD_SOURCE_6 },
  { "IPv6: hexadecimal digits: g", BYTES(TCP6_FROM("2001:dbg::1")), BAD_SOURCE_6 },
  { "IPv6: upper or lower case", BYTES(TCP6_FROM("2001:DB8::aBcD")), FROM_6("2001:db8::abcd") },
  { "IPv6: delimited by colons: by dots", BYTES(TCP6_FROM("2001.db8.0.0.0.0.0.1")), BAD_SOURCE_6 },
  { "IPv6: delimited by colons: one in front", BYTES(TCP6_FROM(":2001:db8::1")), BAD_SOURCE_6 },
  { "IPv6: delimited by colons: one behind", BYTES(TCP6_FROM("2001:db8::1:")), BAD_SOURCE_6 },
  { "IPv6: one double colon: alone", BYTES(TCP6_FROM("::")), FROM_6("::") },
  { "IPv6: one double colon: in front", BYTES(TCP6_FROM("::1")), FROM_6("::1") },
  { "IPv6: one double colon: behind", BYTES(TCP6_FROM("2001:db8::")), FROM_6("2001:db8::") },
  { "IPv6: one double colon: two", BYTES(TCP6_FROM("2001::db8::1")), BAD_SOURCE_6 },
  { "IPv6: one double colon: a triple one", BYTES(TCP6_FROM("2001:::1")), BAD_SOURCE_6 },
  { "IPv6: exactly 128 bits: 7 sets", BYTES(TCP6_FROM("1:2:3:4:5:6:7")), BAD_SOURCE_6 },
  { "IPv6: exactly 128 bits: 8 sets", BYTES(TCP6_FROM("1:2:3:4:5:6:7:8")), FROM_6("1:2:3:4:5:6:7:8") },
  { "IPv6: exactly 128 bits: 9 sets", BYTES(TCP6_FROM("1:2:3:4:5:6:7:8:9")), BAD_SOURCE_6 },
  { "IPv6: exactly 128 bits: 8 sets and a double colon", BYTES(TCP6_FROM("1:2:3:4::5:6:7:8")), BAD_SOURCE_6 },
  { "IPv6: no zone", BYTES(TCP6_FROM("fe80::1%lo")), BAD_SOURCE_6 },
  { "IPv6: no brackets", BYTES(TCP6_FROM("[2001:db8::1]")), BAD_SOURCE_6 },
  { "IPv6: no prefix length", BYTES(TCP6_FROM("2001:db8::1/128")), BAD_SOURCE_6 },
  /* not in the specification, but HAProxy writes so what it got from an IPv4 client on a dual stack socket */
  { "IPv6: a mapped IPv4 address", BYTES(TCP6_FROM("::ffff:192.0.2.1")), FROM_6("::ffff:192.0.2.1") },
  { "IPv6: a mapped IPv4 address: in full",
    BYTES("PROXY TCP6 " MAPPED_45 " ::1 65535 65535\r\n"),
    ACCEPTED "::ffff:255.255.255.255 ::1 65535 65535" },
  { "IPv6: a mapped IPv4 address: one byte too long", BYTES(TCP6_FROM(MAPPED_45 "5")), BAD_SOURCE_6 },
  { "IPv6: a mapped IPv4 address: heading zeroes", BYTES(TCP6_FROM("::ffff:192.0.2.01")), BAD_SOURCE_6 },
  { "the family dictates the format: IPv6 in TCP4", BYTES(TCP4_FROM("2001:db8::1")), BAD_SOURCE_4 },
  { "the family dictates the format: mapped IPv4 in TCP4", BYTES(TCP4_FROM("::ffff:192.0.2.1")), BAD_SOURCE_4 },
  { "the family dictates the format: IPv4 in TCP6", BYTES(TCP6_FROM("192.0.2.1")), BAD_SOURCE_6 },

  { "exactly one space behind the source: two", BYTES(TCP4_TO(" 198.51.100.1")), BAD_SPACING },
  { "exactly one space behind the source: a tab", BYTES("PROXY TCP4 192.0.2.1\t198.51.100.1 1 2\r\n"), BAD_SOURCE_4 },
  { "exactly one space behind the source: nothing more", BYTES("PROXY TCP4 192.0.2.1 \r\n"), TOO_EARLY },
  { "exactly one space behind the source: not even it", BYTES("PROXY TCP4 192.0.2.1\r\n"), TOO_EARLY },

  { "the destination, the same format: three integers", BYTES(TCP4_TO("198.51.100")), BAD_DESTINATION_4 },
  { "the destination, the same format: 256", BYTES(TCP4_TO("198.51.100.256")), BAD_DESTINATION_4 },
  { "the destination, the same format: heading zeroes", BYTES(TCP4_TO("198.51.100.01")), BAD_DESTINATION_4 },
  { "the destination, the same format: 9 sets", BYTES(TCP6_TO("1:2:3:4:5:6:7:8:9")), BAD_DESTINATION_6 },
  { "the destination, the same format: upper case", BYTES(TCP6_TO("2001:DB8::A")), TO_6("2001:db8::a") },
  { "the destination matches the same family: TCP4", BYTES(TCP4_TO("2001:db8::2")), BAD_DESTINATION_4 },
  { "the destination matches the same family: TCP6", BYTES(TCP6_TO("198.51.100.1")), BAD_DESTINATION_6 },

  { "exactly one space behind the destination: two", BYTES(SOURCE_PORT(" 56324")), BAD_SPACING },
  { "exactly one space behind the destination: a tab",
    BYTES("PROXY TCP4 1.1.1.1 2.2.2.2\t1 2\r\n"),
    BAD_DESTINATION_4 },
  { "exactly one space behind the destination: nothing more", BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 \r\n"), TOO_EARLY },
  { "exactly one space behind the destination: not even it", BYTES("PROXY TCP4 1.2.3.4 5.6.7.8\r\n"), TOO_EARLY },

  { "a source port in [0..65535]: 0", BYTES(SOURCE_PORT("0")), PORTS("0", "443") },
  { "a source port in [0..65535]: 65535", BYTES(SOURCE_PORT("65535")), PORTS("65535", "443") },
  { "a source port in [0..65535]: 65536", BYTES(SOURCE_PORT("65536")), BAD_SOURCE_PORT },
  { "a source port in [0..65535]: 99999", BYTES(SOURCE_PORT("99999")), BAD_SOURCE_PORT },
  { "a source port in [0..65535]: 100000", BYTES(SOURCE_PORT("100000")), BAD_SOURCE_PORT },
  { "a source port in [0..65535]: 2^32 + 1", BYTES(SOURCE_PORT("4294967297")), BAD_SOURCE_PORT },
  { "a source port in [0..65535]: 2^64 + 1", BYTES(SOURCE_PORT("18446744073709551617")), BAD_SOURCE_PORT },
  { "a source port is a decimal integer: a sign", BYTES(SOURCE_PORT("+5")), BAD_SOURCE_PORT },
  { "a source port is a decimal integer: negative", BYTES(SOURCE_PORT("-5")), BAD_SOURCE_PORT },
  { "a source port is a decimal integer: letters", BYTES(SOURCE_PORT("abc")), BAD_SOURCE_PORT },
  { "a source port is a decimal integer: hexadecimal", BYTES(SOURCE_PORT("0x50")), BAD_SOURCE_PORT },
  { "a source port is a decimal integer: a fraction", BYTES(SOURCE_PORT("1.0")), BAD_SOURCE_PORT },
  { "heading zeroes in the source port: 01", BYTES(SOURCE_PORT("01")), BAD_SOURCE_PORT },
  { "heading zeroes in the source port: 00", BYTES(SOURCE_PORT("00")), BAD_SOURCE_PORT },
  { "heading zeroes in the source port: 00443", BYTES(SOURCE_PORT("00443")), BAD_SOURCE_PORT },

  { "exactly one space behind the source port: two", BYTES(DESTINATION_PORT(" 443")), BAD_SPACING },
  { "exactly one space behind the source port: a tab", BYTES(DESTINATION_PORT("1\t2")), BAD_DESTINATION_PORT },
  { "exactly one space behind the source port: nothing more", BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1 \r\n"), TOO_EARLY },
  { "exactly one space behind the source port: not even it", BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n"), TOO_EARLY },

  { "a destination port in [0..65535]: 0", BYTES(DESTINATION_PORT("0")), PORTS("56324", "0") },
  { "a destination port in [0..65535]: 65535", BYTES(DESTINATION_PORT("65535")), PORTS("56324", "65535") },
  { "a destination port in [0..65535]: 65536", BYTES(DESTINATION_PORT("65536")), BAD_DESTINATION_PORT },
  { "a destination port in [0..65535]: 100000", BYTES(DESTINATION_PORT("100000")), BAD_DESTINATION_PORT },
  { "a destination port in [0..65535]: 2^32 + 1", BYTES(DESTINATION_PORT("4294967297")), BAD_DESTINATION_PORT },
  { "a destination port is a decimal integer: a sign", BYTES(DESTINATION_PORT("+5")), BAD_DESTINATION_PORT },
  { "a destination port is a decimal integer: negative", BYTES(DESTINATION_PORT("-5")), BAD_DESTINATION_PORT },
  { "a destination port is a decimal integer: letters", BYTES(DESTINATION_PORT("http")), BAD_DESTINATION_PORT },
  { "heading zeroes in the destination port: 01", BYTES(DESTINATION_PORT("01")), BAD_DESTINATION_PORT },
  { "heading zeroes in the destination port: 00", BYTES(DESTINATION_PORT("00")), BAD_DESTINATION_PORT },

  { "the CRLF sequence: a space in front of it", BYTES(DESTINATION_PORT("443 ")), BAD_SPACING },
  { "the CRLF sequence: a CR in front of it", BYTES(DESTINATION_PORT("443\r")), BAD_DESTINATION_PORT },
  { "the CRLF sequence: LFCR", BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n\r"), LF_ONLY },

  { "the maximum TCP/IPv4 line", BYTES(LONGEST_TCP4), ACCEPTED "255.255.255.255 255.255.255.255 65535 65535" },
  { "the maximum TCP/IPv6 line", BYTES(LONGEST_TCP6), ACCEPTED FFFF_8 " " FFFF_8 " 65535 65535" },
  { "the short unknown line", BYTES("PROXY UNKNOWN\r\n"), NO_ADDRESSES },
  { "the worst case", BYTES(LONGEST_UNKNOWN), NO_ADDRESSES },

  { "wait for the CRLF before decoding", BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1 2"), INCOMPLETE },
  { "wait for the CRLF before decoding: its LF", BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r"), INCOMPLETE },
  { "wait for the CRLF before decoding: bad addresses", BYTES("PROXY TCP4 999.2.3.4 banana"), INCOMPLETE },
  { "no CRLF in the first 107 characters", BYTES("PROXY UNKNOWN " FFFF_8 " " FFFF_8 " 65535 65535 \r\n"), NO_CRLF },
  { "no CRLF in the first 107 characters: in TCP6", BYTES("PROXY TCP6 " MAPPED_45 " " MAPPED_45 " 1 2\r\n"), NO_CRLF },
  { "a single LF must not end the line", BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n"), LF_ONLY },
  { "a single LF must not end the line: CRLF later", BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1 2\nx\r\n"), LF_ONLY },
  { "a single CR must not end the line", BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 1 2\rx\r\n"), BAD_DESTINATION_PORT },

  { "not matching exactly: a field too many", BYTES(DESTINATION_PORT("443 x")), TOO_LATE },
  { "not matching exactly: two fields too many", BYTES(DESTINATION_PORT("443 1 2")), TOO_LATE },
  { "not matching exactly: a space too many", BYTES(DESTINATION_PORT("443  x")), TOO_LATE },
  { "not matching exactly: HTTP", BYTES("GET / HTTP/1.1\r\n"), NOT_A_HEADER },
  { "not matching exactly: TLS", BYTES("\x16\x03\x01\x02\x00"), NOT_A_HEADER },

  { "UNKNOWN: accept, use the real connection's parameters", BYTES("PROXY UNKNOWN ::1 ::2 1 2\r\n"), NO_ADDRESSES },
  { "an example: such a line before an HTTP request",
    BYTES("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\nGET / HTTP/1.1\r\nHost: 192.168.0.11\r\n\r\n"),
    ACCEPTED "192.168.0.1 192.168.0.11 56324 443" },
};

static gchar *
_address_to_string(const ProxyAddress *address)
{
  gboolean is_ipv4 = address->sa.sa_family == AF_INET;
  const guint8 *bytes = is_ipv4 ? (const guint8 *) &address->in.sin_addr : address->in6.sin6_addr.s6_addr;
  GInetAddress *inet = g_inet_address_new_from_bytes(bytes, is_ipv4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
  gchar *text = g_inet_address_to_string(inet);

  g_object_unref(inet);
  return text;
}

static gchar *
_accepted_to_verdict(const ProxyHeader *header)
{
  if (header->version != 1 || header->source.sa.sa_family != header->destination.sa.sa_family)
    return g_strdup(ACCEPTED "not a version 1 header of one family");
  if (!proxy_header_has_addresses(header))
    return g_strdup(NO_ADDRESSES);

  gchar *source = _address_to_string(&header->source);
  gchar *destination = _address_to_string(&header->destination);
  gchar *verdict = g_strdup_printf(ACCEPTED "%s %s %u %u",
                                   source,
                                   destination,
                                   ntohs(header->source.in.sin_port),
                                   ntohs(header->destination.in.sin_port));
  g_free(source);
  g_free(destination);
  return verdict;
}

static const ProxyHeaderLimits V1_ONLY = { .v1 = TRUE };

/* What proxy_header_parse() says; sets the length of an accepted header. */
static gchar *
_parse(const gchar *data, gsize length, gsize *header_length)
{
  ProxyHeader header;
  const gchar *reason = NULL;
  /* alone on the heap, where the address sanitizer sees a read behind the data */
  guchar *copy = g_malloc(MAX(length, 1));

  memcpy(copy, data, length);
  memset(&header, 0xff, sizeof(header));
  ProxyHeaderStatus status = proxy_header_parse(&header, &V1_ONLY, copy, length, &reason);
  g_free(copy);

  *header_length = status == PROXY_HEADER_COMPLETE ? header.length : 0;
  if (status == PROXY_HEADER_COMPLETE)
    return _accepted_to_verdict(&header);
  return status == PROXY_HEADER_INCOMPLETE ? g_strdup(INCOMPLETE) : g_strconcat(REFUSED, reason, NULL);
}

static gchar *
_escape(const gchar *data, gsize length)
{
  GString *text = g_string_new(NULL);

  for (gsize i = 0; i < MIN(length, 2 * PROXY_HEADER_V1_MAX); i++)
    g_string_append_printf(text, g_ascii_isprint(data[i]) ? "%c" : "\\x%02x", (guchar) data[i]);
  return g_string_free(text, FALSE);
}

/* Asserts only what fails: a million assertions that pass are slow in Criterion. */
static gboolean
_expect_verdict(const gchar *name, const gchar *data, gsize length, const gchar *verdict, gsize header_length)
{
  gsize actual_length;
  gchar *actual = _parse(data, length, &actual_length);
  gboolean as_expected = g_str_equal(actual, verdict) && actual_length == header_length;

  if (!as_expected)
    {
      gchar *shown = _escape(data, length);
      cr_expect_fail("%s\n  given    %s\n  expected %s, length %zu\n  got      %s, length %zu",
                     name,
                     shown,
                     verdict,
                     header_length,
                     actual,
                     actual_length);
      g_free(shown);
    }
  g_free(actual);
  return as_expected;
}

static gboolean
_is_accepted(const Sentence *sentence)
{
  return g_str_has_prefix(sentence->verdict, ACCEPTED);
}

static gsize
_get_header_length(const Sentence *sentence)
{
  const gchar *crlf = memmem(sentence->data, sentence->length, "\r\n", 2);

  return _is_accepted(sentence) ? (gsize) (crlf + 2 - sentence->data) : 0;
}

static gboolean
_expect_verdict_of_sentence(const Sentence *sentence, GString *data)
{
  return _expect_verdict(sentence->text, data->str, data->len, sentence->verdict, _get_header_length(sentence));
}

/* @test may do with the data, a copy of the sentence's, what it likes; it stops at the sentence's first failure. */
static void
_foreach_sentence(gboolean (*test)(const Sentence *sentence, GString *data))
{
  for (gsize i = 0; i < G_N_ELEMENTS(SENTENCES); i++)
    {
      GString *data = g_string_new_len(SENTENCES[i].data, SENTENCES[i].length);

      test(&SENTENCES[i], data);
      g_string_free(data, TRUE);
    }
}

Test(proxy_header, every_sentence_of_the_specification)
{
  _foreach_sentence(_expect_verdict_of_sentence);
}

static gboolean
_expect_incomplete_prefixes(const Sentence *sentence, GString *data)
{
  gboolean incomplete = TRUE;

  for (gsize length = 0; length < _get_header_length(sentence) && incomplete; length++)
    incomplete = _expect_verdict(sentence->text, data->str, length, INCOMPLETE, 0);
  return incomplete;
}

Test(proxy_header, every_prefix_of_a_valid_header_is_incomplete)
{
  _foreach_sentence(_expect_incomplete_prefixes);
}

static void
_append_repeated(GString *data, gchar byte, gsize count)
{
  gsize old_length = data->len;

  g_string_set_size(data, old_length + count);
  memset(data->str + old_length, byte, count);
}

static gboolean
_expect_no_effect_of_bytes_behind(const Sentence *sentence, GString *data)
{
  gboolean same = TRUE;

  if (g_str_equal(sentence->verdict, INCOMPLETE))
    return TRUE;

  for (gint byte = 0; byte <= G_MAXUINT8 && same; byte++)
    {
      g_string_append_c(data, byte);
      same = _expect_verdict_of_sentence(sentence, data);
      _append_repeated(data, byte, 2 * PROXY_HEADER_V1_MAX);
      same = same && _expect_verdict_of_sentence(sentence, data);
      g_string_truncate(data, sentence->length);
    }
  return same;
}

Test(proxy_header, bytes_behind_the_header_have_no_effect)
{
  _foreach_sentence(_expect_no_effect_of_bytes_behind);
}

/* Replaces everything from @length on, up to PROXY_HEADER_V1_MAX bytes. */
static gboolean
_expect_a_decision_when_filled(const Sentence *sentence, GString *data, gsize length, gchar filler)
{
  gsize header_length;

  g_string_truncate(data, length);
  _append_repeated(data, filler, PROXY_HEADER_V1_MAX - length);
  gchar *verdict = _parse(data->str, data->len, &header_length);
  gboolean decided = !g_str_equal(verdict, INCOMPLETE);
  g_free(verdict);

  if (!decided)
    cr_expect_fail("%s: incomplete with %zu bytes of it and '\\x%02x' up to PROXY_HEADER_V1_MAX",
                   sentence->text,
                   length,
                   (guchar) filler);
  return decided;
}

static gboolean
_expect_a_decision_on_full_buffers(const Sentence *sentence, GString *data)
{
  static const gchar fillers[] = { 'x', '1', ' ', ':', '\r', '\0', '\xff' };
  gboolean decided = TRUE;

  for (gsize length = MIN(data->len, PROXY_HEADER_V1_MAX); length > 0 && decided; length--)
    for (gsize i = 0; i < sizeof(fillers) && decided; i++)
      decided = _expect_a_decision_when_filled(sentence, data, length, fillers[i]);
  return decided;
}

Test(proxy_header, PROXY_HEADER_V1_MAX_bytes_are_never_incomplete)
{
  _foreach_sentence(_expect_a_decision_on_full_buffers);
}

/* An UNKNOWN header that fills a number of bytes. */
static GString *
_unknown_of_length(gsize length)
{
  GString *data = g_string_new("PROXY UNKNOWN ");

  _append_repeated(data, 'x', length - data->len - 2);
  return g_string_append(data, "\r\n");
}

Test(proxy_header, the_longest_lines_have_the_lengths_that_the_specification_counts)
{
  cr_expect_eq(strlen(LONGEST_TCP4), 56);
  cr_expect_eq(strlen(LONGEST_TCP6), 104);
  cr_expect_eq(strlen("PROXY UNKNOWN\r\n"), 15);
  cr_expect_eq(strlen(LONGEST_UNKNOWN), 107);
  cr_expect_eq(PROXY_HEADER_V1_MAX, 107);
}

Test(proxy_header, a_line_has_at_most_107_bytes)
{
  for (gsize length = 16; length < 300; length++)
    {
      GString *data = _unknown_of_length(length);
      gboolean fits = length <= 107;

      _expect_verdict("with CRLF", data->str, length, fits ? NO_ADDRESSES : NO_CRLF, fits ? length : 0);
      _expect_verdict("without LF", data->str, length - 1, length - 1 < 107 ? INCOMPLETE : NO_CRLF, 0);
      _expect_verdict("without CRLF", data->str, length - 2, length - 2 < 107 ? INCOMPLETE : NO_CRLF, 0);
      g_string_free(data, TRUE);
    }
}

/*
 * An oracle for what is accepted: section 2.1 once more, as a regular expression.
 * Whether digits, colons and dots make an IPv6 address is left to GLib.
 */
#define OCTET "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#define IPV4 "(" OCTET "(?:\\." OCTET "){3})"
#define IPV6 "([0-9A-Fa-f]*:[0-9A-Fa-f:.]*)"
#define PORT "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}|0)"
#define CONNECTION "(?|TCP4 " IPV4 " " IPV4 "|TCP6 " IPV6 " " IPV6 ") " PORT " " PORT
#define HEADER "^PROXY (?:UNKNOWN(?: (?s:.*?))?|" CONNECTION ")\r\n"

static gchar *
_canonical_address(const gchar *text)
{
  GInetAddress *address = g_inet_address_new_from_string(text);
  gchar *canonical = address ? g_inet_address_to_string(address) : NULL;

  g_clear_object(&address);
  return canonical;
}

static gchar *
_oracle_on_connection(gchar **fields)
{
  gchar *source = _canonical_address(fields[0]);
  gchar *destination = _canonical_address(fields[1]);
  gchar *verdict = source && destination
                     ? g_strdup_printf(ACCEPTED "%s %s %s %s", source, destination, fields[2], fields[3])
                     : g_strdup(REFUSED);

  g_free(source);
  g_free(destination);
  return verdict;
}

static gchar *
_oracle_on_match(const GMatchInfo *match)
{
  gchar **groups = g_match_info_fetch_all(match);
  gchar *verdict = g_strv_length(groups) == 1 ? g_strdup(NO_ADDRESSES) : _oracle_on_connection(groups + 1);

  g_strfreev(groups);
  return verdict;
}

static gboolean
_lacks_only_its_end(const GString *data)
{
  gboolean may_contain_lf = g_str_has_prefix(data->str, "PROXY UNKNOWN ");

  return data->len < 107 && (may_contain_lf || !memchr(data->str, '\n', data->len))
         && memcmp(data->str, "PROXY ", MIN(data->len, 6)) == 0;
}

static gchar *
_oracle(const GString *data)
{
  static GRegex *header;
  GMatchInfo *match;

  if (!header)
    header = g_regex_new(HEADER, G_REGEX_RAW | G_REGEX_OPTIMIZE, 0, NULL);

  gboolean matches = g_regex_match_full(header, data->str, MIN(data->len, 107), 0, 0, &match, NULL);
  gchar *verdict = matches ? _oracle_on_match(match) : g_strdup(_lacks_only_its_end(data) ? INCOMPLETE : REFUSED);
  g_match_info_free(match);
  return verdict;
}

static gboolean
_expect_oracle_agrees(const Sentence *sentence, GString *data)
{
  gsize header_length;
  gchar *expected = _oracle(data);
  gchar *verdict = _parse(data->str, data->len, &header_length);

  if (g_str_has_prefix(verdict, REFUSED))
    verdict[strlen(REFUSED)] = '\0';
  gboolean agreed = g_str_equal(verdict, expected);
  if (!agreed)
    {
      gchar *shown = _escape(data->str, data->len);
      cr_expect_fail(
        "%s\n  given         %s\n  oracle says   %s\n  parser says   %s", sentence->text, shown, expected, verdict);
      g_free(shown);
    }
  g_free(expected);
  g_free(verdict);
  return agreed;
}

Test(proxy_header, the_oracle_knows_the_specification)
{
  _foreach_sentence(_expect_oracle_agrees);
}

static gboolean
_expect_corruptions_not_to_forge_addresses(const Sentence *sentence, GString *data)
{
  gboolean agreed = TRUE;

  for (gsize place = 0; place < _get_header_length(sentence); place++)
    {
      gchar original = data->str[place];

      for (gint difference = 1; difference <= G_MAXUINT8 && agreed; difference++)
        {
          data->str[place] = original ^ difference;
          agreed = _expect_oracle_agrees(sentence, data);
        }
      data->str[place] = original;
    }
  return agreed;
}

Test(proxy_header, a_corrupted_byte_gives_the_addresses_that_are_spelled_or_none)
{
  _foreach_sentence(_expect_corruptions_not_to_forge_addresses);
}

typedef struct _Printed
{
  const gchar *name;
  const gchar *data;
  gsize length;
  const gchar *text;
} Printed;

#define X_10 "xxxxxxxxxx"
#define X_100 X_10 X_10 X_10 X_10 X_10 X_10 X_10 X_10 X_10 X_10
#define X_107 X_100 "xxxxxxx"

static const Printed PRINTED[] = {
  { "nothing", BYTES(""), "" },
  { "a header", BYTES("PROXY UNKNOWN x\r\n"), "PROXY UNKNOWN x" },
  { "up to the first LF", BYTES("PROXY UNKNOWN x\r\n<13>message\n"), "PROXY UNKNOWN x" },
  { "a bare LF", BYTES("PROXY UNKNOWN\n"), "PROXY UNKNOWN" },
  { "only a line end", BYTES("\r\n"), "\\x0d\\x0a" },
  { "only a LF", BYTES("\n"), "\\x0a" },
  { "no line", BYTES("\r\nPROXY\n"), "\\x0d\\x0aPROXY\\x0a" },
  { "no line end yet", BYTES("PROXY TCP4 192"), "PROXY TCP4 192" },
  { "no LF yet", BYTES("PROXY UNKNOWN\r"), "PROXY UNKNOWN\\x0d" },
  { "two CRs", BYTES("PROXY UNKNOWN\r\r\n"), "PROXY UNKNOWN\\x0d" },
  { "control characters", BYTES("\x16\x03\x01\t\x1b[0m\x7f\n"), "\\x16\\x03\\x01\\x09\\x1b[0m\\x7f" },
  { "NULs", BYTES("a\0b\0\n"), "a\\x00b\\x00" },
  { "bytes above ASCII", BYTES("\x80\xc3\xa4\xff\n"), "\\x80\\xc3\\xa4\\xff" },
  { "all printable ASCII",
    BYTES(" !\"#$%&'()*+,-./09:;<=>?@AZ[]^_`az{|}~\n"),
    " !\"#$%&'()*+,-./09:;<=>?@AZ[]^_`az{|}~" },
  { "a backslash", BYTES("a\\x41\\\n"), "a\\\\x41\\\\" },
  { "107 bytes", BYTES(X_107), X_107 },
  { "108 bytes", BYTES(X_107 "x"), X_107 "..." },
  { "LF as byte 107", BYTES(X_100 "xxxxx\r\n"), X_100 "xxxxx" },
  { "LF as byte 108", BYTES(X_107 "\n"), X_107 },
};

static gchar *
_print(const gchar *data, gsize length)
{
  /* both of exactly their size, for the address sanitizer */
  guchar *copy = g_malloc(MAX(length, 1));
  gchar *buffer = g_malloc(PROXY_HEADER_PRINTABLE_SIZE);

  memcpy(copy, data, length);
  memset(buffer, '#', PROXY_HEADER_PRINTABLE_SIZE);
  cr_assert_eq(proxy_header_print(copy, length, buffer), buffer);
  cr_assert_not_null(memchr(buffer, '\0', PROXY_HEADER_PRINTABLE_SIZE));
  g_free(copy);
  return buffer;
}

Test(proxy_header, print)
{
  for (gsize i = 0; i < G_N_ELEMENTS(PRINTED); i++)
    {
      gchar *text = _print(PRINTED[i].data, PRINTED[i].length);

      cr_expect_str_eq(text, PRINTED[i].text, "%s: '%s' instead of '%s'", PRINTED[i].name, text, PRINTED[i].text);
      g_free(text);
    }
}

Test(proxy_header, print_of_the_worst_case_fills_the_buffer_exactly)
{
  GString *data = g_string_new(NULL);

  _append_repeated(data, '\xff', 1000);
  gchar *text = _print(data->str, data->len);
  cr_expect_eq(strlen(text) + 1, PROXY_HEADER_PRINTABLE_SIZE);
  cr_expect(g_str_has_suffix(text, "\\xff..."));
  g_free(text);
  g_string_free(data, TRUE);
}
