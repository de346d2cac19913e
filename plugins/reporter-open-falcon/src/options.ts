import { object, type SchemaIssue, type StandardSchema } from "@elpis/api";
import { cleanText } from "./clean.ts";

/** Options of `openFalcon`; all may be left out. */
export interface OpenFalconOptions {
  /** Name of the machine in Open-Falcon, at most 255 characters. @default `host.name` of the resource, or that of the system */
  readonly endpoint?: string;
  /** Where the agent takes items. @default "http://127.0.0.1:1988/v1/push" */
  readonly agent?: string;
  /** A transfer instead of an agent: `http://host:6060/api/push`, or `tcp://host:8433` for its JSON-RPC. */
  readonly transfer?: string;
  /**
   * Seconds from one point of a series to the next. To be left as it is: a series with another step is another one.
   * @default `every` in whole seconds, or 60; at least `minStepSeconds`
   */
  readonly stepSeconds?: number;
  /** The smallest step that the server keeps, `minStep` of its transfer, in seconds. @default 30 */
  readonly minStepSeconds?: number;
}

export const DEFAULT_AGENT = "http://127.0.0.1:1988/v1/push";
export const DEFAULT_STEP_SECONDS = 60;
export const DEFAULT_MIN_STEP_SECONDS = 30;
/** What the column of the server's index holds. */
export const MAX_ENDPOINT_CHARS = 255;
const MAX_STEP_SECONDS = 86_400;
const HTTP = ["http:", "https:"];

const fields = object<OpenFalconOptions>({
  endpoint: "string?",
  agent: "string?",
  transfer: "string?",
  stepSeconds: "integer?",
  minStepSeconds: "integer?",
});

/** Checks options before anything starts. An address may hold a password, and is not repeated. */
export const schema: StandardSchema<OpenFalconOptions> = {
  "~standard": {
    version: 1,
    vendor: "elpis",
    validate: async (value) => {
      const result = await fields["~standard"].validate(value);
      if (result.issues !== undefined) return result;
      const issues = [...check(result.value)];
      return issues.length > 0 ? { issues } : result;
    },
  },
};

function* check(options: OpenFalconOptions): Generator<SchemaIssue> {
  const { endpoint, agent, transfer } = options;
  if (endpoint !== undefined && !isEndpoint(endpoint)) {
    const message = `expected 1 to ${MAX_ENDPOINT_CHARS} printable characters without spaces, quotes and >`;
    yield { path: ["endpoint"], message };
  }
  if (agent !== undefined && !hasProtocol(agent, HTTP)) {
    yield { path: ["agent"], message: "expected a URL with http: or https:" };
  }
  if (transfer !== undefined && !isTransfer(transfer)) {
    const message = "expected a URL with http: or https:, or tcp://host:port";
    yield { path: ["transfer"], message };
  }
  if (agent !== undefined && transfer !== undefined) {
    yield { path: ["transfer"], message: "expected either an agent or a transfer, got both" };
  }
  yield* checkSteps(options);
}

function* checkSteps(options: OpenFalconOptions): Generator<SchemaIssue> {
  const { minStepSeconds = DEFAULT_MIN_STEP_SECONDS, stepSeconds = minStepSeconds } = options;
  if (minStepSeconds < 1) {
    yield { path: ["minStepSeconds"], message: `expected at least 1, got ${minStepSeconds}` };
  }
  if (stepSeconds < Math.max(1, minStepSeconds) || stepSeconds > MAX_STEP_SECONDS) {
    const message = `expected ${minStepSeconds} (minStepSeconds) to ${MAX_STEP_SECONDS}, got ${stepSeconds}`;
    yield { path: ["stepSeconds"], message };
  }
}

function isEndpoint(text: string): boolean {
  return text !== "" && text.length <= MAX_ENDPOINT_CHARS && cleanText(text, "endpoint") === text;
}

function hasProtocol(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}

function isTransfer(text: string): boolean {
  if (hasProtocol(text, HTTP)) return true;
  return hasProtocol(text, ["tcp:"]) && new URL(text).hostname !== "" && new URL(text).port !== "";
}
