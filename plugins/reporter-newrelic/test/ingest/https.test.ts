import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tempDir } from "@elpis/testing";
import { expect, it } from "vitest";
import { makeCertificate } from "../support/certificate.ts";
import { Child, prepare } from "../support/child.ts";
import { KEY, Receiver } from "../support/receiver.ts";
import { full, NOW } from "../support/samples.ts";

it("reports over HTTPS, to a server whose certificate is known, and to no other", async () => {
  await using dir = await tempDir();
  const certificate = await makeCertificate(dir.path);
  await using receiver = await Receiver.start(() => Date.now(), certificate);
  const url = receiver.url;
  const options = { apiKey: KEY, metricUrl: url, traceUrl: url, eventUrl: url };
  const input = { kind: "newRelic", options, batches: [moved(Date.now())] };
  await writeFile(join(dir.path, "input.json"), JSON.stringify(input));
  const file = await prepare(dir.path, "report.mjs");

  await using child = new Child(file, { NODE_EXTRA_CA_CERTS: certificate.file });
  expect(await child.printed("reported ")).toContain("{}");
  child.say("close");
  expect(await child.ended).toBe(0);
  expect(receiver.complaints).toEqual([]);
  // Once while it was open, and once after it was closed: it holds nothing.
  expect(receiver.taken).toHaveLength(3);

  await using other = new Child(file, {});
  await other.printed("failed ");
  expect(receiver.taken).toHaveLength(3);
  expect(child.output + other.output).not.toContain(KEY);
});

/** The same batch as if it had been measured now: the process has a real clock. */
function moved(now: number): unknown {
  const text = JSON.stringify(full(), (key, value) =>
    ["start", "time"].includes(key) ? value + now - NOW : value,
  );
  return JSON.parse(text);
}
