// Sec-WebSocket-Accept, RFC 6455 §4.2.2: base64(SHA-1(key + GUID)). Nothing here is for secrets.
#ifndef ACCEPT_KEY_H
#define ACCEPT_KEY_H
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static inline uint32_t rotate_left(uint32_t value, int bits) { return value << bits | value >> (32 - bits); }

static void sha1_block(uint32_t state[5], const uint8_t block[64]) {
  uint32_t w[80];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 | block[4 * i + 3];
  for (int i = 16; i < 80; i++) w[i] = rotate_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
  for (int i = 0; i < 80; i++) {
    uint32_t f, k;
    if (i < 20) f = (b & c) | (~b & d), k = 0x5a827999;
    else if (i < 40) f = b ^ c ^ d, k = 0x6ed9eba1;
    else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
    else f = b ^ c ^ d, k = 0xca62c1d6;
    uint32_t next = rotate_left(a, 5) + f + e + k + w[i];
    e = d, d = c, c = rotate_left(b, 30), b = a, a = next;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

// At most 119 bytes: two blocks, which a key and the GUID fit.
static void sha1_short(const uint8_t *text, size_t length, uint8_t digest[20]) {
  uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  uint8_t blocks[128] = {0};
  size_t used = length + 9 <= 64 ? 64 : 128;
  memcpy(blocks, text, length);
  blocks[length] = 0x80;
  blocks[used - 2] = (uint8_t)(length * 8 >> 8);
  blocks[used - 1] = (uint8_t)(length * 8);
  for (size_t at = 0; at < used; at += 64) sha1_block(state, blocks + at);
  for (int i = 0; i < 20; i++) digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64(const uint8_t *bytes, size_t length, char *text) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t at = 0; at < length; at += 3) {
    uint32_t group = (uint32_t)bytes[at] << 16;
    if (at + 1 < length) group |= (uint32_t)bytes[at + 1] << 8;
    if (at + 2 < length) group |= bytes[at + 2];
    *text++ = digits[group >> 18];
    *text++ = digits[group >> 12 & 63];
    *text++ = at + 1 < length ? digits[group >> 6 & 63] : '=';
    *text++ = at + 2 < length ? digits[group & 63] : '=';
  }
  *text = 0;
}

// `key` is 24 characters, `accept` gets 28 and a zero.
static void accept_key(const char *key, char accept[32]) {
  char text[64];
  uint8_t digest[20];
  int length = snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
  sha1_short((const uint8_t *)text, (size_t)length, digest);
  base64(digest, 20, accept);
}
#endif
