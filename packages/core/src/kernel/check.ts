import { API_LEVEL, formatIssue, type PluginUse, type SchemaResult, toText } from "@elpis/api";
import { pluginError } from "../errors.ts";

/**
 * Checks what can be checked before anything starts: the contract, the names, and every plugin's options, whatever
 * process it is for. Returns the plugins with the options that their schemas gave back.
 * @throws ELPIS_PLUGIN_API_LEVEL, ELPIS_PLUGIN_DUPLICATE, ELPIS_PLUGIN_OPTIONS
 */
export async function checkPlugins(uses: readonly PluginUse[]): Promise<PluginUse[]> {
  const names = new Set<string>();
  const checked: PluginUse[] = [];
  for (const use of uses) {
    const { name } = use.definition;
    if (use.apiLevel !== API_LEVEL) {
      throw pluginError(
        "API_LEVEL",
        name,
        `is made for api level ${use.apiLevel}, this is ${API_LEVEL}; update the older of the two`,
      );
    }
    if (names.has(name)) throw pluginError("DUPLICATE", name, "is picked twice; pick it once");
    names.add(name);
    checked.push({ ...use, options: await checkOptions(use) });
  }
  return checked;
}

async function checkOptions({ definition, options }: PluginUse): Promise<unknown> {
  if (definition.options === undefined) return options;
  const result = await validate(definition, options);
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map((issue) => formatIssue(issue)).join("; ");
  throw pluginError("OPTIONS", definition.name, `was given wrong options: ${issues}`);
}

async function validate(
  { name, options: schema }: PluginUse["definition"],
  options: unknown,
): Promise<SchemaResult<unknown>> {
  try {
    return (await schema?.["~standard"].validate(options)) ?? { value: options };
  } catch (cause) {
    throw pluginError("OPTIONS", name, `could not check its options: ${toText(cause)}`, cause);
  }
}
