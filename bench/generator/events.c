// Waiting for what the server sends.
#include "generator.h"
#include <errno.h>
#include <string.h>

enum { MOST = 512, PATIENCE_MS = 20000 };

struct epoll_event events[MOST];
uint64_t waited_ns;

// What `epoll_wait` gives, asked again and again.
static int wait_awake(void) {
  int count = epoll_wait(poller, events, MOST, 0);
  if (count != 0) return count;
  uint64_t since = now_ns(), now = since;
  while (count == 0 && now - since < PATIENCE_MS * 1000000ull) {
    count = epoll_wait(poller, events, MOST, 0);
    now = now_ns();
  }
  waited_ns += now - since;
  return count;
}

int next_events(bool is_awake) {
  int count = is_awake ? wait_awake() : epoll_wait(poller, events, MOST, PATIENCE_MS);
  if (count == 0) fail("nothing from the server for %d s: it lost messages?", PATIENCE_MS / 1000);
  if (count < 0 && errno != EINTR) fail("epoll_wait: %s", strerror(errno));
  return count < 0 ? 0 : count;
}
