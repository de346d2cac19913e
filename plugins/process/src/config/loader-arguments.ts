const WITH_VALUE: readonly string[] = [
  ...["--import", "--require", "-r", "--loader", "--experimental-loader", "--conditions", "-C"],
  ...["--env-file", "--env-file-if-exists"],
];
const ALONE = /^--(no-|experimental-|disable-|enable-|max-|stack-|preserve-|openssl-|use-)/;

/**
 * Of the options that Node was started with those that change how modules are found, loaded and run. The others belong to
 * one process alone: an inspector's port, a script to evaluate, a test runner.
 */
export function loaderArguments(execArgv: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < execArgv.length; at += 1) {
    const arg = execArgv[at] as string;
    const [name = ""] = arg.split("=", 1);
    const takesNext = WITH_VALUE.includes(arg);
    if (WITH_VALUE.includes(name) || ALONE.test(arg)) {
      kept.push(arg);
      const next = execArgv[at + 1];
      if (takesNext && next !== undefined) kept.push(next);
    }
    if (takesNext) at += 1;
  }
  return kept;
}
