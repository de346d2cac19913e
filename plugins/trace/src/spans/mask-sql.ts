/** Systems whose statements are no SQL, and are masked by whoever instruments them. */
const OTHERS = /redis|valkey|mongo|memcache|elastic|opensearch|couch|dynamo/i;
/** Systems in which text in double quotes is a name, and a backslash is nothing special. */
const STANDARD = /postgres|oracle|db2|sqlite|mssql|sql_?server|cockroach|redshift|clickhouse/i;

const NUMBER = String.raw`(?<![\w$:.])[-+]?(?:\d[\w.]*(?:(?<=e)[-+]\d+)?|\.\d\w*)`;
const COMMENT = String.raw`(?<comment>\/\*[\s\S]*?(?:\*\/|$)|--[^\n]*)`;
/** There a dash after a dash is only one when something empty follows. */
const MYSQL_COMMENT = String.raw`(?<comment>\/\*[\s\S]*?(?:\*\/|$)|--(?=\s|$)[^\n]*)`;

const ANSI_PARTS = [
  '(?<name>"(?:[^"]|"")*")',
  COMMENT,
  // With an E before it, a backslash counts after all.
  String.raw`\be'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)`,
  String.raw`(?:\b[xbnu]&?)?'(?:[^']|'')*(?:'|$)`,
  String.raw`\$(?<tag>[a-z_]\w*)?\$[\s\S]*?(?:\$\k<tag>\$|$)`,
  NUMBER,
];
const MYSQL_PARTS = [
  "(?<name>`[^`]*`)",
  MYSQL_COMMENT,
  "(?<hash>#[^\\n]*)",
  String.raw`(?:\b[xbn]|\b_\w+\s*)?'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)`,
  String.raw`"(?:[^"\\]|\\[\s\S]|"")*(?:"|$)`,
  NUMBER,
];
const ANSI = new RegExp(ANSI_PARTS.join("|"), "gi");
const MYSQL = new RegExp(MYSQL_PARTS.join("|"), "gi");

/** Most applications have few statements; one with a value in each text has as many as it likes. */
const MAX_KNOWN = 500;
const MAX_KNOWN_CHARS = 4000;
const MAX_SYSTEMS = 20;
/** By system, and by statement. Null: it is left alone. */
const known = new Map<string, Map<string, string> | null>();

type Groups = Readonly<Record<string, string | undefined>>;

/**
 * A statement with `?` for every text and number in it, and without comments, which may hold some. What stands for a value already
 * stays as it is. A statement of something that is not SQL is left alone: who instruments it masks by itself.
 *
 * @param system such as `mysql` or `postgresql`
 */
export function maskSql(text: string, system: string): string {
  let ofSystem = known.get(system);
  if (ofSystem === undefined) {
    if (known.size >= MAX_SYSTEMS) known.clear();
    ofSystem = OTHERS.test(system) ? null : new Map();
    known.set(system, ofSystem);
  }
  if (ofSystem === null) return text;
  if (text.length > MAX_KNOWN_CHARS) return masked(text, system);
  let found = ofSystem.get(text);
  if (found === undefined) {
    found = masked(text, system);
    if (ofSystem.size >= MAX_KNOWN) ofSystem.clear();
    ofSystem.set(text, found);
  }
  return found;
}

function masked(text: string, system: string): string {
  return text
    .replace(STANDARD.test(system) ? ANSI : MYSQL, (...found) => {
      const { name, comment, hash } = found.at(-1) as Groups;
      if (name !== undefined) return name;
      return comment === undefined && hash === undefined ? "?" : " ";
    })
    .replace(/\(\s*\?(?:\s*,\s*\?)+\s*\)/g, "(?)")
    .replace(/(?:\(\?\)\s*,\s*)+\(\?\)/g, "(?)")
    .replace(/\s+/g, " ")
    .trim();
}
