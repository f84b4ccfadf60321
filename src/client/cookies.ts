import { isFieldValue } from "../internal/http-token.js";
import { connectError } from "./connect-error.js";
import type { CookieJar } from "./cookie-jar.js";
import type { HttpAnswer } from "./http-answer.js";
import type { Target } from "./target.js";

/** What the jar has for a request to `target`; `""` for nothing. */
export async function cookiesFor(jar: CookieJar, target: Target): Promise<string> {
  let cookies: string;
  try {
    cookies = await jar.getCookieString(cookieUrl(target));
  } catch (cause) {
    throw connectError("cookies-failed", target.label, "the jar gave no cookies", { cause });
  }
  if (typeof cookies === "string" && isFieldValue(cookies)) return cookies;
  throw connectError("cookies-failed", target.label, "the jar gave cookies that HTTP does not allow");
}

/** Gives the jar what the answer sets. A cookie that it refuses (of another domain, say) is not kept, and that is all. */
export async function keepCookies(jar: CookieJar, target: Target, answer: HttpAnswer): Promise<void> {
  const url = cookieUrl(target);
  await Promise.allSettled((answer.headers["set-cookie"] ?? []).map(async (cookie) => jar.setCookie(cookie, url)));
}

/** Cookies are scoped by http URLs, RFC 6265 §5.1; those of a Unix socket belong to localhost. */
function cookieUrl({ isSecure, authority, path }: Target): string {
  return `${isSecure ? "https" : "http"}://${authority}${path}`;
}
