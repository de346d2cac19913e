import type { Client } from "@elpis/api";
import { badInput } from "../../errors.ts";
import { command, orNoPlugin, statusOf } from "../master.ts";
import type { Answered, Asked, Route, RouteWorld } from "../route.ts";

const NEEDS_TOKEN = { 401: "no token", 409: "another operation is under way" };
const UNKNOWN = { ...NEEDS_TOKEN, 404: "there is none of that name" };
const WHAT = {
  restart: "Stops and starts a process",
  reload: "Replaces a process without losing a request",
  stop: "Stops a process",
  start: "Starts a process that is stopped or has failed",
} as const;
const TASK_WHAT = {
  run: "Runs a task now",
  pause: "Keeps a task from running by itself",
  resume: "Lets a paused task run again",
} as const;

/** What changes something; each needs the token. */
export function changeRoutes({ hub }: RouteWorld): Route[] {
  const processRoutes = Object.entries(WHAT).map(([verb, summary]): Route => {
    const input = (name: string): object => ({ processes: [name] });
    return {
      method: "POST",
      path: `/process/:name/${verb}`,
      summary,
      statuses: { ...UNKNOWN, 202: "it is the agent itself, which cannot see the end of it" },
      answer: ({ params }) =>
        operate(hub, `elpis.${verb}`, input(params.name ?? ""), [params.name ?? ""]),
    };
  });
  const tasks = Object.entries(TASK_WHAT).map(
    ([verb, summary]): Route => ({
      method: "POST",
      path: `/tasks/:name/${verb}`,
      summary,
      statuses: UNKNOWN,
      answer: async ({ params }) => {
        const told = command(hub, `elpis.tasks.${verb}`, { task: params.name });
        return { data: await orNoPlugin("@elpis/schedule", told) };
      },
    }),
  );
  return [...processRoutes, ...wholeRoutes(hub), ...tasks];
}

function wholeRoutes(hub: Client): Route[] {
  return [
    {
      method: "POST",
      path: "/process/:name/signal",
      summary: "Sends a signal to a process",
      body: { signal: "such as `SIGUSR2`" },
      statuses: { ...UNKNOWN, 400: "there is no such signal" },
      answer: async ({ params, body }) => {
        const { signal } = body;
        if (typeof signal !== "string") throw badInput('The body has to be { "signal": "SIG…" }.');
        return { data: await command(hub, "elpis.signal", { processes: [params.name], signal }) };
      },
    },
    {
      method: "POST",
      path: "/scale",
      summary: "Changes how many instances there are",
      body: { scale: 'by name a number, or a text such as "+2"' },
      statuses: { ...UNKNOWN, 400: "a number that cannot be" },
      answer: async ({ body }) => {
        const { scale } = body;
        if (!isScale(scale)) throw badInput('The body has to be { "scale": { "web": 3 } }.');
        return { data: await command(hub, "elpis.scale", { scale }) };
      },
    },
    {
      method: "POST",
      path: "/reload",
      summary: "Replaces all processes, or those that are named, without losing a request",
      body: { processes: "names; all by default" },
      statuses: { ...NEEDS_TOKEN, 202: "the agent is among them, and cannot see the end of it" },
      answer: (asked) => operateAll(hub, "elpis.reload", asked),
    },
    {
      method: "POST",
      path: "/rollback",
      summary: "Goes back to the definition before the present one",
      body: { processes: "names; all by default" },
      statuses: { ...NEEDS_TOKEN, 202: "the agent is among them, and cannot see the end of it" },
      answer: (asked) => operateAll(hub, "elpis.rollback", asked),
    },
  ];
}

function operateAll(hub: Client, topic: string, { body }: Asked): Promise<Answered> {
  const { processes } = body;
  if (processes !== undefined && !isTexts(processes)) {
    throw badInput('The body has to be { "processes": ["web"] }, or nothing.');
  }
  return operate(hub, topic, processes === undefined ? {} : { processes }, processes);
}

/** One that ends this very process is begun, and not waited for: its answer would wait for this one. */
async function operate(
  hub: Client,
  topic: string,
  input: object,
  names: readonly string[] | undefined,
): Promise<Answered> {
  const own = hub.location.name;
  const isOwn = names === undefined || names.some((name) => name === own || name === `${own}.0`);
  if (!isOwn) return { data: await command(hub, topic, input) };
  // What is unknown, or cannot be just now, is said at once.
  const { state, operation } = await statusOf(hub);
  const begun = command(hub, topic, input).catch(() => {});
  void begun;
  const data = { begun: topic, state, ...(operation !== undefined && { operation }) };
  return {
    data,
    status: 202,
    message: "it is begun; GET /daemon and /events say what becomes of it",
  };
}

function isScale(value: unknown): value is Readonly<Record<string, number | string>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const all = Object.values(value);
  return all.length > 0 && all.every((one) => typeof one === "number" || typeof one === "string");
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
