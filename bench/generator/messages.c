// Builds what is sent and what is expected, once: sending is then a view into finished bytes.
#include "generator.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIN = 0x80, RSV1 = 0x40, TEXT = 1, BINARY = 2, MASKED = 0x80 };

uint64_t random_number(void) {
  static uint64_t state = 0x9e3779b97f4a7c15;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static int write_header(uint8_t *at, int first_byte, size_t length, int mask_bit) {
  at[0] = (uint8_t)first_byte;
  if (length < 126) {
    at[1] = (uint8_t)(mask_bit | (int)length);
    return 2;
  }
  int bytes = length <= 0xffff ? 2 : 8;
  at[1] = (uint8_t)(mask_bit | (bytes == 2 ? 126 : 127));
  for (int i = 0; i < bytes; i++) at[2 + i] = (uint8_t)(length >> 8 * (bytes - 1 - i));
  return 2 + bytes;
}

static void fill_ascii(uint8_t *payload, size_t length) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .";
  for (size_t i = 0; i < length; i++) payload[i] = (uint8_t)letters[random_number() >> 32 & 63];
}

// Three bytes a character, U+4E00 and up; the rest that is left is ASCII.
static void fill_chinese(uint8_t *payload, size_t length) {
  size_t at = 0;
  for (; at + 3 <= length; at += 3) {
    uint32_t character = 0x4e00 + (uint32_t)((random_number() >> 32) % 0x5000);
    payload[at] = (uint8_t)(0xe0 | character >> 12);
    payload[at + 1] = (uint8_t)(0x80 | (character >> 6 & 63));
    payload[at + 2] = (uint8_t)(0x80 | (character & 63));
  }
  fill_ascii(payload + at, length - at);
}

static void fill(uint8_t *payload, const Settings *settings) {
  size_t length = settings->bytes;
  if (settings->is_socket_io) {
    // An event as Socket.IO frames it: 42["m","..."].
    memcpy(payload, "42[\"m\",\"", 8);
    fill_ascii(payload + 8, length - 10);
    memcpy(payload + length - 2, "\"]", 2);
  } else if (strcmp(settings->payload, "chinese") == 0) {
    fill_chinese(payload, length);
  } else if (strcmp(settings->payload, "ascii") == 0) {
    fill_ascii(payload, length);
  } else {
    // `payload` has room for one word more than it holds.
    for (size_t i = 0; i < length; i += 8) {
      uint64_t word = random_number();
      memcpy(payload + i, &word, 8);
    }
  }
}

static void add(Messages *messages, int index, int first_byte, const uint8_t *payload, size_t length) {
  uint8_t *request = messages->requests + messages->request_at[index];
  uint8_t *reply = messages->replies + messages->reply_at[index];
  int reply_header = write_header(reply, first_byte & ~RSV1, length, 0);
  memcpy(reply + reply_header, payload, length);
  int header = write_header(request, first_byte, length, MASKED);
  uint64_t key = random_number();
  memcpy(request + header, &key, 4);
  uint8_t *mask = request + header;
  for (size_t i = 0; i < length; i++) request[header + 4 + (int64_t)i] = payload[i] ^ mask[i & 3];
  messages->reply_header_bytes[index] = (uint8_t)reply_header;
  messages->request_at[index + 1] = messages->request_at[index] + (size_t)header + 4 + length;
  messages->reply_at[index + 1] = messages->reply_at[index] + (size_t)reply_header + length;
}

static void reserve(Messages *messages, int count, size_t payload_bytes) {
  size_t slots = (size_t)count + 1;
  messages->count = count;
  messages->requests = malloc(payload_bytes + slots * 14);
  messages->replies = malloc(payload_bytes + slots * 14);
  messages->request_at = calloc(slots, sizeof(size_t));
  messages->reply_at = calloc(slots, sizeof(size_t));
  messages->reply_header_bytes = calloc(slots, 1);
  if (messages->requests == NULL || messages->replies == NULL) fail("out of memory for the messages");
}

// The file holds, for each message, four bytes of length (big endian) and a payload compressed by itself.
static void read_frames(Messages *messages, const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail("cannot read %s", path);
  fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(size + 1);
  if (bytes == NULL || fread(bytes, 1, size, file) != size) fail("cannot read %s", path);
  fclose(file);
  int count = 0;
  size_t length;
  for (size_t at = 0; at + 4 <= size; at += 4 + length, count++)
    length = (size_t)bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
  reserve(messages, count, size);
  messages->is_loose = true;
  size_t at = 0;
  for (int i = 0; i < count; i++, at += 4 + length) {
    length = (size_t)bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
    add(messages, i, FIN | RSV1 | TEXT, bytes + at + 4, length);
  }
  free(bytes);
}

void messages_make(Messages *messages, const Settings *settings) {
  memset(messages, 0, sizeof *messages);
  if (settings->frames[0] != 0) return read_frames(messages, settings->frames);
  // Thirty-one different messages, fewer where they are large.
  size_t fit = ((size_t)16 << 20) / (settings->bytes + 1);
  int count = fit > 31 ? 31 : fit < 2 ? 2 : (int)fit;
  reserve(messages, count, (size_t)count * settings->bytes);
  uint8_t *payload = malloc(settings->bytes + 16);
  int opcode = strcmp(settings->payload, "binary") == 0 ? BINARY : TEXT;
  for (int i = 0; i < count; i++) {
    fill(payload, settings);
    add(messages, i, FIN | opcode, payload, settings->bytes);
  }
  free(payload);
}

void messages_free(Messages *messages) {
  free(messages->requests);
  free(messages->replies);
  free(messages->request_at);
  free(messages->reply_at);
  free(messages->reply_header_bytes);
  memset(messages, 0, sizeof *messages);
}
