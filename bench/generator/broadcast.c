// Broadcast: one publisher keeps `in_flight` messages outstanding; subscribers count and check what is delivered. A message
// is outstanding until the last subscriber has it, which is its latency.
#include "generator.h"

enum { WINDOW = 64 };

typedef struct {
  uint64_t published, complete;
  int delivered[WINDOW];
  uint64_t published_at[WINDOW];
} Outstanding;

static void publish(Load *load, Outstanding *outstanding, int count) {
  uint64_t now = now_ns();
  for (int i = 0; i < count; i++) outstanding->published_at[outstanding->published++ % WINDOW] = now;
  connection_send(&load->publisher, &load->messages, count);
}

// Messages reach each subscriber in order, so they are complete in order.
static int complete(Load *load, Outstanding *outstanding, Histogram *latency) {
  int count = 0;
  for (;;) {
    uint64_t slot = outstanding->complete % WINDOW;
    if (outstanding->delivered[slot] < load->connection_count) return count;
    histogram_add(latency, now_ns() - outstanding->published_at[slot]);
    outstanding->delivered[slot] = 0;
    outstanding->complete++;
    count++;
  }
}

uint64_t broadcast_load(Load *load, uint64_t until_ns, Histogram *latency) {
  Outstanding outstanding = {0};
  uint64_t deliveries = 0, base = load->connections[0].received;
  publish(load, &outstanding, load->settings.in_flight);
  while (outstanding.complete < outstanding.published) {
    int ready = next_events(load->settings.is_awake);
    for (int i = 0; i < ready; i++) {
      Connection *connection = events[i].data.ptr;
      if (events[i].events & EPOLLOUT) connection_send(connection, &load->messages, 0);
      if (!(events[i].events & ~(uint32_t)EPOLLOUT)) continue;
      uint64_t first = connection->received - base;
      int replies = connection_read(connection, &load->messages);
      for (int k = 0; k < replies; k++) outstanding.delivered[(first + (uint64_t)k) % WINDOW]++;
      deliveries += (uint64_t)replies;
    }
    int done = complete(load, &outstanding, latency);
    if (done > 0 && now_ns() < until_ns) publish(load, &outstanding, done);
  }
  return deliveries;
}
