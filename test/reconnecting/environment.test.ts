import { expect, onTestFinished, test, vi } from "vitest";
import { hostEnvironment } from "../../src/reconnecting/environment.js";

test("the environment of a browser tells of its events until it is told to stop", () => {
  const host = globalThis as unknown as Record<string, unknown>;
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: "hidden" });
  vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
  vi.stubGlobal("removeEventListener", window.removeEventListener.bind(window));
  vi.stubGlobal("document", document);
  vi.stubGlobal("navigator", { onLine: false });
  onTestFinished(() => void vi.unstubAllGlobals());
  expect(host["document"]).toBe(document);

  const told: string[] = [];
  const stop = hostEnvironment.watch((event) => told.push(event));
  const tellAll = (): void => {
    for (const type of ["online", "offline"]) window.dispatchEvent(new Event(type));
    for (const type of ["visibilitychange", "freeze", "resume"]) document.dispatchEvent(new Event(type));
    window.dispatchEvent(new Event("pageshow"));
  };
  tellAll();
  expect(told).toEqual(["online", "offline", "freeze", "resume"]);
  document.visibilityState = "visible";
  document.dispatchEvent(new Event("visibilitychange"));
  window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  expect(told.slice(4)).toEqual(["visible", "resume"]);
  stop();
  tellAll();
  expect(told.length).toBe(6);
  expect(hostEnvironment.isOnline()).toBe(false);
});

test("the environment of Node is online, and tells nothing", () => {
  expect(hostEnvironment.isOnline()).toBe(true);
  hostEnvironment.watch(() => {})();
});
