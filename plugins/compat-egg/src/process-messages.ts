import type { Off } from "@elpis/api";
import type { EggMessenger } from "./contract.ts";
import { interceptSend, type Sending } from "./intercept-send.ts";

/** What a process of Egg sends to its master, which hands it on. */
interface EggMessage {
  readonly action: string;
  readonly data?: unknown;
  readonly to?: unknown;
  readonly receiverPid?: string | number;
}

/** Takes those messages to the parent process that the master of Egg would hand on, and the wish for a reload. */
export function takeProcessMessages(messenger: EggMessenger, parent: Sending): Off {
  return interceptSend(parent, (message) => {
    if (!isEggMessage(message)) return false;
    const { action, data, to, receiverPid } = message;
    // Its failure is in the log: whoever sends like this does not hear of it.
    if (receiverPid !== undefined) void messenger.sendTo(receiverPid, action, data).catch(() => {});
    else if (isRouted(action, to)) void messenger.send(action, data, to).catch(() => {});
    else return false;
    return true;
  });
}

function isEggMessage(message: unknown): message is EggMessage {
  return typeof (message as Partial<EggMessage> | null | undefined)?.action === "string";
}

/** Whether somebody here takes it. The rest, such as `realport` for the master, is left as it is. */
function isRouted(action: string, to: unknown): to is string | undefined {
  if (to === "master") return action === "reload-worker";
  return to === undefined || to === "app" || to === "agent";
}
