import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { checkAnswer, hasCode, retryAfterMs } from "../src/index.ts";

async function ask(answer: (response: ServerResponse) => void): Promise<Response> {
  const server = createServer((_, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

it.each([
  [200, undefined],
  [202, undefined],
  [204, undefined],
  [301, "ELPIS_REPORTER_REJECTED"],
  [400, "ELPIS_REPORTER_REJECTED"],
  [403, "ELPIS_REPORTER_REJECTED"],
  [408, "ELPIS_REPORTER_RETRY_LATER"],
  [413, "ELPIS_REPORTER_TOO_LARGE"],
  [429, "ELPIS_REPORTER_RETRY_LATER"],
  [500, "ELPIS_REPORTER_RETRY_LATER"],
  [501, "ELPIS_REPORTER_REJECTED"],
  [503, "ELPIS_REPORTER_RETRY_LATER"],
])("status %i is %s", async (status, code) => {
  const answer = await ask((response) => response.writeHead(status).end());
  const error = await checkAnswer(answer).catch((thrown: unknown) => thrown);
  if (code === undefined) expect(error).toBeUndefined();
  else expect(hasCode(error, code)).toBe(true);
});

it("asks again only after what the caller says", async () => {
  const codeOf = async (status: number): Promise<unknown> => {
    const answer = await ask((response) => response.writeHead(status).end());
    return checkAnswer(answer, { later: [429, 501] }).catch(({ code }) => code);
  };
  expect([await codeOf(429), await codeOf(501)]).toEqual(
    Array(2).fill("ELPIS_REPORTER_RETRY_LATER"),
  );
  expect([await codeOf(500), await codeOf(408)]).toEqual(Array(2).fill("ELPIS_REPORTER_REJECTED"));
  expect(await codeOf(200)).toBeUndefined();
});

it("says what the backend says, and no more than a few lines of it", async () => {
  const answer = await ask((response) => response.writeHead(400).end(`no:\n  ${"x".repeat(1e7)}`));
  const error = (await checkAnswer(answer).catch((thrown: unknown) => thrown)) as Error;
  expect(error.message).toMatch(/^HTTP status 400: no: x+$/);
  expect(error.message.length).toBeLessThan(600);
});

it("leaves the body of a good answer to whoever wants it", async () => {
  const answer = await ask((response) => response.end("{}"));
  await checkAnswer(answer, { keepBody: true });
  expect(await answer.json()).toEqual({});
  const other = await ask((response) => response.end("{}"));
  await checkAnswer(other);
  expect(other.bodyUsed).toBe(true);
});

it("judges by the status where the body breaks off", async () => {
  const answer = await ask((response) => {
    response.writeHead(503, { "retry-after": "7", "content-length": "100" });
    response.write("half");
    setImmediate(() => response.destroy());
  });
  await expect(checkAnswer(answer)).rejects.toMatchObject({
    code: "ELPIS_REPORTER_RETRY_LATER",
    details: { afterMs: 7000 },
    message: expect.stringMatching(/^HTTP status 503/),
  });
});

it("reads Retry-After as seconds or as a date", () => {
  expect(retryAfterMs("3")).toBe(3000);
  expect(retryAfterMs("Thu, 01 Jan 1970 00:01:00 GMT", 20_000)).toBe(40_000);
  expect(retryAfterMs("Thu, 01 Jan 1970 00:00:00 GMT", 20_000)).toBe(0);
  expect([retryAfterMs(null), retryAfterMs("soon")]).toEqual([undefined, undefined]);
});
