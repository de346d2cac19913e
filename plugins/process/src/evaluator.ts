import { errorToData } from "@elpis/api";
import { answerQuestion } from "./config/answer-question.ts";
import type { ChildAnswer, ChildQuestion } from "./config/child.ts";

// The child that evaluates a configuration and is thrown away. Whatever that has started ends here; and so does the child
// when nobody waits for its answer any more.
process.once("disconnect", () => process.exit(1));
process.once("message", (question) => void answer(question as ChildQuestion));

async function answer(question: ChildQuestion): Promise<void> {
  let result: ChildAnswer;
  try {
    result = { ok: true, value: await answerQuestion(question) };
  } catch (error) {
    result = { ok: false, error: errorToData(error, true) };
  }
  process.send?.(result, undefined, undefined, () => process.exit(0));
}
