import { checkAnswer } from "@elpis/api";
import type { Access } from "./access.ts";

/** A request of one of the reporters. */
export interface SendOptions {
  readonly method: "POST" | "PUT" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
}

/** @throws RetryLater, TooLarge, Reject, or what the system says of the connection */
export async function send(access: Access, { url, headers, ...rest }: SendOptions): Promise<void> {
  const response = await fetch(url, {
    ...rest,
    headers: { ...access.headers, ...headers },
    // Headers do not go elsewhere.
    redirect: "manual",
  });
  await checkAnswer(response, {
    reasonOf: (bytes) => access.scrub(new TextDecoder().decode(bytes)),
  });
}
