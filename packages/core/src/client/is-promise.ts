/** Whether a value has to be waited for. */
export function isPromise<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return (
    value !== null &&
    typeof value === "object" &&
    typeof (value as PromiseLike<Value>).then === "function"
  );
}
