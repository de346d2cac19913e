import type { PointSource, SignalTags, TagValue } from "@elpis/api";

/** What an attribute may say. */
export type OtelAttributes = Record<string, TagValue | TagValue[]>;

/**
 * Tags as attributes, with whose they are: `app`, `process` and `index`, as far as they are known. A tag that has one of these
 * names is called `exported_…`, as for Prometheus, so that two series never become one.
 */
export function sourceAttributes(source: PointSource, tags: SignalTags): OtelAttributes {
  const { app, name, index } = source;
  const own: OtelAttributes = {
    ...(app !== undefined && { app }),
    ...(name !== undefined && { process: name }),
    ...(index !== undefined && { index }),
  };
  const attributes: OtelAttributes = { ...own };
  for (const [given, value] of Object.entries(tags)) {
    let key = given;
    while (Object.hasOwn(own, key) || (key !== given && Object.hasOwn(tags, key))) {
      key = `exported_${key}`;
    }
    attributes[key] = copy(value);
  }
  return attributes;
}

/** Tags as attributes. */
export function plainAttributes(tags: SignalTags): OtelAttributes {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, copy(value)]));
}

/** Nobody gets a list that others have too. */
function copy(value: TagValue | readonly TagValue[]): TagValue | TagValue[] {
  return typeof value === "object" ? [...value] : value;
}
