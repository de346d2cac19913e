import { ALL } from "../procfile/categories.ts";
import { findCircle } from "../services/order.ts";
import type { Problems } from "./problems.ts";
import type { ProcessDraft } from "./process.ts";
import type { ServiceDefinition } from "./types.ts";

/**
 * The processes with their services, each behind the processes that run what its services need: the order in which
 * processes start follows from the dependencies of services.
 */
export function placeServices(
  processes: readonly ProcessDraft[],
  services: readonly ServiceDefinition[],
  problems: Problems,
): ProcessDraft[] {
  const circle = findCircle(services);
  if (circle !== undefined) {
    const path = `services.${circle[0]}.dependsOn`;
    problems.add(path, `goes in a circle: ${circle.join(" -> ")}`);
  }
  return processes.map((process) => {
    const own = services.filter((service) => service.processes.includes(process.name));
    const needed = circle === undefined ? processesNeeded(process, own, services, problems) : [];
    return {
      ...process,
      dependsOn: [...new Set([...process.dependsOn, ...needed])],
      services: own.map(({ name }) => name),
    };
  });
}

function processesNeeded(
  process: ProcessDraft,
  own: readonly ServiceDefinition[],
  all: readonly ServiceDefinition[],
  problems: Problems,
): string[] {
  return own.flatMap((service) =>
    service.dependsOn.flatMap((name) => {
      const other = all.find((one) => one.name === name);
      const isHere = other?.processes.includes(process.name) === true;
      if (name === ALL || other === undefined || isHere) return [];
      if (process.role === "agent") {
        const where = other.processes.join(", ");
        const message = `${name} runs in ${where}, which starts after the agent`;
        problems.add(`services.${service.name}.dependsOn`, message);
        return [];
      }
      return other.processes;
    }),
  );
}
