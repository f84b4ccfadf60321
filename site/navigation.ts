import type { DefaultTheme } from "vitepress";

type Item = DefaultTheme.SidebarItem;

const page = (text: string, link: string): Item => ({ text, link });

const start: Item = {
  text: "Start",
  items: [
    page("What it is", "/readme"),
    page("Tutorial", "/tutorial"),
    page("教程", "/tutorial.zh-CN"),
    page("halyard connect", "/connect"),
  ],
};

const guides: Item = {
  text: "Guides",
  items: [
    page("The client", "/client"),
    page("The reconnecting client", "/reconnecting"),
    page("WebSocket and WebSocketStream", "/web"),
    page("Streams and broadcast", "/streams"),
    page("JSON", "/json"),
    page("Compression", "/compression"),
    page("Liveness and limits", "/liveness"),
    page("Seeing inside", "/observing"),
    page("More than one core", "/workers"),
    page("WebSocket over HTTP/2", "/http2"),
    page("Proxies and production", "/deploy"),
  ],
};

const recipes: Item = {
  text: "Recipes",
  items: [
    page("Express", "/recipes/express"),
    page("Fastify", "/recipes/fastify"),
    page("Hono", "/recipes/hono"),
    page("Next.js", "/recipes/nextjs"),
  ],
};

const comingFrom: Item = {
  text: "Coming from",
  items: [
    page("ws", "/from-ws"),
    page("Socket.IO", "/from-socket-io"),
    page("uWebSockets.js", "/from-uwebsockets"),
    page("gorilla/websocket", "/from-gorilla"),
    page("Python websockets", "/from-python-websockets"),
    page("Django Channels", "/from-django-channels"),
    page("Spring", "/from-spring"),
    page("Jakarta WebSocket", "/from-jakarta"),
  ],
};

const reference: Item = {
  text: "Reference",
  items: [
    page("Options", "/options"),
    page("Faults", "/faults"),
    page("Runtimes", "/runtimes"),
    page("Benchmarks", "/benchmarks"),
    page("Long proofs", "/proofs"),
  ],
};

const project: Item = {
  text: "The project",
  items: [
    page("Architecture", "/architecture"),
    page("Contributing", "/contributing"),
    page("Security", "/security"),
    page("Changelog", "/changelog"),
  ],
};

const api: Item = {
  text: "API reference",
  link: "/api/",
  collapsed: false,
  items: [
    page("halyard/server", "/api/halyard/server"),
    page("halyard/client", "/api/halyard/client"),
    page("halyard/reconnecting", "/api/halyard/reconnecting"),
    page("halyard/web", "/api/halyard/web"),
    page("halyard/json", "/api/halyard/json"),
    page("halyard/observers", "/api/halyard/observers"),
    page("… /prometheus", "/api/halyard/observers/prometheus"),
    page("… /opentelemetry", "/api/halyard/observers/opentelemetry"),
    page("halyard/trace", "/api/halyard/trace"),
    page("halyard/connection", "/api/halyard/connection"),
    page("halyard/protocol", "/api/halyard/protocol"),
  ],
};

/** What stands at the top of every page. */
export const topBar: DefaultTheme.NavItem[] = [
  { text: "Tutorial", link: "/tutorial", activeMatch: "^/tutorial" },
  { text: "Guides", link: "/client", activeMatch: pattern(guides) },
  { text: "Recipes", link: "/recipes/express", activeMatch: "^/recipes/" },
  { text: "Coming from", link: "/from-ws", activeMatch: "^/from-" },
  { text: "API", link: "/api/", activeMatch: "^/api/" },
];

/** What stands beside the pages. */
export const sideBar: DefaultTheme.SidebarItem[] = [start, guides, recipes, comingFrom, reference, api, project];

/** A regular expression for the addresses of a group's pages. */
function pattern({ items = [] }: Item): string {
  return `^(?:${items.map(({ link }) => link).join("|")})$`;
}
