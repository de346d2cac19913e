/** The name of an event as a type of New Relic: `order.placed` is `order_placed`. */
export function eventType(name: string): string {
  const type = name.replaceAll(/[^a-zA-Z0-9:_ ]/g, "_").slice(0, 255);
  return type.trim() === "" ? "ElpisEvent" : type;
}
