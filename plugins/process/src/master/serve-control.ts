import { type Client, type EventContext, formatLocation } from "@elpis/api";
import {
  type Asked,
  type ControlTopics,
  HEARTBEAT_TOPIC,
  OPERATION_TOPIC,
  type OperationChange,
  STATUS_TOPIC,
  STOP_TOPIC,
  TROUBLE_TOPIC,
  type WorkerTopics,
} from "../control.ts";
import type { Crew } from "../family/crew.ts";
import type { AuditTrail } from "./audit.ts";
import type { Master, OperationOptions } from "./contract.ts";

/** What the control of a master is made from. */
export interface ControlParts {
  readonly client: Client;
  readonly master: Master;
  readonly crew: Crew;
  readonly audit: AuditTrail;
  /** Stops everything; resolves when all processes are gone, and the hub is not yet closed. */
  readonly stopAll: (now: boolean) => Promise<void>;
}

type From = Pick<EventContext, "from">;

/** Answers what peers ask the master, and hears what its workers say. */
export function serveControl(parts: ControlParts): void {
  const { master, audit } = parts;
  const control = parts.client as unknown as Client<ControlTopics>;
  control.handle(STATUS_TOPIC, () => master.status());
  control.handle(STOP_TOPIC, async (input, context) => {
    const { processes, now = false } = input ?? {};
    const options = { ...optionsOf(input, context), now };
    if (processes !== undefined && processes.length > 0) {
      await master.stopProcesses({ ...options, processes });
    } else {
      audit.write({ operation: "stop", processes: [], by: options.by, now });
      await parts.stopAll(now);
    }
    return {};
  });
  control.handle("elpis.start", async (input, context) => {
    await master.startProcesses({ ...input, ...optionsOf(input, context) });
    return {};
  });
  control.handle("elpis.restart", async (input, context) => {
    await master.restart({ ...input, ...optionsOf(input, context) });
    return {};
  });
  control.handle("elpis.reload", (input, context) =>
    master.reload({ ...input, ...optionsOf(input, context) }),
  );
  control.handle("elpis.rollback", (input, context) =>
    master.rollback({ ...input, ...optionsOf(input, context) }),
  );
  control.handle("elpis.scale", (input, context) =>
    master.scale(input.scale, optionsOf(input, context)),
  );
  control.handle("elpis.apply", (input, context) =>
    master.apply({ ...input, ...optionsOf(input, context) }),
  );
  serveLooks(parts, control);
  tellOperations(master, control);
  hearWorkers(parts);
}

/** Whoever listens may be gone; nobody has to hear it. */
function tellOperations({ events }: Master, control: Client<ControlTopics>): void {
  const tell = (change: OperationChange): void =>
    void control.emit(OPERATION_TOPIC, change).catch(() => {});
  events.on("operation", (operation) => tell({ type: "begun", ...operation }));
  events.on("operationEnded", (operation, error) => {
    tell({ type: "ended", ...operation, ...(error !== undefined && { error: error.message }) });
  });
}

/** What looks into processes, and touches them without changing what runs. */
function serveLooks({ master, audit }: ControlParts, control: Client<ControlTopics>): void {
  control.handle("elpis.show", (input) => master.show(input.process));
  control.handle("elpis.signal", (input, context) => {
    const { processes, signal } = input;
    const pids = master.signal(processes, signal);
    audit.write({ operation: "signal", processes, signal, pids, by: whoAsks(input, context) });
    return { pids };
  });
  control.handle("elpis.inspect", async (input, context) => {
    const found = await master.inspect(input.process);
    const by = whoAsks(input, context);
    audit.write({ operation: "inspect", processes: [input.process], pid: found.pid, by });
    return found;
  });
  control.handle("elpis.diag", async (input, context) => {
    const { process, kind, dir, durationMs } = input;
    const found = await master.diagnose(process, kind, {
      ...(dir !== undefined && { dir }),
      ...(durationMs !== undefined && { durationMs }),
    });
    const by = whoAsks(input, context);
    audit.write({ operation: kind, processes: [process], pid: found.pid, by });
    return found;
  });
}

function hearWorkers({ client, crew }: ControlParts): void {
  const workers = client as unknown as Client<WorkerTopics>;
  workers.on(HEARTBEAT_TOPIC, (vitals, { from }) => crew.unitOf(from.id)?.beat(vitals));
  workers.handle(TROUBLE_TOPIC, async (_, { from }) => {
    const unit = crew.unitOf(from.id);
    const slot = unit === undefined ? undefined : crew.slotOf(unit);
    return { replaced: unit !== undefined && slot?.trouble(unit) === true };
  });
}

function optionsOf(input: Asked | undefined, context: From): Required<OperationOptions> {
  return { by: whoAsks(input, context), queue: input?.queue === true };
}

/** What somebody says of himself, and what the hub knows: the second cannot be made up. */
function whoAsks(input: Asked | undefined, { from }: From): string {
  const peer = formatLocation(from);
  return typeof input?.by === "string" ? `${input.by.slice(0, 200)} (${peer})` : peer;
}
