/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The bench's load generator: one thread, epoll, loopback only, bounded in count and in time.
 *
 *   load connect   short connections, so many in flight: connect, header, one line, close
 *   load stream    a few long connections: header once, then lines in large writes
 *   load datagrams a line in each UDP datagram, no more of them on their way than the server's socket has room for
 *   load idle      opens connections and holds them until stdin closes or the server has closed them
 *
 * Every mode ends with one line of key=value pairs. Nothing counts as done before the server has closed the
 * connection from its side: it does so when it has read everything up to our end of file, so what is measured
 * is the server's work and not how much the socket buffers hold. Datagrams count as done when the server's
 * socket is empty.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 200
#define BLOCK_LINES 320
#define BLOCK_SIZE (BLOCK_LINES * LINE_SIZE)
#define MAX_TLVS 4000
/* a version 1 header with its NUL, or a version 2 header with IPv4 addresses and TLVs */
#define MAX_HEADER (108 + MAX_TLVS)
#define MAX_EVENTS 256
#define DATAGRAMS_AT_A_TIME 32
/* with as many different headers */
#define DATAGRAM_KINDS 4096

/* Closed connections sit in TIME_WAIT for a minute; one address has some 28,000 ports, a hundred have enough. */
#define SOURCE_ADDRESSES 100

#define MAX_CONNECTIONS 20000
#define MAX_COUNT 20000000
#define MAX_SECONDS 600

typedef struct
{
  int port;
  int count;
  int connections;
  bool header;
  bool v2;
  int tlvs;
  bool tls;
  bool split;
  bool line;
  int max_seconds;
} Options;

static Options options = {
  .count = 10000,
  .connections = 0,
  .max_seconds = 60,
};

typedef struct
{
  int fd;
  size_t sent;
  size_t total;
  size_t header_length;
  char header[MAX_HEADER];
} Stream;

static char line[LINE_SIZE + 1];
static int epoll_fd;

static void
die(const char *what)
{
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static double
now(void)
{
  struct timespec time;

  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void
out_of_time(int signal_number)
{
  static const char message[] = "load: out of time\n";

  (void) signal_number;
  if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
    _exit(2);
  _exit(1);
}

/* A syslog line of exactly LINE_SIZE bytes, its newline included. */
static void
fill_line(void)
{
  int start = snprintf(line, sizeof(line), "<134>Oct 11 22:14:15 client app[1234]: ");

  memset(line + start, 'x', LINE_SIZE - 1 - start);
  line[LINE_SIZE - 1] = '\n';
}

/* IPv4 addresses, and one TLV for the rest of the length asked for. */
static size_t
fill_v2_header(char *header, unsigned number)
{
  static const char start[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11";
  size_t length = sizeof(start) - 1;
  uint16_t block = htons(12 + options.tlvs), value = htons(options.tlvs - 3), port = htons(1024 + number % 60000);
  uint32_t source = htonl(0x0a000000 | (number & 0xffffff));

  memcpy(header, start, length);
  memcpy(header + length, &block, 2);
  memcpy(header + length + 2, &source, 4);
  memcpy(header + length + 6, "\xc0\x00\x02\x01", 4);
  memcpy(header + length + 10, &port, 2);
  memcpy(header + length + 12, "\x19\x72", 2);
  length += 14;
  if (options.tlvs > 0)
    {
      header[length] = '\xe4';
      memcpy(header + length + 1, &value, 2);
      memset(header + length + 3, 'x', options.tlvs - 3);
    }
  return length + options.tlvs;
}

/* Every connection has a client address of its own, so that no server can gain by remembering the last one. */
static size_t
fill_header(char *header, unsigned number)
{
  if (options.v2)
    return fill_v2_header(header, number);
  return snprintf(header,
                  MAX_HEADER,
                  "PROXY TCP4 10.%u.%u.%u 192.0.2.1 %u 6514\r\n",
                  (number >> 16) & 255,
                  (number >> 8) & 255,
                  number & 255,
                  1024 + number % 60000);
}

static void
watch(int fd, int operation, uint32_t events, unsigned index)
{
  struct epoll_event event = { .events = events, .data.u32 = index };

  if (epoll_ctl(epoll_fd, operation, fd, &event) < 0)
    die("epoll_ctl");
}

/* Blocking: on loopback the handshake is over when connect() returns, unless the server's backlog is full. */
static int
open_connection(unsigned number)
{
  struct sockaddr_in source = { .sin_family = AF_INET };
  struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(options.port) };
  int yes = 1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd < 0)
    die("socket");

  source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + number % SOURCE_ADDRESSES);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

  /* the port is picked at connect(), where only the pair of addresses has to be unique */
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
  if (bind(fd, (struct sockaddr *) &source, sizeof(source)) < 0)
    die("bind");
  if (connect(fd, (struct sockaddr *) &server, sizeof(server)) < 0)
    die("connect");

  return fd;
}

static bool
send_all(int fd, const char *data, size_t length)
{
  return send(fd, data, length, MSG_NOSIGNAL) == (ssize_t) length;
}

/* The header and one line, in one segment or, as most proxies do it, in two. */
static bool
send_greeting(int fd, unsigned number)
{
  char greeting[MAX_HEADER + LINE_SIZE];
  size_t header_length = options.header ? fill_header(greeting, number) : 0;
  size_t length = header_length;
  int yes = 1;

  if (options.line)
    {
      memcpy(greeting + length, line, LINE_SIZE);
      length += LINE_SIZE;
    }

  if (!options.split || header_length == 0)
    return length == 0 || send_all(fd, greeting, length);

  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  return send_all(fd, greeting, header_length) && send_all(fd, greeting + header_length, length - header_length);
}

/* True when the server has closed the connection cleanly; it never says anything, so all else is a failure. */
static bool
server_closed_cleanly(int fd)
{
  char byte;

  return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* --- connect --- */

typedef struct
{
  int fd;
  /* NULL without TLS, and when all has been said */
  SSL *tls;
} Connection;

static SSL_CTX *tls_context;

static void
die_of_tls(const char *what)
{
  fprintf(stderr, "load: %s failed\n", what);
  exit(1);
}

static void
start_tls(Connection *self, unsigned number)
{
  char header[MAX_HEADER];
  int yes = 1;

  setsockopt(self->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  if (options.header && !send_all(self->fd, header, fill_header(header, number)))
    die("send");
  if (fcntl(self->fd, F_SETFL, O_NONBLOCK) < 0)
    die("fcntl");
  self->tls = SSL_new(tls_context);
  if (!self->tls || !SSL_set_fd(self->tls, self->fd))
    die_of_tls("SSL_new()");
}

/* Shakes hands as far as that goes, then says all there is to say. A handshake is too short to fill a socket. */
static void
go_on_with_tls(Connection *self)
{
  int rc = SSL_connect(self->tls);

  if (rc != 1)
    {
      if (SSL_get_error(self->tls, rc) != SSL_ERROR_WANT_READ)
        die_of_tls("the handshake");
      return;
    }
  if (SSL_write(self->tls, line, LINE_SIZE) != LINE_SIZE)
    die_of_tls("SSL_write()");
  SSL_shutdown(self->tls);
  SSL_free(self->tls);
  self->tls = NULL;
  shutdown(self->fd, SHUT_WR);
}

/* What the server says in TLS behind the handshake is of no interest. */
static void
drain(int fd)
{
  char bytes[4096];

  while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
    ;
}

/* Returns whether there is more to come; if not, whether it went well is in @failed. */
static bool
is_still_open(Connection *self, int *failed)
{
  char byte;

  if (self->tls)
    {
      go_on_with_tls(self);
      return true;
    }
  if (options.tls)
    {
      drain(self->fd);
      if (recv(self->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN)
        return true;
    }
  *failed += !server_closed_cleanly(self->fd);
  return false;
}

static void
start_short_connection(Connection *connections, unsigned slot, unsigned number)
{
  Connection *self = &connections[slot];

  self->fd = open_connection(number);
  if (options.tls)
    {
      start_tls(self, number);
      go_on_with_tls(self);
    }
  /* a server that refuses us resets the connection: seen below, when it is read */
  else if (send_greeting(self->fd, number))
    shutdown(self->fd, SHUT_WR);
  watch(self->fd, EPOLL_CTL_ADD, EPOLLIN, slot);
}

static int
run_connect(void)
{
  Connection *connections = calloc(options.connections, sizeof(Connection));
  struct epoll_event events[MAX_EVENTS];
  int started = 0, finished = 0, failed = 0;
  double start = now();

  tls_context = options.tls ? SSL_CTX_new(TLS_client_method()) : NULL;
  for (; started < options.connections && started < options.count; started++)
    start_short_connection(connections, started, started);

  while (finished < options.count)
    {
      int ready = epoll_wait(epoll_fd, events, MAX_EVENTS, -1);

      for (int i = 0; i < ready; i++)
        {
          unsigned slot = events[i].data.u32;

          if (is_still_open(&connections[slot], &failed))
            continue;
          close(connections[slot].fd);
          finished++;
          if (started < options.count)
            start_short_connection(connections, slot, started++);
        }
    }

  double seconds = now() - start;

  printf("connections=%d failed=%d seconds=%.6f rate=%.1f\n", finished, failed, seconds, finished / seconds);
  SSL_CTX_free(tls_context);
  free(connections);
  return failed != 0;
}

/* --- stream --- */

/* The header, then the same block over and over; false when the socket takes no more for now. */
static bool
send_some(Stream *self, const char *block)
{
  const char *data = self->header + self->sent;
  size_t length = self->header_length - self->sent;

  if (self->sent >= self->header_length)
    {
      size_t offset = (self->sent - self->header_length) % BLOCK_SIZE;

      data = block + offset;
      length = BLOCK_SIZE - offset;
      if (length > self->total - self->sent)
        length = self->total - self->sent;
    }

  ssize_t sent = send(self->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);

  if (sent < 0 && errno != EAGAIN)
    die("send");
  if (sent < 0)
    return false;

  self->sent += sent;
  return true;
}

static void
send_until_full(Stream *self, const char *block, unsigned index)
{
  while (self->sent < self->total)
    {
      if (!send_some(self, block))
        return;
    }
  shutdown(self->fd, SHUT_WR);
  watch(self->fd, EPOLL_CTL_MOD, EPOLLIN, index);
}

static void
open_stream(Stream *self, unsigned number, size_t lines)
{
  self->fd = open_connection(number);
  self->header_length = options.header ? fill_header(self->header, number) : 0;
  self->total = self->header_length + lines * LINE_SIZE;
  watch(self->fd, EPOLL_CTL_ADD, EPOLLOUT, number);
}

static char *
new_block(void)
{
  char *block = malloc(BLOCK_SIZE);

  if (!block)
    die("malloc");
  for (int i = 0; i < BLOCK_LINES; i++)
    memcpy(block + i * LINE_SIZE, line, LINE_SIZE);
  return block;
}

static int
run_stream(void)
{
  Stream *streams = calloc(options.connections, sizeof(Stream));
  size_t lines_each = options.count / options.connections;
  struct epoll_event events[MAX_EVENTS];
  char *block = new_block();
  int finished = 0, failed = 0;

  for (int i = 0; i < options.connections; i++)
    open_stream(&streams[i], i, lines_each);

  double start = now();

  while (finished < options.connections)
    {
      int ready = epoll_wait(epoll_fd, events, MAX_EVENTS, -1);

      for (int i = 0; i < ready; i++)
        {
          unsigned index = events[i].data.u32;
          Stream *stream = &streams[index];

          if (stream->sent < stream->total)
            {
              send_until_full(stream, block, index);
              continue;
            }
          failed += !server_closed_cleanly(stream->fd);
          close(stream->fd);
          finished++;
        }
    }

  double seconds = now() - start;
  size_t lines = lines_each * options.connections;

  printf("lines=%zu failed=%d seconds=%.6f rate=%.1f\n", lines, failed, seconds, lines / seconds);
  free(block);
  free(streams);
  return failed != 0;
}

/* --- datagrams --- */

typedef struct
{
  uint32_t used;
  uint32_t size;
} ReceiveBuffer;

static int
open_netlink(void)
{
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

  if (fd < 0)
    die("socket(AF_NETLINK)");
  return fd;
}

/* sock_diag(7): the server's socket is the one that gets what is sent to our destination. */
static void
ask_for_receive_buffer(int netlink)
{
  struct
  {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
  } message = {
    .header = { .nlmsg_len = sizeof(message), .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST },
    .request = { .sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_UDP, .idiag_states = ~0U },
  };

  message.request.idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1);
  message.request.id.idiag_dst[0] = htonl(INADDR_LOOPBACK);
  message.request.id.idiag_dport = htons(options.port);
  message.request.id.idiag_cookie[0] = message.request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  if (send(netlink, &message, sizeof(message), 0) < 0)
    die("send(AF_NETLINK)");
}

/* Returns whether the answer says so. */
static bool
find_receive_buffer(struct nlmsghdr *answer, ReceiveBuffer *buffer)
{
  struct inet_diag_msg *found = NLMSG_DATA(answer);
  struct rtattr *attribute = (struct rtattr *) (found + 1);
  int left = (int) answer->nlmsg_len - (int) NLMSG_LENGTH(sizeof(*found));

  if (answer->nlmsg_type != SOCK_DIAG_BY_FAMILY)
    return false;
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
    if (attribute->rta_type == INET_DIAG_SKMEMINFO)
      {
        const uint32_t *memory = RTA_DATA(attribute);

        *buffer = (ReceiveBuffer){ memory[SK_MEMINFO_RMEM_ALLOC], memory[SK_MEMINFO_RCVBUF] };
        return true;
      }
  return false;
}

static ReceiveBuffer
look_at_receive_buffer(int netlink)
{
  union
  {
    struct nlmsghdr header;
    char bytes[4096];
  } answer = { 0 };
  ReceiveBuffer buffer;

  ask_for_receive_buffer(netlink);
  if (recv(netlink, &answer, sizeof(answer), 0) < 0)
    die("recv(AF_NETLINK)");
  if (!find_receive_buffer(&answer.header, &buffer))
    {
      errno = ENOENT;
      die("the server's socket");
    }
  return buffer;
}

/* @share: 0 for until it is empty, 2 for half of it */
static void
wait_for_receive_buffer(int netlink, unsigned share)
{
  static const struct timespec moment = { .tv_nsec = 50000 };
  ReceiveBuffer buffer = look_at_receive_buffer(netlink);

  while (buffer.used > (share ? buffer.size / share : 0))
    {
      nanosleep(&moment, NULL);
      buffer = look_at_receive_buffer(netlink);
    }
}

static int
open_datagram_socket(void)
{
  struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(options.port) };
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, (struct sockaddr *) &server, sizeof(server)) < 0)
    die("UDP socket");
  return fd;
}

/* Made before the clock starts: those with a header would be more work for us, not only for the server. */
typedef struct
{
  struct mmsghdr messages[DATAGRAM_KINDS];
  struct iovec iovs[DATAGRAM_KINDS];
  char bytes[DATAGRAM_KINDS][MAX_HEADER + LINE_SIZE];
} Datagrams;

static Datagrams *
new_datagrams(void)
{
  Datagrams *self = calloc(1, sizeof(Datagrams));

  if (!self)
    die("calloc");
  for (unsigned i = 0; i < DATAGRAM_KINDS; i++)
    {
      size_t header_length = options.header ? fill_header(self->bytes[i], i) : 0;

      memcpy(self->bytes[i] + header_length, line, LINE_SIZE);
      self->iovs[i] = (struct iovec){ self->bytes[i], header_length + LINE_SIZE };
      self->messages[i].msg_hdr = (struct msghdr){ .msg_iov = &self->iovs[i], .msg_iovlen = 1 };
    }
  return self;
}

/* Returns how many were sent, of those that are left. */
static int
send_datagrams(int fd, Datagrams *datagrams, int sent)
{
  int first = sent % DATAGRAM_KINDS;
  int count = options.count - sent;

  if (count > DATAGRAMS_AT_A_TIME)
    count = DATAGRAMS_AT_A_TIME;
  if (count > DATAGRAM_KINDS - first)
    count = DATAGRAM_KINDS - first;

  int rc = sendmmsg(fd, datagrams->messages + first, count, 0);

  if (rc < 0)
    die("sendmmsg");
  return rc;
}

static int
run_datagrams(void)
{
  Datagrams *datagrams = new_datagrams();
  int fd = open_datagram_socket(), netlink = open_netlink();
  double start = now();

  for (int sent = 0; sent < options.count; sent += send_datagrams(fd, datagrams, sent))
    wait_for_receive_buffer(netlink, 2);
  wait_for_receive_buffer(netlink, 0);

  double seconds = now() - start;

  printf("datagrams=%d seconds=%.6f rate=%.1f\n", options.count, seconds, options.count / seconds);
  close(netlink);
  close(fd);
  free(datagrams);
  return 0;
}

/* --- idle --- */

static int
open_idle_connections(int *fds)
{
  int refused = 0;

  for (int i = 0; i < options.count; i++)
    {
      fds[i] = open_connection(i);
      if (!send_greeting(fds[i], i))
        refused++;
      watch(fds[i], EPOLL_CTL_ADD, EPOLLIN, i);
    }
  return refused;
}

static bool
stdin_is_closed(void)
{
  char bytes[256];

  return read(STDIN_FILENO, bytes, sizeof(bytes)) <= 0;
}

/* Returns how many connections the server has closed when stdin closes, time is up, or none is left. */
static int
hold_idle_connections(int *fds, double deadline)
{
  struct epoll_event events[MAX_EVENTS];
  int closed = 0;

  while (closed < options.count && now() < deadline)
    {
      int ready = epoll_wait(epoll_fd, events, MAX_EVENTS, (int) ((deadline - now()) * 1000) + 1);

      for (int i = 0; i < ready; i++)
        {
          unsigned index = events[i].data.u32;

          if (index == (unsigned) options.count)
            {
              if (stdin_is_closed())
                return closed;
              continue;
            }
          close(fds[index]);
          closed++;
        }
    }
  return closed;
}

static int
run_idle(void)
{
  int *fds = calloc(options.count, sizeof(int));
  double start = now();
  int refused = open_idle_connections(fds);

  printf("ready=%d refused=%d seconds=%.6f\n", options.count, refused, now() - start);
  fflush(stdout);

  alarm(0);
  watch(STDIN_FILENO, EPOLL_CTL_ADD, EPOLLIN, options.count);

  int closed = hold_idle_connections(fds, start + options.max_seconds);

  printf("connections=%d closed=%d seconds=%.6f\n", options.count, closed, now() - start);
  free(fds);
  return 0;
}

/* --- command line --- */

static void
usage(void)
{
  fputs("usage: load connect|stream|datagrams|idle --port PORT [options]\n"
        "  --count N         connections (connect, idle) or lines (stream, datagrams)\n"
        "  --connections N   in flight (connect, default 100) or open (stream, default 2)\n"
        "  --header          start every connection, or datagram, with a PROXY v1 header\n"
        "  --v2              make that a v2 header\n"
        "  --tlvs N          with so many bytes of TLVs in it\n"
        "  --tls             connect: in TLS, behind the header\n"
        "  --split           connect: send the header in a segment of its own\n"
        "  --line            idle: send one line after the header\n"
        "  --max-seconds N   give up, or for idle end, after that time (default 60)\n",
        stderr);
  exit(2);
}

static int
parse_number(const char *text, int max)
{
  char *end;
  long number = strtol(text, &end, 10);

  if (*text == '\0' || *end != '\0' || number < 1 || number > max)
    {
      fprintf(stderr, "load: '%s' is not a number from 1 to %d\n", text, max);
      exit(2);
    }
  return number;
}

static void
parse_options(int argc, char **argv)
{
  static const struct option known[] = {
    { "port", required_argument, NULL, 'p' },
    { "count", required_argument, NULL, 'c' },
    { "connections", required_argument, NULL, 'n' },
    { "header", no_argument, NULL, 'h' },
    { "v2", no_argument, NULL, '2' },
    { "tlvs", required_argument, NULL, 'v' },
    { "tls", no_argument, NULL, 'e' },
    { "split", no_argument, NULL, 's' },
    { "line", no_argument, NULL, 'l' },
    { "max-seconds", required_argument, NULL, 't' },
    { NULL, 0, NULL, 0 },
  };
  int option;

  while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
    switch (option)
      {
      case 'p':
        options.port = parse_number(optarg, 65535);
        break;
      case 'c':
        options.count = parse_number(optarg, MAX_COUNT);
        break;
      case 'n':
        options.connections = parse_number(optarg, MAX_CONNECTIONS);
        break;
      case 'h':
        options.header = true;
        break;
      case '2':
        options.v2 = true;
        break;
      case 'v':
        options.tlvs = parse_number(optarg, MAX_TLVS);
        break;
      case 'e':
        options.tls = true;
        break;
      case 's':
        options.split = true;
        break;
      case 'l':
        options.line = true;
        break;
      case 't':
        options.max_seconds = parse_number(optarg, MAX_SECONDS);
        break;
      default:
        usage();
      }
  if (options.port == 0 || optind != argc)
    usage();
}

/* idle needs a descriptor for every connection it holds */
static void
raise_descriptor_limit(void)
{
  struct rlimit limit;

  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int
main(int argc, char **argv)
{
  const char *mode = argc > 1 ? argv[1] : "";
  bool connect_mode = strcmp(mode, "connect") == 0;
  bool stream_mode = strcmp(mode, "stream") == 0;
  bool datagram_mode = strcmp(mode, "datagrams") == 0;
  bool idle_mode = strcmp(mode, "idle") == 0;

  if (!connect_mode && !stream_mode && !datagram_mode && !idle_mode)
    usage();

  options.connections = connect_mode ? 100 : 2;
  options.line = connect_mode;
  parse_options(argc - 1, argv + 1);
  if (idle_mode && options.count > MAX_CONNECTIONS)
    usage();

  fill_line();
  raise_descriptor_limit();
  signal(SIGALRM, out_of_time);
  alarm(options.max_seconds);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0)
    die("epoll_create1");

  if (connect_mode)
    return run_connect();
  if (stream_mode)
    return run_stream();
  if (datagram_mode)
    return run_datagrams();
  return run_idle();
}
