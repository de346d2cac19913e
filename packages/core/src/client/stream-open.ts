import type { ElpisError, StreamOptions } from "@elpis/api";
import { Flag, Kind, MAX_FRAME_BYTES } from "@elpis/protocol";
import { timeoutOf, waits } from "./call-options.ts";
import type { Checks } from "./checks.ts";
import { extensionOf, leave } from "./followed.ts";
import { pack } from "./outgoing.ts";
import { OpenedStream } from "./stream-call.ts";
import type { Uplink } from "./uplink.ts";

/**
 * Opens a stream to whoever serves `topic`. Whatever goes wrong, wrong options apart, is told by the stream.
 * @throws ELPIS_HUB_BAD_ARGUMENT
 */
export function openStream(
  uplink: Uplink,
  checks: Checks | undefined,
  topic: string,
  input: unknown,
  options: StreamOptions = {},
): OpenedStream {
  const timeoutMs = options.timeoutMs === undefined ? 0 : timeoutOf(options);
  const isWaiting = waits(options);
  const maxFrameBytes = uplink.session?.maxFrameBytes ?? MAX_FRAME_BYTES;
  const stream = new OpenedStream(topic, timeoutMs, options, maxFrameBytes, checks);
  // The stream itself minds its signal.
  const { signal, ...wishes } = options;
  const { tracing } = uplink;
  // Before anything may end it.
  if (tracing !== undefined && !stream.isOver) {
    stream.leaving = leave(tracing, Kind.open, topic, input, options.to);
  }
  const extension = extensionOf(stream.leaving);
  const open = (): void => {
    if (stream.isOver) return;
    if (uplink.session !== undefined) {
      uplink.session.ask(Kind.open, stream, input, wishes, extension);
      return;
    }
    if (!isWaiting) throw uplink.why();
    uplink.keep(pack(Kind.open, Flag.wait, input, wishes, extension), stream, timeoutMs);
  };
  const fail = (error: unknown): void => stream.give(error as ElpisError);
  try {
    const approved = checks?.has(topic, "input") ? checks.approve(topic, "input", input) : input;
    if (approved instanceof Promise) approved.then(open).catch(fail);
    else open();
  } catch (error) {
    fail(error);
  }
  return stream;
}
