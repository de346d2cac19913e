import type { AlinodeCommand } from "../options.ts";

const MOST_MS = 60_000;
const OUTPUT_CHARS = 100_000;

/** What a command came to, as the server is told. */
export type CommandResult =
  | { readonly stdout: string; readonly stderr: string }
  | { readonly error: string };

/** Does what the server asks for if it is one of `allowed`, and nothing else. */
export async function runCommand(
  params: Readonly<Record<string, unknown>>,
  allowed: Readonly<Record<string, AlinodeCommand>>,
): Promise<CommandResult> {
  const [name = "", ...args] = String(params.command ?? "")
    .trim()
    .split(/\s+/);
  const command = Object.hasOwn(allowed, name) ? allowed[name] : undefined;
  if (command === undefined) return { error: "this command is not allowed" };
  const timeout = Number(params.timeout);
  const signal = AbortSignal.timeout(timeout > 0 && timeout < MOST_MS ? timeout : MOST_MS);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("it took too long")), { once: true });
  });
  try {
    // A command may also throw at once.
    const done = Promise.resolve().then(() => command(args, signal));
    return { stdout: String(await Promise.race([done, late])).slice(0, OUTPUT_CHARS), stderr: "" };
  } catch (error) {
    return { error: error instanceof Error ? error.message : "it failed" };
  }
}
