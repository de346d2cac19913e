"""The tax office of the shop: answers `tax.of`, and hears when a price changes."""
import asyncio
import os
import signal
import sys

from elpis_peer import Peer
from elpis_values import ElpisError

RATES = {"tea": 0.07, "coffee": 0.07}
NORMAL_RATE = 0.19


async def main(app):
    changes = []
    peer = await Peer.join(app, name="tax")

    async def tax_of(wish, sender):
        # A process that is asked may ask in turn. What `price.of` fails with goes on to whoever asked here.
        price = await peer.request("price.of", {"sku": wish["sku"]}, to={"role": "agent"}, timeout=1)
        rate = RATES.get(wish["sku"], NORMAL_RATE)
        return {"price": price, "rate": rate, "tax": round(price * rate, 2), "pid": os.getpid()}

    def price_changed(change, sender):
        changes.append(change)
        print(f"{sender['name']} says: {change['sku']} costs {change['price']} now", flush=True)

    peer.handle("tax.of", tax_of)
    peer.handle("tax.changes", lambda _, sender: changes)
    peer.listen("price.changed", price_changed)
    peer.ready()
    print(f"{app}/{peer.location['name']} is open, number {peer.location['id']}", flush=True)

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: asyncio.ensure_future(peer.close()))
    await peer.running


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ELPIS_APP", "shop")))
    except (OSError, ElpisError) as error:
        sys.exit(f"tax: {getattr(error, 'code', 'no hub')}: {error}")
