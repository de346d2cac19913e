import { randomUUID } from "node:crypto";
import type { Tags } from "@elpis/api";
import { type OtelAttributes, plainAttributes } from "./attributes.ts";

const INSTANCE = randomUUID();

/** The resource of a batch with what every backend of OpenTelemetry wants: `service.name` and `service.instance.id`. */
export function completeResource(resource: Tags): Tags {
  return { "service.name": "unknown_service:node", "service.instance.id": INSTANCE, ...resource };
}

/** A resource as the SDK has it. */
export interface OtelResource {
  readonly attributes: OtelAttributes;
  readonly asyncAttributesPending: false;
  waitForAsyncAttributes(): Promise<void>;
  merge(other: { readonly attributes: object } | null): OtelResource;
  getRawAttributes(): [string, OtelAttributes[string]][];
}

/** A resource of the SDK, complete. */
export function toResource(resource: Tags): OtelResource {
  return resourceOf(plainAttributes(completeResource(resource)));
}

function resourceOf(attributes: OtelAttributes): OtelResource {
  return {
    attributes,
    asyncAttributesPending: false,
    waitForAsyncAttributes: async () => {},
    merge: (other) => resourceOf({ ...attributes, ...(other?.attributes as OtelAttributes) }),
    getRawAttributes: () => Object.entries(attributes),
  };
}
