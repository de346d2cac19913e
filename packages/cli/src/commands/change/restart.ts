import { type AppRecord, pickApp } from "../../apps.ts";
import type { CliContext } from "../../context.ts";
import { EXIT_CODES } from "../../exit-codes.ts";
import type { OperationOptions } from "../../options.ts";
import { printJson, say } from "../../output/report.ts";
import { meantText, type Operation, operate } from "./operation.ts";

/** One of the three, in words. */
interface Wish {
  readonly command: string;
  /** `restarted`: what is told when it is done, and the key of the answer for programs. */
  readonly done: string;
  readonly ask: Operation<unknown>["ask"];
  /** What may be said besides. */
  readonly next?: string;
  /** What programs are told of the app besides its name. */
  readonly about?: (app: AppRecord) => object;
}

/** Stops and starts the processes of an app one after another; `reload` does it without a gap. */
export function restart(
  context: CliContext,
  options: OperationOptions,
  named?: string,
): Promise<number> {
  return fulfil(context, options, named, {
    command: "restart",
    done: "restarted",
    ask: ({ client, call }, asked) => client.request("elpis.restart", asked, call),
  });
}

/** Starts processes of a running app that are stopped or have failed. */
export function startProcesses(
  context: CliContext,
  options: OperationOptions,
  named?: string,
): Promise<number> {
  return fulfil(context, options, named, {
    command: "start",
    done: "started",
    ask: ({ client, call }, asked) => client.request("elpis.start", asked, call),
  });
}

/** Stops processes of a running app; the others, and its master, go on. */
export function stopProcesses(
  context: CliContext,
  options: OperationOptions & { readonly now?: boolean | undefined },
  named?: string,
): Promise<number> {
  const now = options.now === true;
  return fulfil(context, options, named, {
    command: "stop",
    done: "stopped",
    ask: ({ client, call }, asked) => client.request("elpis.stop", { ...asked, now }, call),
    next: "; start them again with: elpis start --process",
    about: ({ pid }) => ({ pid }),
  });
}

async function fulfil(
  context: CliContext,
  options: OperationOptions,
  named: string | undefined,
  { command, done, ask, next = "", about = () => ({}) }: Wish,
): Promise<number> {
  const app = await pickApp(context, options, named);
  const meant = meantText(app.name, options);
  const { took } = await operate(context, options, {
    app,
    command,
    what: `the ${command} of ${meant}`,
    ask,
  });
  const processes = options.process ?? [];
  if (options.json === true) {
    printJson(context, { [done]: { app: app.name, ...about(app), processes } });
  } else {
    say(context, `${meant} ${done} (${took})${next}`);
  }
  return EXIT_CODES.ok.code;
}
