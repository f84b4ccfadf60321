// Handshakes: connect, upgrade, closing handshake, and again, on `connections` sockets at once.
#define _GNU_SOURCE
#include "generator.h"
#include "accept-key.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KEYS = 64 };
// A close frame with 1000, masked with zeros.
static const uint8_t close_frame[] = {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8};

typedef struct {
  int fd, key;
  enum { CONNECTING, UPGRADING, CLOSING } state;
  char text[2048];
  size_t length;
  uint64_t started_ns;
} Attempt;

static char heads[KEYS][1024], accepts[KEYS][32];
static int head_lengths[KEYS];

static void prepare_heads(const Settings *settings) {
  for (int i = 0; i < KEYS; i++) {
    uint8_t nonce[16];
    char key[32];
    for (int k = 0; k < 16; k++) nonce[k] = (uint8_t)(random_number() >> 32);
    base64(nonce, 16, key);
    accept_key(key, accepts[i]);
    head_lengths[i] = request_head(heads[i], sizeof heads[i], settings, settings->path, key);
  }
}

static void start(Attempt *attempt, const Settings *settings) {
  attempt->fd = connect_socket(settings->port, false);
  attempt->state = CONNECTING;
  attempt->length = 0;
  attempt->key = (attempt->key + 1) % KEYS;
  attempt->started_ns = now_ns();
  struct epoll_event event = {.events = EPOLLOUT, .data.ptr = attempt};
  epoll_ctl(poller, EPOLL_CTL_ADD, attempt->fd, &event);
}

static void send_head(Attempt *attempt) {
  int length = head_lengths[attempt->key];
  if (write(attempt->fd, heads[attempt->key], (size_t)length) != length) fail("cannot connect: %s", strerror(errno));
  attempt->state = UPGRADING;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = attempt};
  epoll_ctl(poller, EPOLL_CTL_MOD, attempt->fd, &event);
}

// The server's close frame; what comes before it are packets that Socket.IO and the like begin with.
static bool is_closed(const Attempt *attempt) { return memchr(attempt->text, 0x88, attempt->length) != NULL; }

// Returns true when the connection has been opened and closed.
static bool go_on(Attempt *attempt, Histogram *latency) {
  ssize_t got = read(attempt->fd, attempt->text + attempt->length, sizeof attempt->text - 1 - attempt->length);
  if (got < 0 && errno == EAGAIN) return false;
  if (got <= 0 && attempt->state == UPGRADING) fail("a handshake failed: %s", got == 0 ? "end" : strerror(errno));
  if (got <= 0) fail("a server left without its close frame");
  attempt->length += (size_t)got;
  if (attempt->state == UPGRADING) {
    char *end = memmem(attempt->text, attempt->length, "\r\n\r\n", 4);
    if (end == NULL) return false;
    if (memmem(attempt->text, attempt->length, accepts[attempt->key], 28) == NULL)
      fail("the server refused the upgrade: %.200s", attempt->text);
    histogram_add(latency, now_ns() - attempt->started_ns);
    attempt->length = 0;
    attempt->state = CLOSING;
    if (write(attempt->fd, close_frame, sizeof close_frame) < 0) fail("cannot write: %s", strerror(errno));
    return false;
  }
  return is_closed(attempt);
}

uint64_t handshake_load(Load *load, uint64_t until_ns, Histogram *latency) {
  int count = load->settings.connections, open = count;
  uint64_t done = 0;
  Attempt *attempts = calloc((size_t)count, sizeof *attempts);
  prepare_heads(&load->settings);
  for (int i = 0; i < count; i++) start(&attempts[i], &load->settings);
  while (open > 0) {
    int ready = next_events(false);
    for (int i = 0; i < ready; i++) {
      Attempt *attempt = events[i].data.ptr;
      if (attempt->state == CONNECTING) send_head(attempt);
      else if (go_on(attempt, latency)) {
        close(attempt->fd);
        done++;
        if (now_ns() < until_ns) start(attempt, &load->settings);
        else open--;
      }
    }
  }
  free(attempts);
  return done;
}
