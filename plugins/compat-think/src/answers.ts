import type { MapAnswers } from "@elpis/api";
import type { ThinkAnswers, ThinkFailure } from "./contract.ts";

/** The answers of a map of the hub as think-cluster gives them: values alone, by the number of the worker. */
export function toThinkAnswers<Answer>(answers: MapAnswers<unknown>): ThinkAnswers<Answer> {
  const sorted = [...answers].sort(
    (one, other) => one.from.index - other.from.index || one.from.id - other.from.id,
  );
  const values: Answer[] = [];
  const failures: ThinkFailure[] = [];
  for (const answer of sorted) {
    if (answer.ok) values.push(answer.value as Answer);
    else failures.push({ from: answer.from, error: answer.error });
  }
  return Object.assign(values, { partial: failures.length > 0, failures });
}
