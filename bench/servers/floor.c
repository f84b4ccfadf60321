// The floor: an echo with epoll and nothing else. No limits, no UTF-8 check, no fragments: what the kernel alone costs.
// It unmasks in place and writes all the replies of one read at once.
#define _GNU_SOURCE
#include "../generator/accept-key.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 512 * 1024, EVENTS = 512 };

typedef struct {
  int fd;
  bool is_open, is_subscriber, is_publisher, awaits_room;
  uint8_t *kept; // of a frame that is not whole yet
  size_t kept_length, kept_size;
  uint8_t *queued; // replies that the kernel did not take
  size_t queued_at, queued_length, queued_size;
  int place; // among the subscribers
} Client;

static int poller;
static uint8_t scratch[READ_BYTES];
static Client *subscribers[65536];
static int subscriber_count;

static void append(uint8_t **bytes, size_t *length, size_t *size, const uint8_t *more, size_t count) {
  if (*length + count > *size) {
    *size = (*length + count) * 2;
    *bytes = realloc(*bytes, *size);
    if (*bytes == NULL) abort();
  }
  memcpy(*bytes + *length, more, count);
  *length += count;
}

static void drop(Client *client) {
  if (client->is_subscriber) {
    subscribers[client->place] = subscribers[--subscriber_count];
    subscribers[client->place]->place = client->place;
  }
  close(client->fd);
  free(client->kept);
  free(client->queued);
  free(client);
}

static void await_room(Client *client, bool awaits) {
  if (client->awaits_room == awaits) return;
  client->awaits_room = awaits;
  struct epoll_event event = {.events = EPOLLIN | (awaits ? EPOLLOUT : 0), .data.ptr = client};
  epoll_ctl(poller, EPOLL_CTL_MOD, client->fd, &event);
}

static void send_bytes(Client *client, const uint8_t *bytes, size_t length) {
  ssize_t written = client->queued_length > 0 ? 0 : write(client->fd, bytes, length);
  if (written < 0) written = 0;
  if ((size_t)written == length) return;
  append(&client->queued, &client->queued_length, &client->queued_size, bytes + written, length - (size_t)written);
  await_room(client, true);
}

static void send_queued(Client *client) {
  ssize_t written = write(client->fd, client->queued + client->queued_at, client->queued_length - client->queued_at);
  if (written <= 0) return;
  client->queued_at += (size_t)written;
  if (client->queued_at < client->queued_length) return;
  client->queued_at = client->queued_length = 0;
  await_room(client, false);
}

static size_t put_header(uint8_t *at, int first, uint64_t length) {
  at[0] = (uint8_t)first;
  if (length < 126) return at[1] = (uint8_t)length, 2;
  int bytes = length <= 0xffff ? 2 : 8;
  at[1] = bytes == 2 ? 126 : 127;
  for (int i = 0; i < bytes; i++) at[2 + i] = (uint8_t)(length >> 8 * (bytes - 1 - i));
  return 2 + (size_t)bytes;
}

static void unmask(uint8_t *payload, uint64_t length, const uint8_t *key) {
  uint64_t word;
  uint8_t repeated[8] = {key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3]};
  memcpy(&word, repeated, 8);
  uint64_t at = 0;
  for (; at + 8 <= length; at += 8) {
    uint64_t value;
    memcpy(&value, payload + at, 8);
    value ^= word;
    memcpy(payload + at, &value, 8);
  }
  for (; at < length; at++) payload[at] ^= key[at & 3];
}

// Turns the whole frames at the start of `bytes` into replies, in place: a reply is four bytes shorter. Returns what is used.
static size_t echo_frames(uint8_t *bytes, size_t length, size_t *reply_length, bool *is_over) {
  size_t at = 0, out = 0;
  while (length - at >= 6 && !*is_over) {
    uint64_t size = bytes[at + 1] & 127;
    size_t header = size == 126 ? 8 : size == 127 ? 14 : 6;
    if (length - at < header) break;
    if (size >= 126) {
      int count = size == 126 ? 2 : 8;
      size = 0;
      for (int i = 0; i < count; i++) size = size << 8 | bytes[at + 2 + (size_t)i];
    }
    if (length - at - header < size) break;
    uint8_t first = bytes[at], key[4];
    memcpy(key, bytes + at + header - 4, 4);
    unmask(bytes + at + header, size, key);
    size_t reply_header = put_header(bytes + out, first, size);
    memmove(bytes + out + reply_header, bytes + at + header, size);
    out += reply_header + size, at += header + size;
    if ((first & 15) == 8) *is_over = true;
  }
  *reply_length = out;
  return at;
}

static void take(Client *client, uint8_t *bytes, size_t length) {
  bool is_over = false;
  size_t reply_length;
  size_t used = echo_frames(bytes, length, &reply_length, &is_over);
  if (reply_length > 0 && client->is_publisher && !is_over)
    for (int i = 0; i < subscriber_count; i++) send_bytes(subscribers[i], bytes, reply_length);
  else if (reply_length > 0) send_bytes(client, bytes, reply_length);
  if (is_over) return drop(client);
  if (bytes == client->kept) {
    client->kept_length = length - used;
    memmove(client->kept, bytes + used, client->kept_length);
  } else {
    append(&client->kept, &client->kept_length, &client->kept_size, bytes + used, length - used);
  }
}

// How many bytes the frame at the start of `kept` has, as far as is known.
static uint64_t needed(const Client *client) {
  if (client->kept_length < 14) return 0;
  uint64_t size = client->kept[1] & 127;
  if (size < 126) return 0;
  int count = size == 126 ? 2 : 8;
  size = 0;
  for (int i = 0; i < count; i++) size = size << 8 | client->kept[2 + i];
  return size + (uint64_t)(count == 2 ? 8 : 14);
}

static void upgrade(Client *client, uint8_t *bytes, size_t length) {
  append(&client->kept, &client->kept_length, &client->kept_size, bytes, length);
  append(&client->kept, &client->kept_length, &client->kept_size, (const uint8_t *)"", 1);
  client->kept_length--;
  char *text = (char *)client->kept, accept[32], answer[256];
  if (strstr(text, "\r\n\r\n") == NULL) return;
  char *key = strcasestr(text, "sec-websocket-key:");
  if (key == NULL) return drop(client);
  key += strlen("sec-websocket-key:");
  key += strspn(key, " ");
  accept_key(key, accept);
  int count = snprintf(answer, sizeof answer,
                       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
  client->is_open = true;
  client->is_publisher = strncmp(text, "GET /broadcast", 14) == 0;
  client->is_subscriber = strncmp(text, "GET /subscribe", 14) == 0;
  if (client->is_subscriber) subscribers[client->place = subscriber_count++] = client;
  client->kept_length = 0;
  send_bytes(client, (uint8_t *)answer, (size_t)count);
}

static void receive(Client *client) {
  ssize_t got = read(client->fd, scratch, READ_BYTES);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return drop(client);
  if (!client->is_open) return upgrade(client, scratch, (size_t)got);
  if (client->kept_length == 0) return take(client, scratch, (size_t)got);
  append(&client->kept, &client->kept_length, &client->kept_size, scratch, (size_t)got);
  if (client->kept_length >= needed(client)) take(client, client->kept, client->kept_length);
}

static int listen_anywhere(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 4096) < 0) abort();
  getsockname(fd, (struct sockaddr *)&address, &length);
  printf("{\"kind\":\"listening\",\"port\":%d}\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

int main(void) {
  static struct epoll_event events[EVENTS];
  poller = epoll_create1(EPOLL_CLOEXEC);
  int listener = listen_anywhere();
  // Standard input ends with the benchmark, and we with it.
  struct epoll_event on_listener = {.events = EPOLLIN, .data.ptr = &listener}, on_input = {.events = EPOLLIN};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &on_listener);
  epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &on_input);
  for (;;) {
    int ready = epoll_wait(poller, events, EVENTS, -1);
    for (int i = 0; i < ready; i++) {
      Client *client = events[i].data.ptr;
      if (client == NULL) {
        if (read(STDIN_FILENO, scratch, sizeof scratch) <= 0) return 0;
      } else if (events[i].data.ptr == &listener) {
        Client *added = calloc(1, sizeof *added);
        int on = 1;
        added->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        setsockopt(added->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = added};
        epoll_ctl(poller, EPOLL_CTL_ADD, added->fd, &event);
      } else {
        if (events[i].events & EPOLLOUT) send_queued(client);
        if (events[i].events & ~(uint32_t)EPOLLOUT) receive(client);
      }
    }
  }
}
