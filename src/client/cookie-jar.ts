/**
 * Keeps cookies from one connection to the next: the `CookieJar` of `tough-cookie` is one. URLs are given in the http form
 * (`https://example.com/chat`), which is how cookies are scoped.
 */
export interface CookieJar {
  /** The value of the Cookie header for a request to `url`; `""` for none. */
  getCookieString(url: string): string | Promise<string>;
  /** Keeps a cookie that `url` set: the value of one Set-Cookie header. */
  setCookie(cookie: string, url: string): unknown;
}
