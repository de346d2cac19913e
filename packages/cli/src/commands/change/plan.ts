import { paint } from "../../output/color.ts";
import type { ApplyPlan, PlanStep } from "../../preset.ts";

/** A plan as lines for a person, one for each step: `+` new, `~` changed, `-` gone, `=` another number. */
export function planLines(plan: ApplyPlan, color: boolean): string[] {
  const restart = plan.needsRestart.map((key) =>
    paint(`! ${key}: only a new start of the app brings this change`, "red", color),
  );
  return [...plan.steps.map((step) => stepLine(step, color)), ...restart];
}

function stepLine(step: PlanStep, color: boolean): string {
  switch (step.action) {
    case "add":
      return paint(`+ ${step.process} x${step.scale}`, "green", color);
    case "remove":
      return paint(`- ${step.process} x${step.scale}`, "red", color);
    case "scale":
      return paint(`= ${step.process} from ${step.from} to ${step.to}`, "cyan", color);
    case "change":
      return paint(`~ ${step.process}: ${step.keys.join(", ")}`, "yellow", color);
  }
}
