/** Bytes that `text` takes in UTF-8; a lone surrogate counts as U+FFFD, three bytes. */
export function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

/** `text` in UTF-8, lone surrogates replaced by U+FFFD. For short texts (close reasons); long ones take the platform's encoder. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text));
  let at = 0;
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    if (code < 0x80) {
      bytes[at++] = code;
    } else if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6);
      bytes[at++] = 0x80 | (code & 0x3f);
    } else if (code < 0x10000) {
      bytes[at++] = 0xe0 | (code >> 12);
      bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[at++] = 0x80 | (code & 0x3f);
    } else {
      bytes[at++] = 0xf0 | (code >> 18);
      bytes[at++] = 0x80 | ((code >> 12) & 0x3f);
      bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[at++] = 0x80 | (code & 0x3f);
    }
  }
  return bytes;
}

/** The text of `bytes[start, end)`, which must already be known to be valid UTF-8. For short texts, as above. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let at = start;
  const byte = (): number => bytes[at++] as number;
  while (at < end) {
    const first = byte();
    if (first < 0x80) text += String.fromCodePoint(first);
    else if (first < 0xe0) text += String.fromCodePoint(((first & 0x1f) << 6) | (byte() & 0x3f));
    else if (first < 0xf0)
      text += String.fromCodePoint(((first & 0x0f) << 12) | ((byte() & 0x3f) << 6) | (byte() & 0x3f));
    else {
      const high = ((first & 0x07) << 18) | ((byte() & 0x3f) << 12);
      text += String.fromCodePoint(high | ((byte() & 0x3f) << 6) | (byte() & 0x3f));
    }
  }
  return text;
}
