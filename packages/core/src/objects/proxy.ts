import { inspect } from "node:util";
import { type Client, type Off, type ProxyOptions, selectorProblem } from "@elpis/api";
import { badArgument, ownError } from "../errors.ts";
import { checkArguments } from "./call.ts";
import { callTopic, checkObjectName, isReserved, labelOf } from "./names.ts";
import type { EventsListener, Subscriptions } from "./subscriptions.ts";

/** Methods that are kept once they were looked at. */
const MAX_CACHED = 1024;

type Member = (...args: never[]) => unknown;

/**
 * An object of another process. Names that a language or a library looks for by itself are not there, so it can be
 * awaited, compared, printed or serialised without a call.
 * @throws ELPIS_OBJECT_BAD_NAME, ELPIS_HUB_BAD_ARGUMENT
 */
export function makeProxy(
  client: Client,
  subscriptions: Subscriptions,
  name: string,
  options: ProxyOptions = {},
): object {
  const { tag, ...callOptions } = options;
  checkObjectName(name, tag);
  checkSelector(options.to);
  const topic = callTopic(name, tag);
  const label = labelOf(name, tag);
  const ask = async (...call: unknown[]): Promise<unknown> => {
    try {
      return await client.request(topic, call, callOptions);
    } catch (error) {
      throw ownError(error, "ELPIS_OBJECT_", ({ object }) => isNamed(object, name));
    }
  };
  const members = new Map<string, Member>([
    ["$get", (property: string) => ask("get", property)],
    ["$describe", () => ask("describe")],
    [
      "$subscribe",
      (event: string, listener: EventsListener): Off =>
        subscriptions.add(
          { ...callOptions, name, ...(tag !== undefined && { tag }) },
          event,
          listener,
        ),
    ],
  ]);
  const methodOf = (method: string): Member => {
    const call = async (...args: unknown[]): Promise<unknown> => {
      checkArguments(label, args);
      return ask("call", method, args);
    };
    if (members.size < MAX_CACHED) members.set(method, call);
    return call;
  };
  const target = Object.create(null, {
    // Looked for on the target itself, past the traps.
    [inspect.custom]: { value: () => `Remote(${label})`, configurable: true },
  });
  return new Proxy(target, {
    get: (_, member) => {
      if (typeof member !== "string") return undefined;
      const known = members.get(member);
      if (known !== undefined) return known;
      return isReserved(member) ? undefined : methodOf(member);
    },
    ...UNCHANGEABLE,
  });
}

/** Whether an error is about this object, and not about one that its method used. */
function isNamed(object: unknown, name: string): boolean {
  return object === name || (typeof object === "string" && object.startsWith(`${name}#`));
}

const refuse = (): boolean => false;
const UNCHANGEABLE: ProxyHandler<object> = {
  set: refuse,
  defineProperty: refuse,
  deleteProperty: refuse,
  setPrototypeOf: refuse,
  preventExtensions: refuse,
};

function checkSelector(to: ProxyOptions["to"]): void {
  if (to === undefined) return;
  if (to === null || typeof to !== "object") throw badArgument("to", "a selector", to);
  const problem = selectorProblem(to);
  if (problem === undefined) return;
  const { part, expected } = problem;
  throw badArgument(`selector.${part}`, expected, to[part as keyof typeof to]);
}
