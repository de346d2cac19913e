import {
  type ElpisError,
  formatIssue,
  type StandardSchema,
  type TopicSchema,
  type TopicSchemas,
  toText,
} from "@elpis/api";
import { badArgument, badValue } from "../errors.ts";
import { isPromise } from "./is-promise.ts";

/** Which of a topic's values is meant. */
export type SchemaPart = keyof TopicSchema;

/** Issues of one value that are told, and how long each may be. */
const MAX_ISSUES = 20;
const MAX_ISSUE_LENGTH = 300;
const PARTS: readonly SchemaPart[] = ["payload", "input", "output", "item", "sent", "job"];

/** A handler's input or answer did not pass: told to the caller as such, and not as an error of the handler. */
export class Refused {
  readonly issues: readonly string[];

  constructor(error: ElpisError) {
    this.issues = error.details.issues as readonly string[];
  }
}

/**
 * What the values of topics must be. A schema may change a value (fill in defaults, turn a text into a date): what is
 * sent is the value as it was given, what a handler, listener or caller gets is what the schema made of it, so that it
 * happens once.
 */
export class Checks {
  readonly #topics = new Map<string, TopicSchema>();

  /** Adds to what is there, part by part. @throws ELPIS_HUB_BAD_ARGUMENT */
  add(schemas: TopicSchemas): void {
    for (const [topic, parts] of Object.entries(schemas)) {
      for (const part of PARTS) {
        const schema: unknown = parts[part];
        if (schema !== undefined && !isSchema(schema)) {
          throw badArgument(`schemas["${topic}"].${part}`, "a Standard Schema", schema);
        }
      }
      this.#topics.set(topic, { ...this.#topics.get(topic), ...parts });
    }
  }

  /** Whether any value of the topic is checked. */
  covers(topic: string): boolean {
    return this.#topics.has(topic);
  }

  has(topic: string, part: SchemaPart): boolean {
    return this.#topics.get(topic)?.[part] !== undefined;
  }

  /**
   * What the schema makes of a value that came; the value itself where there is no schema.
   * @throws ELPIS_HUB_BAD_PAYLOAD, or rejects with it
   */
  check(topic: string, part: SchemaPart, value: unknown): unknown {
    const schema = this.#topics.get(topic)?.[part];
    if (schema === undefined) return value;
    let result: ReturnType<StandardSchema["~standard"]["validate"]>;
    try {
      result = schema["~standard"].validate(value);
    } catch (error) {
      throw broken(topic, part, error);
    }
    if (!(result instanceof Promise)) return resultOf(topic, part, result);
    return result.then(
      (late) => resultOf(topic, part, late),
      (error: unknown) => {
        throw broken(topic, part, error);
      },
    );
  }

  /** As {@link check}, for a value that leaves: it gives the value as it was. */
  approve(topic: string, part: SchemaPart, value: unknown): unknown {
    const checked = this.check(topic, part, value);
    return checked instanceof Promise ? checked.then(() => value) : value;
  }

  /** Runs `handler` with a checked input and checks its answer. Throws, or rejects with, {@link Refused}. */
  around(topic: string, input: unknown, handler: (input: unknown) => unknown): unknown {
    const checked = refusing(() => this.check(topic, "input", input));
    const answer = checked instanceof Promise ? checked.then(handler) : handler(checked);
    if (!this.has(topic, "output")) return answer;
    const approve = (value: unknown): unknown =>
      refusing(() => this.approve(topic, "output", value));
    return isPromise(answer) ? Promise.resolve(answer).then(approve) : approve(answer);
  }
}

/** Turns the error of a check into one that is told as such. */
export function refusing(check: () => unknown): unknown {
  const refuse = (error: unknown): never => {
    throw new Refused(error as ElpisError);
  };
  try {
    const checked = check();
    return checked instanceof Promise ? checked.catch(refuse) : checked;
  } catch (error) {
    return refuse(error);
  }
}

function resultOf(
  topic: string,
  part: SchemaPart,
  result: Awaited<ReturnType<StandardSchema["~standard"]["validate"]>>,
): unknown {
  if (result.issues === undefined) return result.value;
  const issues = result.issues.slice(0, MAX_ISSUES).map((issue) => formatIssue(issue, part));
  throw badValue({ topic, timeoutMs: 0 }, issues.map(short));
}

/** A schema that throws has not let the value pass. */
function broken(topic: string, part: SchemaPart, error: unknown): ElpisError {
  const reason = error instanceof Error ? error.message : toText(error);
  return badValue({ topic, timeoutMs: 0 }, [short(`${part}: its schema failed: ${reason}`)], error);
}

function short(text: string): string {
  return text.length > MAX_ISSUE_LENGTH ? `${text.slice(0, MAX_ISSUE_LENGTH)}…` : text;
}

function isSchema(value: unknown): value is StandardSchema {
  const isHolder = (typeof value === "object" && value !== null) || typeof value === "function";
  const standard = isHolder ? (value as Partial<StandardSchema>)["~standard"] : undefined;
  return typeof standard?.validate === "function";
}
