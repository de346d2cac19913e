import { hub } from "./topics.ts";

// In a real shop this would be the one connection to the database or the price service.
const prices = new Map([
  ["tea", 3.2],
  ["coffee", 4.5],
  ["cake", 5],
]);

hub.handle("price.of", ({ sku }) => {
  const price = prices.get(sku);
  if (price === undefined) {
    // The code crosses to the process that asked, which turns it into a 404.
    throw Object.assign(new Error(`there is no ${sku}`), { code: "SHOP_UNKNOWN_SKU" });
  }
  return price;
});

hub.handle("price.set", async ({ sku, price }) => {
  prices.set(sku, price);
  await hub.emit("price.changed", { sku, price }, { to: { name: "web" } });
  console.log(`${sku} costs ${price} now`);
  return price;
});
