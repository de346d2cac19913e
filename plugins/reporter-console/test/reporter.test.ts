import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { formatIssue, type Reporter } from "@elpis/api";
import { waitFor } from "@elpis/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { consoleReporter } from "../src/index.ts";
import { linesOf } from "../src/lines.ts";
import { schema } from "../src/options.ts";
import { printingReporter } from "../src/reporter.ts";
import { batchOf, call, context, ERROR, EVENT, POINTS, SPAN } from "./batches.ts";

const ALL = { points: POINTS, spans: [SPAN], errors: [ERROR], events: [EVENT] };

/** A process whose input is a pipe that is printed on, and what it has read. */
function reader(program: string): {
  readonly input: Writable;
  read(): string;
  end(): Promise<unknown>;
} {
  const child = spawn("sh", ["-c", program], { stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const exit = once(child, "exit");
  onTestFinished(() => void child.kill("SIGKILL"));
  return { input: child.stdin, read: () => text, end: () => exit };
}

function printingTo(input: Writable, stream: "stdout" | "stderr" = "stdout"): Reporter {
  const other = process.stdout;
  return printingReporter({ stream }, { stdout: other, stderr: other, [stream]: input });
}

describe("the console", () => {
  it.each(["stdout", "stderr"] as const)("gets all signals on %s", async (stream) => {
    const pipe = reader("exec cat");
    const reporter = printingTo(pipe.input, stream);
    const batch = batchOf(ALL);
    await reporter.report(batch, call());
    await waitFor(() => pipe.read() === linesOf(batch), { what: "the text" });
    expect(pipe.read()).toContain("TypeError");
  });

  it("gets nothing for an empty batch", async () => {
    const pipe = reader("exec cat");
    const reporter = printingTo(pipe.input);
    await reporter.report(batchOf(), call());
    pipe.input.end();
    await pipe.end();
    expect(pipe.read()).toBe("");
  });

  it("may be gone: the batch is rejected, and the process lives", async () => {
    const pipe = reader("exit 0");
    const reporter = printingTo(pipe.input);
    await pipe.end();
    const error = await waitFor(
      () =>
        Promise.resolve(reporter.report(batchOf(ALL), call())).then(
          () => undefined,
          (one) => one,
        ),
      { what: "an error" },
    );
    expect(error).toMatchObject({
      code: "ELPIS_REPORTER_REJECTED",
      message: expect.stringMatching(/^nothing can be printed: (EPIPE|ERR_STREAM_DESTROYED)$/),
    });
  });

  it("may be slow: what waits does not grow", async () => {
    const pipe = reader("exec sleep 60");
    const reporter = printingTo(pipe.input);
    const points = Array.from({ length: 5000 }, () => POINTS).flat();
    const abort = new AbortController();
    const report = reporter.report(batchOf({ points }), call(abort.signal));
    await waitFor(() => pipe.input.writableLength > 0, { what: "a full pipe" });
    const waiting = pipe.input.writableLength;
    abort.abort();
    await expect(report).rejects.toMatchObject({ name: "AbortError" });
    await expect(reporter.report(batchOf(ALL), call())).rejects.toMatchObject({
      code: "ELPIS_REPORTER_REJECTED",
      message: "nobody reads what was printed before",
    });
    expect(pipe.input.writableLength).toBeLessThanOrEqual(waiting);
  });

  it("prints nothing of a call that is over, and may be closed twice", async () => {
    const pipe = reader("exec cat");
    const reporter = printingTo(pipe.input);
    const report = reporter.report(batchOf(ALL), call(AbortSignal.abort()));
    await expect(report).rejects.toMatchObject({ name: "AbortError" });
    await reporter.close?.();
    await reporter.close?.();
    pipe.input.end();
    await pipe.end();
    expect(pipe.read()).toBe("");
    expect(pipe.input.listenerCount("error")).toBe(0);
  });

  it("is that of the process where nothing else is said", async () => {
    const before = process.stderr.listenerCount("error");
    const reporter = await consoleReporter.definition.open({ stream: "stderr" }, context());
    expect(process.stderr.listenerCount("error")).toBe(before + 1);
    expect(reporter.wants).toEqual({
      signals: ["metrics", "spans", "errors", "events"],
      retry: "never",
    });
    await reporter.close?.();
    expect(process.stderr.listenerCount("error")).toBe(before);
  });
});

describe("options of consoleReporter", () => {
  it.each([{}, { stream: "stderr" }, { signals: ["errors", "events"] }])(
    "takes %j",
    async (options) => {
      expect(await schema["~standard"].validate(options)).toEqual({ value: options });
    },
  );

  it.each<[unknown, string]>([
    [{ stream: "file" }, "options.stream: expected stdout or stderr"],
    [{ signals: "metrics" }, "options.signals"],
    [{ signals: [] }, "options.signals"],
    [{ color: true }, "options.color: unknown key"],
    [1, "expected an object"],
  ])("refuses %j", async (options, expected) => {
    const { issues = [] } = await schema["~standard"].validate(options);
    expect(issues.map((issue) => formatIssue(issue)).join()).toContain(expected);
  });
});
