// The load generator. Commands come on standard input, a line each, and every one is answered with a line of JSON:
//
//   open mode=echo port=8080 path=/echo connections=64 in-flight=16 bytes=64 payload=ascii
//        mode     echo; broadcast (path is the publisher's, subscribe=PATH the subscribers'); handshakes; idle
//        payload  ascii, chinese or binary; or frames=FILE of compressed payloads with offer=SEC-WEBSOCKET-EXTENSIONS
//        socket-io=1 speaks Socket.IO's packets
//        awake=1 asks for replies or deliveries without end, and does not sleep until they come
//   load ms=2500             keeps in-flight messages on every connection
//   load ms=2500 rate=10000  sends so many a second, at fixed times
//   close
//
// A value may hold spaces written as %20. Anything wrong is answered with {"kind":"failed","reason":...} and ends the program.
#define _GNU_SOURCE
#include "generator.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void fail(const char *format, ...) {
  char reason[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reason, sizeof reason, format, arguments);
  va_end(arguments);
  printf("{\"kind\":\"failed\",\"reason\":\"");
  for (char *at = reason; *at != 0; at++) putchar(*at < ' ' || *at == '"' || *at == '\\' ? ' ' : *at);
  printf("\"}\n");
  fflush(stdout);
  exit(1);
}

static void say(const char *kind) {
  printf("{\"kind\":\"%s\"}\n", kind);
  fflush(stdout);
}

static void unescape(char *text) {
  for (char *at; (at = strstr(text, "%20")) != NULL;) {
    *at = ' ';
    memmove(at + 1, at + 3, strlen(at + 3) + 1);
  }
}

// The value of `name=` in a line of commands.
static bool find(const char *line, const char *name, char *value, size_t size) {
  char key[64];
  snprintf(key, sizeof key, " %s=", name);
  const char *at = strstr(line, key);
  value[0] = 0;
  if (at == NULL) return false;
  at += strlen(key);
  snprintf(value, size, "%.*s", (int)strcspn(at, " \n"), at);
  unescape(value);
  return true;
}

static double number(const char *line, const char *name, double otherwise) {
  char value[64];
  return find(line, name, value, sizeof value) ? atof(value) : otherwise;
}

static Settings settings_of(const char *line) {
  Settings settings = {0};
  if (!find(line, "mode", settings.mode, sizeof settings.mode)) fail("open takes mode=");
  find(line, "path", settings.path, sizeof settings.path);
  find(line, "subscribe", settings.subscribe, sizeof settings.subscribe);
  find(line, "payload", settings.payload, sizeof settings.payload);
  find(line, "frames", settings.frames, sizeof settings.frames);
  find(line, "offer", settings.offer, sizeof settings.offer);
  settings.port = (int)number(line, "port", 0);
  settings.connections = (int)number(line, "connections", 1);
  settings.in_flight = (int)number(line, "in-flight", 1);
  settings.bytes = (size_t)number(line, "bytes", 64);
  settings.is_awake = number(line, "awake", 0) != 0;
  settings.is_socket_io = number(line, "socket-io", 0) != 0;
  return settings;
}

static void check_file_limit(int connections) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < (rlim_t)connections + 32)
    fail("%d connections need as many file descriptors: ulimit -n is %llu", connections, (unsigned long long)files.rlim_cur);
}

// Some handshakes at a time, so that neither side waits for the other.
static void open_connections(Connection *connections, int count, const Load *load, const char *path) {
  enum { AT_ONCE = 64 };
  for (int first = 0; first < count; first += AT_ONCE) {
    int end = first + AT_ONCE < count ? first + AT_ONCE : count;
    for (int i = first; i < end; i++) connection_ask(&connections[i], &load->settings, path);
    for (int i = first; i < end; i++) connection_enter(&connections[i], &load->settings, &load->messages);
  }
}

static void open_all(Load *load, const char *line) {
  Settings settings = load->settings = settings_of(line);
  check_file_limit(settings.connections);
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (strcmp(settings.mode, "handshakes") == 0) return say("connected");
  if (strcmp(settings.mode, "idle") != 0) messages_make(&load->messages, &settings);
  bool is_broadcast = strcmp(settings.mode, "broadcast") == 0;
  load->connection_count = settings.connections;
  load->connections = calloc((size_t)settings.connections, sizeof *load->connections);
  // All subscribers get the same messages: they begin with the same one.
  for (int i = 0; i < settings.connections; i++) load->connections[i].index = is_broadcast ? 0 : i;
  open_connections(load->connections, settings.connections, load, is_broadcast ? settings.subscribe : settings.path);
  load->publisher.fd = -1;
  if (is_broadcast) open_connections(&load->publisher, 1, load, settings.path);
  say("connected");
}

static void close_all(Load *load) {
  for (int i = 0; i < load->connection_count; i++) connection_close(&load->connections[i]);
  if (load->connection_count > 0) connection_close(&load->publisher);
  free(load->connections);
  messages_free(&load->messages);
  memset(load, 0, sizeof *load);
  if (poller >= 0) close(poller);
  poller = -1;
  say("disconnected");
}

static double microseconds(struct timeval from, struct timeval to) {
  return (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_usec - from.tv_usec);
}

static void run(Load *load, const char *line) {
  double duration_ms = number(line, "ms", 1000), rate = number(line, "rate", 0);
  Histogram *latency = calloc(1, sizeof *latency);
  uint64_t compared_before = compared_messages, waited_before = waited_ns, done;
  struct rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  uint64_t start = now_ns(), until = start + (uint64_t)(duration_ms * 1e6);
  if (strcmp(load->settings.mode, "handshakes") == 0) done = handshake_load(load, until, latency);
  else if (strcmp(load->settings.mode, "broadcast") == 0) done = broadcast_load(load, until, latency);
  else if (strcmp(load->settings.mode, "echo") != 0) fail("nothing can be loaded in mode %s", load->settings.mode);
  else if (rate > 0) done = echo_open_loop(load, until - start, rate, latency);
  else done = echo_closed_loop(load, until, latency);
  double elapsed_ms = (double)(now_ns() - start) / 1e6;
  getrusage(RUSAGE_SELF, &after);
  double user = microseconds(before.ru_utime, after.ru_utime), system = microseconds(before.ru_stime, after.ru_stime);
  // The share of our time that we had something to do in; in the rest we were only awake.
  double busy = 1 - (double)(waited_ns - waited_before) / 1e3 / (user + system);
  if (busy < 0) busy = 0;
  printf("{\"kind\":\"loaded\",\"messages\":%llu,\"comparedMessages\":%llu,\"elapsedMs\":%.3f,"
         "\"cpu\":{\"user\":%.0f,\"system\":%.0f},"
         "\"latency\":{\"p50Us\":%.2f,\"p99Us\":%.2f,\"p999Us\":%.2f,\"maxUs\":%.2f}}\n",
         (unsigned long long)done, (unsigned long long)(compared_messages - compared_before), elapsed_ms,
         user * busy, system * busy,
         histogram_quantile_us(latency, 0.5), histogram_quantile_us(latency, 0.99), histogram_quantile_us(latency, 0.999),
         (double)latency->max / 1e3);
  fflush(stdout);
  free(latency);
}

int main(void) {
  static char line[4096];
  Load load = {0};
  say("ready");
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (strncmp(line, "open ", 5) == 0) open_all(&load, line);
    else if (strncmp(line, "load ", 5) == 0) run(&load, line);
    else if (strncmp(line, "close", 5) == 0) close_all(&load);
    else fail("unknown command: %.50s", line);
  }
}
