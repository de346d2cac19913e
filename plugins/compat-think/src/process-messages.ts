import { type Client, type Logger, type Off, toText } from "@elpis/api";
import { interceptSend, type Sending } from "./intercept-send.ts";

/** A worker asks to be replaced; the master of think-cluster understands it, and so does the plugin. */
const DISCONNECT_MESSAGE = "think-graceful-disconnect";
/** What a worker hears when its replacement is there. */
const FORK_MESSAGE = "think-graceful-fork";
const RELOAD_MESSAGE = "think-cluster-reload-workers";

const TROUBLE_TOPIC = "elpis.trouble";
const RELOAD_TOPIC = "elpis.reload";
/** A replacement may take long to get ready; a reload replaces one after another. In milliseconds. */
const TROUBLE_TIMEOUT_MS = 5 * 60 * 1000;
const RELOAD_TIMEOUT_MS = 60 * 60 * 1000;
const MASTER = { role: "master" } as const;

/** What the process of the plugin gives. */
export interface Sender {
  readonly hub: Client;
  readonly log: Logger;
}

/** The process as its parent is reached from it. */
export interface ParentLink extends Sending {
  emit(event: "message", message: unknown, handle: undefined): unknown;
}

/** Takes those messages to the parent process that are meant for the master of think-cluster, and asks ours. */
export function takeProcessMessages(sender: Sender, parent: ParentLink): Off {
  return interceptSend(parent, (message) => {
    if (message === DISCONNECT_MESSAGE) void replace(sender, parent);
    else if (message === RELOAD_MESSAGE) void reload(sender);
    else return false;
    return true;
  });
}

async function replace({ hub, log }: Sender, parent: ParentLink): Promise<void> {
  try {
    const message = `it sent ${DISCONNECT_MESSAGE}`;
    const options = { to: MASTER, timeoutMs: TROUBLE_TIMEOUT_MS };
    const answer: unknown = await hub.request(TROUBLE_TOPIC, { message }, options);
    const { replaced } = (answer ?? {}) as { readonly replaced?: unknown };
    if (replaced === true) parent.emit("message", FORK_MESSAGE, undefined);
    else log.warn("the master did not replace this process");
  } catch (error) {
    log.warn(`the master was asked to replace this process: ${toText(error)}`);
  }
}

async function reload({ hub, log }: Sender): Promise<void> {
  try {
    await hub.request(RELOAD_TOPIC, {}, { to: MASTER, timeoutMs: RELOAD_TIMEOUT_MS });
  } catch (error) {
    log.warn(`the master was asked to reload all processes: ${toText(error)}`);
  }
}
