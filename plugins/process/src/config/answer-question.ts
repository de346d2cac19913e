import type { Answers, ChildQuestion } from "./child.ts";
import { explain } from "./explain.ts";
import { loadHere } from "./here.ts";

/** What the child does: as data that can be sent, without what only works where it was made. */
export async function answerQuestion({
  ask,
  options,
}: ChildQuestion): Promise<Answers[keyof Answers]> {
  const loaded = await loadHere(options);
  const { definition, notes } = loaded;
  const { plugins } = definition;
  if (plugins.length > 0) {
    const { checkPlugins } = await import("@elpis/core/internal");
    // Their options are checked before anything starts, in whatever process they are going to run.
    await checkPlugins(plugins);
  }
  if (ask === "explanation") return { explanation: explain(loaded, options), notes };
  return { definition: { ...definition, plugins: [] }, notes };
}
