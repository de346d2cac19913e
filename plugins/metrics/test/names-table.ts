import type { CatalogEntry, CatalogGroup } from "../src/catalog/entry.ts";

const HEAD = ["name", "kind", "unit", "what", "OpenTelemetry"];

/** The tables of all names in the guide, as the formatter leaves them. */
export function namesTables(groups: readonly CatalogGroup[]): string {
  return groups
    .map(({ title, group, entries }) => {
      const rows = [HEAD, ...entries.map(rowOf)];
      const widths = HEAD.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
      const line = (row: readonly string[]): string =>
        `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
      const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
      const [head = HEAD, ...others] = rows;
      return `### ${title} (\`${group}\`)\n\n${[line(head), rule, ...others.map(line)].join("\n")}`;
    })
    .join("\n\n");
}

function rowOf({ name, kind, unit, description, semantic }: CatalogEntry): string[] {
  const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;
  return [
    code(name),
    kind === "upDownCounter" ? "up-down" : kind,
    unit === "" ? "" : code(unit),
    description,
    semantic === undefined ? "" : semantic === name ? "the same" : code(semantic),
  ];
}
