/** Whether a command line needs a shell: variables, pipes, several commands, patterns. */
export function needsShell(command: string): boolean {
  return /[$`|&;<>()*?~#\n]/.test(command.replace(/'[^']*'/g, ""));
}

/** The words of a command line as a shell would split it, with quotes and backslashes. */
export function splitWords(command: string): string[] {
  const words: string[] = [];
  for (const [word] of command.matchAll(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\]|['"\\])+/g)) {
    words.push(
      word.replace(
        /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g,
        (_, single?: string, double?: string, escaped?: string) =>
          single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped ?? "",
      ),
    );
  }
  return words;
}
