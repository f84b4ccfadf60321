export { joinPrimary, type PrimaryLink } from "./primary-link.js";
export { startPrimary } from "./primary-server.js";
export { resolveWorkerCount, type WorkerCount } from "./worker-count.js";
export { WorkerError, type WorkerErrorCode } from "./worker-error.js";
