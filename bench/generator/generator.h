// What the parts of the load generator share. See main.c for how it is driven.
#ifndef GENERATOR_H
#define GENERATOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

// ---- settings of `open`
typedef struct {
  char mode[16];     // echo, broadcast, handshakes or idle
  char path[256];    // of the echo, or of the publisher
  char subscribe[256];
  char payload[16];  // ascii, chinese or binary
  char frames[1024]; // file of ready payloads instead, compressed ones
  char offer[256];   // Sec-WebSocket-Extensions
  int port, connections, in_flight;
  size_t bytes;
  bool is_socket_io;
  bool is_awake; // does not sleep until replies come: the server does not pay for waking us
} Settings;

// ---- messages.c: finished bytes
// The messages that every connection sends over and over: frames masked beforehand, and the frames expected in answer.
typedef struct {
  int count;
  uint8_t *requests, *replies;
  size_t *request_at, *reply_at; // where each begins; [count] is the end
  uint8_t *reply_header_bytes;
  bool is_loose; // the contents of replies are not known, as the server compresses them: headers are checked only
} Messages;
void messages_make(Messages *messages, const Settings *settings);
void messages_free(Messages *messages);
uint64_t random_number(void);

// ---- histogram.c: times in nanoseconds, to 1.6 %
typedef struct {
  uint64_t buckets[64 * 64], count, max;
} Histogram;
void histogram_add(Histogram *histogram, uint64_t ns);
double histogram_quantile_us(const Histogram *histogram, double quantile);

// ---- connection.c
typedef struct {
  int fd;
  int index;
  int request;           // being sent
  size_t request_offset; // bytes of it that are out
  int unsent;            // messages to send, the one being sent included
  bool awaits_room;
  int reply;           // being read
  size_t reply_offset; // bytes of it that are in
  int until_compared;
  uint8_t header[14]; // loose replies only
  int header_bytes;
  size_t payload_left;
  uint8_t control[128]; // a ping, as far as it is in
  int control_bytes;
  char accept[32];         // what proves that the server read our key
  uint64_t sent, received; // whole messages
} Connection;
extern int poller;
extern uint64_t compared_messages;
// Connects and asks for the upgrade; then takes the answer.
void connection_ask(Connection *connection, const Settings *settings, const char *path);
void connection_enter(Connection *connection, const Settings *settings, const Messages *messages);
void connection_send(Connection *connection, const Messages *messages, int count);
// Reads once; returns how many replies that completed.
int connection_read(Connection *connection, const Messages *messages);
void connection_close(Connection *connection);
int connect_socket(int port, bool is_blocking);
int request_head(char *text, size_t size, const Settings *settings, const char *path, const char *key);

// ---- events.c
extern struct epoll_event events[]; // what `next_events` gave
extern uint64_t waited_ns;          // spent awake with nothing to do
// How many of what was waited for by `poller` are there, once there are any; ends the program where nothing comes for long.
int next_events(bool is_awake);

// ---- loads: what `load` does; each returns the messages done
typedef struct {
  Settings settings;
  Messages messages;
  Connection *connections;
  int connection_count;
  Connection publisher;
} Load;
uint64_t echo_closed_loop(Load *load, uint64_t until_ns, Histogram *latency);
uint64_t echo_open_loop(Load *load, uint64_t duration_ns, double rate, Histogram *latency);
uint64_t broadcast_load(Load *load, uint64_t until_ns, Histogram *latency);
uint64_t handshake_load(Load *load, uint64_t until_ns, Histogram *latency);

uint64_t now_ns(void);
// Reports a failure as JSON and ends the program.
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);
#endif
