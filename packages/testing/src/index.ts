export { type FakeClock, fakeClock } from "./fake-clock.ts";
export {
  type HttpBackend,
  type HttpBackendOptions,
  httpBackend,
  type ReceivedRequest,
  type ReporterBackend,
  type Sickness,
} from "./reporter/backend.ts";
export { type ReporterContractOptions, reporterContract } from "./reporter/contract.ts";
export { type Seeded, seeded } from "./seeded.ts";
export { type TempDir, tempDir } from "./temp-dir.ts";
export { startTestHub, type TestHub, type TestHubOptions, type TestLocation } from "./test-hub.ts";
export { type WaitForOptions, waitFor } from "./wait-for.ts";
