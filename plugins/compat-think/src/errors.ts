import { ElpisError } from "@elpis/api";

/** Something was sent under a name that the sender itself does not listen to; think-cluster refuses that as well. */
export function noListener(name: string): ElpisError {
  return new ElpisError(
    "ELPIS_THINK_NO_LISTENER",
    `Nothing listens to "${name}" in this process; call on("${name}", ...) in every worker before it is sent.`,
    { details: { name } },
  );
}
