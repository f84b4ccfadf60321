// A client connection with nothing of a WebSocket library in it: it writes finished bytes and checks what comes back.
#define _GNU_SOURCE
#include "generator.h"
#include "accept-key.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { READ_BYTES = 512 * 1024, COMPARE_EVERY = 61, PIECES = 32, PING = 0x89, PONG = 0x8a };
static uint8_t read_buffer[READ_BYTES];
int poller = -1;
uint64_t compared_messages;

int connect_socket(int port, bool is_blocking) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (is_blocking ? 0 : SOCK_NONBLOCK), 0);
  if (fd < 0) fail("cannot open a socket: %s (ulimit -n?)", strerror(errno));
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // A reset in place of TIME_WAIT: tens of thousands of handshakes would use up the ports.
  struct linger at_once = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  struct timeval patience = {20, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
    fail("cannot connect to port %d: %s", port, strerror(errno));
  return fd;
}

int request_head(char *text, size_t size, const Settings *settings, const char *path, const char *key) {
  int length = snprintf(text, size,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n",
                        path, settings->port, key);
  if (settings->offer[0] != 0)
    length += snprintf(text + length, size - (size_t)length, "Sec-WebSocket-Extensions: %s\r\n", settings->offer);
  return length + snprintf(text + length, size - (size_t)length, "\r\n");
}

static void write_all(int fd, const void *bytes, size_t length) {
  if (write(fd, bytes, length) != (ssize_t)length) fail("cannot write: %s", strerror(errno));
}

// Reads until `text` holds `end`; returns what follows it.
static char *read_until(int fd, char *text, size_t size, size_t *length, const char *end) {
  for (;;) {
    text[*length] = 0;
    char *found = memmem(text, *length, end, strlen(end));
    if (found != NULL) return found + strlen(end);
    ssize_t got = read(fd, text + *length, size - 1 - *length);
    if (got <= 0) fail("no answer to the handshake (%s): %.200s", got == 0 ? "the server closed" : strerror(errno), text);
    *length += (size_t)got;
  }
}

// The server's "open" packet, our "connect", the server's answer.
static void join_socket_io(int fd, char *text, size_t size, size_t *length) {
  read_until(fd, text, size, length, "}");
  write_all(fd, "\x81\x82\0\0\0\0" "40", 8);
  *length = 0;
  read_until(fd, text, size, length, "40{");
  read_until(fd, text, size, length, "}");
}

void connection_ask(Connection *connection, const Settings *settings, const char *path) {
  uint8_t nonce[16];
  char key[32], head[1024];
  for (int i = 0; i < 16; i++) nonce[i] = (uint8_t)(random_number() >> 32);
  base64(nonce, 16, key);
  accept_key(key, connection->accept);
  connection->fd = connect_socket(settings->port, true);
  write_all(connection->fd, head, (size_t)request_head(head, sizeof head, settings, path, key));
}

void connection_enter(Connection *connection, const Settings *settings, const Messages *messages) {
  static char text[16384];
  size_t length = 0;
  char *rest = read_until(connection->fd, text, sizeof text, &length, "\r\n\r\n");
  if (strncmp(text, "HTTP/1.1 101 ", 13) != 0) fail("the server refused the upgrade: %.200s", text);
  if (memmem(text, (size_t)(rest - text), connection->accept, 28) == NULL) fail("wrong Sec-WebSocket-Accept: %.300s", text);
  if (settings->offer[0] != 0 && strcasestr(text, "permessage-deflate") == NULL) fail("the server agreed on no compression");
  length -= (size_t)(rest - text);
  memmove(text, rest, length);
  if (settings->is_socket_io) join_socket_io(connection->fd, text, sizeof text, &length);
  else if (length > 0) fail("the server sent messages before the first request");
  fcntl(connection->fd, F_SETFL, fcntl(connection->fd, F_GETFL) | O_NONBLOCK);
  if (messages->count > 0) connection->request = connection->reply = connection->index % messages->count;
  connection->until_compared = connection->index % COMPARE_EVERY;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  epoll_ctl(poller, EPOLL_CTL_ADD, connection->fd, &event);
}

static void await_room(Connection *connection, bool awaits) {
  if (connection->awaits_room == awaits) return;
  connection->awaits_room = awaits;
  struct epoll_event event = {.events = EPOLLIN | (awaits ? EPOLLOUT : 0), .data.ptr = connection};
  epoll_ctl(poller, EPOLL_CTL_MOD, connection->fd, &event);
}

// Messages that lie side by side go out as one piece.
static int gather(const Connection *connection, const Messages *messages, struct iovec *pieces) {
  int request = connection->request, left = connection->unsent, count = 0;
  size_t offset = connection->request_offset;
  while (left > 0 && count < PIECES) {
    int run = messages->count - request < left ? messages->count - request : left;
    size_t start = messages->request_at[request] + offset;
    pieces[count].iov_base = messages->requests + start;
    pieces[count++].iov_len = messages->request_at[request + run] - start;
    left -= run, request = 0, offset = 0;
  }
  return count;
}

static void advance(Connection *connection, const Messages *messages, size_t written) {
  while (written > 0) {
    size_t left = messages->request_at[connection->request + 1] - messages->request_at[connection->request] -
                  connection->request_offset;
    if (written < left) {
      connection->request_offset += written;
      return;
    }
    written -= left;
    connection->request_offset = 0;
    connection->request = connection->request + 1 == messages->count ? 0 : connection->request + 1;
    connection->unsent--;
    connection->sent++;
  }
}

void connection_send(Connection *connection, const Messages *messages, int count) {
  connection->unsent += count;
  while (connection->unsent > 0) {
    struct iovec pieces[PIECES];
    int piece_count = gather(connection, messages, pieces);
    ssize_t written = writev(connection->fd, pieces, piece_count);
    if (written < 0 && errno == EAGAIN) return await_room(connection, true);
    if (written < 0) fail("cannot write: %s", strerror(errno));
    advance(connection, messages, (size_t)written);
  }
  await_room(connection, false);
}

static void check(const Connection *connection, const Messages *messages, const uint8_t *got, size_t length) {
  const uint8_t *wanted = messages->replies + messages->reply_at[connection->reply] + connection->reply_offset;
  if (memcmp(wanted, got, length) == 0) return;
  size_t at = 0;
  while (wanted[at] == got[at]) at++;
  fail("reply %llu of a connection differs at byte %zu: expected %02x, got %02x", (unsigned long long)connection->received,
       connection->reply_offset + at, wanted[at], got[at]);
}

// A ping or pong between two messages, of at most 125 bytes. Returns how many bytes of the chunk belong to it.
static size_t take_control(Connection *connection, const uint8_t *chunk, size_t length) {
  size_t used = 0;
  while (used < length && (connection->control_bytes < 2 || connection->control_bytes < 2 + connection->control[1]))
    connection->control[connection->control_bytes++] = chunk[used++];
  if (connection->control_bytes < 2 || connection->control_bytes < 2 + connection->control[1]) return used;
  // The pong, unless it would cut a message that is half sent: the next ping will find a better moment.
  uint8_t pong[140] = {0x8a, 0x80 | connection->control[1]};
  memcpy(pong + 6, connection->control + 2, connection->control[1]);
  if (connection->control[0] == PING && connection->request_offset == 0) write_all(connection->fd, pong, 6u + connection->control[1]);
  connection->control_bytes = 0;
  return used;
}

static bool is_control(const Connection *connection, uint8_t first) {
  return connection->control_bytes > 0 || first == PING || first == PONG;
}

static int take_exact(Connection *connection, const Messages *messages, const uint8_t *chunk, size_t length) {
  int completed = 0;
  while (length > 0) {
    if (connection->reply_offset == 0 && is_control(connection, *chunk)) {
      size_t used = take_control(connection, chunk, length);
      chunk += used, length -= used;
      continue;
    }
    size_t reply_bytes = messages->reply_at[connection->reply + 1] - messages->reply_at[connection->reply];
    size_t checked = connection->until_compared == 0 ? reply_bytes : messages->reply_header_bytes[connection->reply];
    size_t step = reply_bytes - connection->reply_offset < length ? reply_bytes - connection->reply_offset : length;
    if (connection->reply_offset < checked) {
      size_t left = checked - connection->reply_offset;
      check(connection, messages, chunk, left < step ? left : step);
    }
    connection->reply_offset += step, chunk += step, length -= step;
    if (connection->reply_offset < reply_bytes) break;
    connection->reply_offset = 0;
    connection->reply = connection->reply + 1 == messages->count ? 0 : connection->reply + 1;
    if (connection->until_compared == 0) compared_messages++;
    connection->until_compared = connection->until_compared == 0 ? COMPARE_EVERY - 1 : connection->until_compared - 1;
    connection->received++;
    completed++;
  }
  return completed;
}

static int header_length(const uint8_t *header) {
  return 2 + ((header[1] & 127) == 126 ? 2 : (header[1] & 127) == 127 ? 8 : 0);
}

// Whole unmasked text frames, compressed or not, of any length.
static int take_loose(Connection *connection, const uint8_t *chunk, size_t length) {
  int completed = 0;
  while (length > 0) {
    if (connection->payload_left > 0) {
      size_t step = connection->payload_left < length ? connection->payload_left : length;
      connection->payload_left -= step, chunk += step, length -= step;
    } else if (connection->header_bytes == 0 && is_control(connection, *chunk)) {
      size_t used = take_control(connection, chunk, length);
      chunk += used, length -= used;
      continue;
    } else {
      connection->header[connection->header_bytes++] = *chunk++;
      length--;
      if (connection->header_bytes < 2 || connection->header_bytes < header_length(connection->header)) continue;
      const uint8_t *header = connection->header;
      if ((header[0] & ~0x40) != 0x81 || header[1] & 0x80) fail("not a whole text frame: %02x %02x", header[0], header[1]);
      size_t size = header[1] & 127;
      for (int i = 2, first = 1; i < connection->header_bytes; i++, first = 0) size = (first ? 0 : size << 8) | header[i];
      connection->payload_left = size;
      connection->header_bytes = 0;
      if (size > 0) continue;
    }
    if (connection->payload_left > 0) break;
    connection->received++;
    completed++;
  }
  return completed;
}

int connection_read(Connection *connection, const Messages *messages) {
  ssize_t got = read(connection->fd, read_buffer, READ_BYTES);
  if (got < 0 && errno == EAGAIN) return 0;
  if (got <= 0) fail("the server closed the connection after %llu replies: %s", (unsigned long long)connection->received,
                     got == 0 ? "end" : strerror(errno));
  if (messages->is_loose) return take_loose(connection, read_buffer, (size_t)got);
  return take_exact(connection, messages, read_buffer, (size_t)got);
}

void connection_close(Connection *connection) {
  if (connection->fd >= 0) close(connection->fd);
  connection->fd = -1;
}
