import { Buffer } from "node:buffer";
import { type IncomingMessage, request as requestHttp, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

import { type ConnectError, connectError, type ProxyAnswerErrorCode } from "./connect-error.js";
import { answerOf } from "./http-answer.js";
import { describe } from "./network-failure.js";
import type { ProxyAddress } from "./proxy-address.js";
import type { Target } from "./target.js";

/** Has the HTTP proxy at the other end of `socket` connect to the target, by CONNECT (RFC 9110 §9.3.6). */
export async function askHttpProxy(socket: Socket, proxy: ProxyAddress, target: Target): Promise<Duplex> {
  const authority = `${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
  return await new Promise<Duplex>((resolve, reject) => {
    const request = requestHttp({
      method: "CONNECT",
      path: authority,
      createConnection: () => socket,
      setHost: false,
      headers: { Host: authority, ...authorizationFor(proxy) },
    });
    request.on("connect", (response, tunnel, head) => {
      const { statusCode = 0 } = response;
      // RFC 9110 §9.3.6: any 2xx response says that the sender will switch to tunnel mode.
      if (statusCode < 200 || statusCode > 299) return reject(refusal(response, proxy, target));
      if (head.length > 0) tunnel.unshift(head);
      resolve(tunnel);
    });
    request.on("error", (cause) => reject(silence(cause, proxy, target)));
    request.end();
  });
}

/** RFC 9110 §11.7.2. It goes to the proxy alone: what the tunnel carries is a request of its own. */
function authorizationFor({ credentials }: ProxyAddress): Readonly<Record<string, string>> {
  if (credentials === undefined) return {};
  const basic = Buffer.from(`${credentials.user}:${credentials.password}`).toString("base64");
  return { "Proxy-Authorization": `Basic ${basic}` };
}

/** An answer to CONNECT other than a 2xx. */
function refusal(answer: IncomingMessage, { label }: ProxyAddress, target: Target): ConnectError {
  const { statusCode = 0 } = answer;
  const name = `${statusCode} ${STATUS_CODES[statusCode] ?? ""}`.trimEnd();
  // Node leaves a body behind the answer to CONNECT unread.
  const response = answerOf(answer, undefined, false);
  return connectError(codeOf(statusCode), target.label, `the proxy ${label} answered ${name}`, { response });
}

function codeOf(status: number): ProxyAnswerErrorCode {
  // tinyproxy says 401 to wrong credentials, and 407 to none.
  if (status === 407 || status === 401) return "proxy-auth-required";
  // 502 and 504 are meant for it; squid says 503, tinyproxy 500.
  return status >= 500 ? "proxy-target-unreachable" : "proxy-refused";
}

/** The proxy hung up, or what it said is no HTTP. */
function silence(cause: NodeJS.ErrnoException, { label }: ProxyAddress, target: Target): ConnectError {
  const isHttp = cause.code?.startsWith("HPE_") !== true;
  const what = isHttp ? "hung up instead of answering" : "answered with something that is not HTTP";
  return connectError("proxy-refused", target.label, `the proxy ${label} ${what}: ${describe(cause)}`, { cause });
}
