import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { checkAnswer, type Report, readBeginning } from "@elpis/api";
import type { Message } from "../model/common.ts";
import { encode } from "../proto/encode.ts";
import { type Door, scrubber } from "../settings.ts";
import { refusalText, reportOf, reportOfJson } from "./answer.ts";
import type { Send } from "./send.ts";

const compress = promisify(gzip);
/** After these OTLP wants to be asked again, and after no others. */
const LATER = [429, 502, 503, 504];
/** What stands in front of a backend says the others also of a request that breaks it each time. */
const LATER_AT_LAST = [429, 503];
const MOST_ATTEMPTS = 10;
/** Of an answer; nobody has so much to say. */
const ANSWER_BYTES = 65_536;

/** Sends by HTTP. */
export function httpSend(door: Door): Send {
  const isJson = door.protocol === "http/json";
  const scrub = scrubber(door);
  const headers = {
    ...{ "user-agent": "elpis-reporter-otlp", ...door.headers },
    "content-type": isJson ? "application/json" : "application/x-protobuf",
    ...(door.gzip && { "content-encoding": "gzip" }),
  };
  return {
    send: async (name, message, { signal, attempt }): Promise<Report | undefined> => {
      const plain = isJson ? jsonOf(message) : encode(name, message);
      const body = door.gzip ? await compress(plain) : plain;
      // A redirect would turn a request into a question, or take the headers elsewhere.
      const init = { method: "POST", headers, body, signal, redirect: "manual" } as const;
      const response = await fetch(door.url, init);
      const type = response.headers.get("content-type");
      await checkAnswer(response, {
        keepBody: true,
        later: attempt < MOST_ATTEMPTS ? LATER : LATER_AT_LAST,
        reasonOf: (bytes) => scrub(refusalText(bytes, type)),
      });
      // It was taken, whatever the rest of the answer does: what breaks off says of nothing that it was refused.
      const bytes = await readBeginning(response, ANSWER_BYTES);
      const isJsonAnswer = type?.includes("json") ?? isJson;
      const report = isJsonAnswer ? reportOfJson(new TextDecoder().decode(bytes)) : reportOf(bytes);
      return report?.reason === undefined ? report : { ...report, reason: scrub(report.reason) };
    },
    close: () => {},
  };
}

/** Halves of surrogate pairs are no Unicode: a backend would refuse all for one of them. */
function jsonOf(message: Message): Buffer {
  const text = JSON.stringify(message, (_, value: unknown) =>
    typeof value === "string" && /[\uD800-\uDFFF]/.test(value)
      ? value.replaceAll(/\p{Surrogate}/gu, "\uFFFD")
      : value,
  );
  return Buffer.from(text);
}
