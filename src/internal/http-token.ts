/** Marks the characters of an RFC 9110 §5.6.2 `token`, indexed by character code. */
const tokenCharacters = buildTokenTable();

function buildTokenTable(): Uint8Array {
  const table = new Uint8Array(128);
  const allowed = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (let i = 0; i < allowed.length; i++) table[allowed.charCodeAt(i)] = 1;
  return table;
}

/** Whether `code` may stand in an RFC 9110 §5.6.2 `token`. */
export function isTokenCharacter(code: number): boolean {
  return tokenCharacters[code] === 1;
}

/** Whether `text` is one non-empty RFC 9110 §5.6.2 `token`. Linear in the length of `text`. */
export function isToken(text: string): boolean {
  if (text.length === 0) return false;
  for (let i = 0; i < text.length; i++) {
    if (!isTokenCharacter(text.charCodeAt(i))) return false;
  }
  return true;
}

/**
 * Whether `text` may stand as a header value on the wire: visible ASCII, space, tab and obs-text (RFC 9110 §5.5). CR, LF and
 * NUL, which would let a value end its header or the whole head, are never among them.
 */
export function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isText = (code >= 0x20 && code !== 0x7f && code <= 0xff) || code === 0x09;
    if (!isText) return false;
  }
  return true;
}

/** Whether `code` is optional white space (`OWS`, RFC 9110 §5.6.3): a space or a tab. */
export function isOptionalWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
