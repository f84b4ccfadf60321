// Echo: a sliding window of messages on each connection, or messages at fixed times.
#define _GNU_SOURCE
#include "generator.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

// When each unanswered message was handed to the kernel; replies come in the order of sending.
static uint64_t *sent_at;

static void send_stamped(Load *load, Connection *connection, int count, uint64_t now) {
  int window = load->settings.in_flight;
  uint64_t handed = connection->sent + (uint64_t)connection->unsent;
  for (int i = 0; i < count; i++) sent_at[connection->index * window + (int)((handed + (uint64_t)i) % (uint64_t)window)] = now;
  connection_send(connection, &load->messages, count);
}

// Every connection keeps `in_flight` messages unanswered; ends when everything sent is answered.
uint64_t echo_closed_loop(Load *load, uint64_t until_ns, Histogram *latency) {
  int window = load->settings.in_flight;
  sent_at = calloc((size_t)load->connection_count * (size_t)window, sizeof *sent_at);
  uint64_t total = 0, unanswered = (uint64_t)load->connection_count * (uint64_t)window;
  for (int i = 0; i < load->connection_count; i++) send_stamped(load, &load->connections[i], window, now_ns());
  while (unanswered > 0) {
    int ready = next_events(load->settings.is_awake);
    for (int i = 0; i < ready; i++) {
      Connection *connection = events[i].data.ptr;
      if (events[i].events & EPOLLOUT) connection_send(connection, &load->messages, 0);
      if (!(events[i].events & ~(uint32_t)EPOLLOUT)) continue;
      uint64_t first = connection->received;
      int replies = connection_read(connection, &load->messages);
      if (replies == 0) continue;
      uint64_t now = now_ns();
      for (int k = 0; k < replies; k++)
        histogram_add(latency, now - sent_at[connection->index * window + (int)((first + (uint64_t)k) % (uint64_t)window)]);
      total += (uint64_t)replies;
      if (now < until_ns) send_stamped(load, connection, replies, now);
      else unanswered -= (uint64_t)replies;
    }
  }
  free(sent_at);
  return total;
}

static void arm(int timer, uint64_t at_ns) {
  struct itimerspec when = {.it_value = {(time_t)(at_ns / 1000000000), (long)(at_ns % 1000000000)}};
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

// Message j is due at j / rate, on connection j mod N, whatever became of those before. Its latency counts from when it was
// due, so a server that stalls pays for every message of the stall (no coordinated omission).
uint64_t echo_open_loop(Load *load, uint64_t duration_ns, double rate, Histogram *latency) {
  prctl(PR_SET_TIMERSLACK, 1000);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);
  uint64_t start = now_ns(), total = (uint64_t)(rate * (double)duration_ns / 1e9), sent = 0, answered = 0;
  uint64_t count = (uint64_t)load->connection_count;
  uint64_t *base = calloc(count, sizeof *base);
  for (uint64_t i = 0; i < count; i++) base[i] = load->connections[i].received;
  double gap_ns = 1e9 / rate;
  while (answered < total) {
    uint64_t now = now_ns();
    while (sent < total && start + (uint64_t)((double)sent * gap_ns) <= now)
      connection_send(&load->connections[sent++ % count], &load->messages, 1);
    if (sent < total) arm(timer, start + (uint64_t)((double)sent * gap_ns));
    int ready = next_events(false);
    for (int i = 0; i < ready; i++) {
      Connection *connection = events[i].data.ptr;
      uint64_t expirations;
      if (connection == NULL) {
        if (read(timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN) fail("timer: %s", strerror(errno));
        continue;
      }
      if (events[i].events & EPOLLOUT) connection_send(connection, &load->messages, 0);
      if (!(events[i].events & ~(uint32_t)EPOLLOUT)) continue;
      uint64_t first = connection->received - base[connection->index];
      int replies = connection_read(connection, &load->messages);
      uint64_t arrived = now_ns();
      for (int k = 0; k < replies; k++) {
        uint64_t number = (first + (uint64_t)k) * count + (uint64_t)connection->index;
        uint64_t due = start + (uint64_t)((double)number * gap_ns);
        histogram_add(latency, arrived > due ? arrived - due : 0);
      }
      answered += (uint64_t)replies;
    }
  }
  epoll_ctl(poller, EPOLL_CTL_DEL, timer, NULL);
  close(timer);
  free(base);
  return answered;
}
