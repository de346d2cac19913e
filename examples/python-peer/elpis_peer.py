"""A peer of an Elpis hub: docs/protocol.md in Python 3.9 and msgpack, without map and streams; copy it."""
import asyncio
import hmac
import inspect
import json
import os
import secrets
import socket
import struct
import tempfile
from collections import deque

from elpis_values import ElpisError, answer_error, error_data, pack, to_error, unpack

# size, kind, flags, code, padding, topic, correlation, source, target, remaining, extension, reserved
HEADER = struct.Struct("<I4B5I2H")
HELLO, CHALLENGE, AUTH, WELCOME, GOODBYE, PING, PONG = range(0x01, 0x08)
ROUTE, TOPIC, LISTEN, UNLISTEN, STATE, PEER, PEER_GONE = range(0x10, 0x17)
EVENT, REQUEST, CONSUME, MAP, REPLY, FAULT, CANCEL, MAP_PLAN, OPEN = range(0x20, 0x29)
NO_RESPONDER, OVERLOADED, CANCELLED, TOO_LARGE, BAD_PAYLOAD = 1, 4, 5, 6, 7
MAX_ROUTES, MAX_WORKING = 4096, 1024


def find_hub(app):
    """Path and secret of the hub of an application."""
    run = os.environ.get("XDG_RUNTIME_DIR")
    base = f"{run}/elpis" if run else f"{tempfile.gettempdir()}/elpis-{os.getuid()}"
    folder = os.path.join(os.environ.get("ELPIS_HOME") or base, app)
    info = os.lstat(folder)
    if info.st_uid != os.getuid() or info.st_mode & 0o077:  # it could lead to somebody else's hub
        raise ElpisError("ELPIS_HUB_UNSAFE_DIR", f"{folder} is not a private folder of this user")
    with open(f"{folder}/hub.json", encoding="utf-8") as file:
        endpoint = json.load(file)
    return endpoint["path"], endpoint["secret"]


Refused = type("Refused", (Exception,), {})  # a call that is answered with a code instead of an error


class Peer:
    """Make one with `await Peer.join(…)`. `location`: who it is; `peers`: those it has heard of, by number."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer
        self.location, self.peers, self.end = {}, {}, None
        self._max_bytes = 4096  # until the welcome says otherwise
        self._routes, self._topics = {}, {}  # (topic, selector) to our number; the hub's number to topic
        self._handlers, self._listeners = {}, {}
        self._calls, self._free = {}, deque()  # our calls by correlation, and the correlations that are free
        self._working, self._hearing = {}, set()  # calls of others by the hub's correlation, and events

    @classmethod
    async def join(cls, app, **wish):
        """Joins over the socket that Elpis gave to this process, else the hub of `app`. `wish`: name, role, …"""
        inherited = os.environ.pop("ELPIS_HUB_FD", None)  # not for processes that this one starts
        if inherited:
            sock, secret = socket.socket(fileno=int(inherited)), None
            sock.set_inheritable(False)
        else:
            path, secret = find_hub(app)
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(path)
        peer = cls(*await asyncio.open_unix_connection(sock=sock))
        await asyncio.wait_for(peer._shake_hands(secret, wish), 5)
        peer.running = asyncio.create_task(peer._run())  # done when the connection has ended
        return peer

    async def _shake_hands(self, secret, wish):
        nonce, proved = secrets.token_bytes(32), secret is None
        hello = {"protocol": [1, 1], "client": "python-example", "pid": os.getpid()}
        self._send(HELLO, pack({**hello, "nonce": nonce, **wish} if secret else hello))
        while True:
            kind, *_, body = await self._read()
            data = unpack(body)
            if kind == CHALLENGE and not proved:
                both = b"\0" + nonce + data["nonce"]
                proof = hmac.digest(secret.encode(), b"elpis 1 hub" + both, "sha256")
                if not hmac.compare_digest(proof, data["proof"]):
                    raise ElpisError("ELPIS_PROTOCOL_AUTH", "this is not the hub that was meant")
                proof = hmac.digest(secret.encode(), b"elpis 1 peer" + both, "sha256")
                self._send(AUTH, pack({"proof": proof}))
                proved = True
            elif kind == WELCOME and proved:
                self.location, self._max_bytes = data["location"], data["maxFrameBytes"]
                self._free.extend(range(data["maxCalls"]))
                return
            elif kind == GOODBYE:
                raise ElpisError(data["code"], data["reason"])

    def listen(self, topic, listener):
        """Calls `listener(payload, sender)` for each event; `sender` is a location."""
        self._listeners[topic] = listener
        self._send(LISTEN, pack(topic))

    def handle(self, topic, handler):
        """Answers requests with what `handler(input, sender)` returns; it may be a coroutine."""
        self._handlers[topic] = handler
        self._send(LISTEN, pack(topic), flags=1)

    def ready(self, is_ready=True):
        """A process that Elpis started gets no requests before it says that it is ready."""
        self._send(STATE, flags=int(is_ready))

    async def emit(self, topic, payload, to=None):
        self._send(EVENT, pack(payload), topic=self._route(topic, to))
        await self._writer.drain()

    async def request(self, topic, value, to=None, timeout=5.0, kind=REQUEST):
        """Asks one peer and returns its answer; with `kind=CONSUME`, hands an event to one listener."""
        body, route = pack(value), self._route(topic, to)
        if not self._free:
            raise ElpisError("ELPIS_HUB_OVERLOADED", "too many calls are open")
        correlation = self._free[0]
        self._send(kind, body, topic=route, correlation=correlation, remaining=int(timeout * 1000))
        self._free.popleft()
        answer = self._calls[correlation] = asyncio.get_running_loop().create_future()
        try:
            await self._writer.drain()
            return await answer
        except asyncio.CancelledError:
            if correlation in self._calls:  # it stays taken until the hub has answered
                self._send(CANCEL, correlation=correlation)
            raise

    async def close(self):
        self._send(GOODBYE)
        self._writer.write_eof()
        await self.running

    def _route(self, topic, to):
        key = (topic, json.dumps(to, sort_keys=True))
        if key not in self._routes:
            full = len(self._routes) == MAX_ROUTES
            number = self._routes.pop(next(iter(self._routes))) if full else len(self._routes)
            self._send(ROUTE, pack({"topic": topic, "to": to} if to else {"topic": topic}), topic=number)
            self._routes[key] = number
        return self._routes[key]

    def _send(self, kind, body=b"", flags=0, code=0, topic=0, correlation=0, remaining=0):
        if self.end:
            raise self.end
        size = HEADER.size + len(body)
        if size > self._max_bytes:
            raise ElpisError("ELPIS_HUB_TOO_LARGE", f"{size} bytes, more than {self._max_bytes}")
        head = HEADER.pack(size, kind, flags, code, 0, topic, correlation, 0, 0, remaining, 0, 0)
        self._writer.write(head + body)

    async def _read(self):
        head = HEADER.unpack(await self._reader.readexactly(HEADER.size))
        size, kind, _, code, padding, topic, correlation, source, _, _, extension, _ = head
        if size > self._max_bytes + padding or HEADER.size + extension + padding > size:
            raise ElpisError("ELPIS_PROTOCOL_INVALID", "a frame that does not hold its parts")
        rest = await self._reader.readexactly(size - HEADER.size)
        return kind, code, topic, correlation, source, rest[extension : len(rest) - padding]

    async def _run(self):
        end = ElpisError("ELPIS_HUB_CLOSED", "the connection to the hub has ended")
        try:
            while True:
                frame = await self._read()
                if frame[0] == GOODBYE:
                    end = to_error({"message": "the hub ended it", **(unpack(frame[-1]) or {})})
                self._take(*frame)
        except (OSError, EOFError, ElpisError) as error:
            end = error if isinstance(error, ElpisError) else end
        self.end = end
        self._writer.close()
        for task in list(self._working.values()):
            task.cancel()
        for answer in self._calls.values():
            if not answer.done():
                answer.set_exception(end)

    def _take(self, kind, code, topic, correlation, source, body):
        if kind in (REQUEST, CONSUME) and len(self._working) >= MAX_WORKING:
            self._send(FAULT, code=OVERLOADED, correlation=correlation)
        elif kind in (REQUEST, CONSUME):
            who = self._handlers if kind == REQUEST else self._listeners
            work = self._work(who.get(self._topics.get(topic)), source, body)
            task = self._working[correlation] = asyncio.ensure_future(work)
            # Also when it was cancelled before it began: every call is answered, exactly once.
            task.add_done_callback(lambda done: self._answer(correlation, done))
        elif kind == OPEN:  # a stream of what is a request here
            self._send(FAULT, code=NO_RESPONDER, correlation=correlation)
        elif kind == EVENT:
            listener = self._listeners.get(self._topics.get(topic))
            task = asyncio.ensure_future(self._hear(listener, source, body))
            self._hearing.add(task)
            task.add_done_callback(self._hearing.discard)
        elif kind in (REPLY, FAULT) and correlation in self._calls:
            answer = self._calls.pop(correlation)
            self._free.append(correlation)
            if not answer.done():
                self._settle(answer, kind, code, body)
        elif kind == CANCEL and correlation in self._working:
            self._working[correlation].cancel()
        elif kind == TOPIC:
            self._topics[topic] = unpack(body)
        elif kind == PEER:
            location = unpack(body)
            self.peers[location["id"]] = location
        elif kind == PEER_GONE:
            self.peers.pop(source, None)
        elif kind == PING:
            self._send(PONG, correlation=correlation)
        # Anything else is ignored: a newer hub may say more.

    def _settle(self, answer, kind, code, body):
        try:
            if kind == REPLY:
                answer.set_result(unpack(body))
            else:
                answer.set_exception(answer_error(code, body))
        except Exception as wrong:
            answer.set_exception(ElpisError("ELPIS_HUB_BAD_PAYLOAD", f"it cannot be read: {wrong}"))

    async def _work(self, handler, source, body):
        if handler is None:
            raise Refused(NO_RESPONDER)
        try:
            value = unpack(body)
        except Exception as error:
            raise Refused(BAD_PAYLOAD) from error
        result = handler(value, self.peers.get(source))
        return await result if inspect.isawaitable(result) else result

    async def _hear(self, listener, source, body):
        try:
            result = listener and listener(unpack(body), self.peers.get(source))
            await result if inspect.isawaitable(result) else None
        except Exception as error:
            print(f"a listener failed: {error!r}")

    def _answer(self, correlation, done):
        del self._working[correlation]
        if self.end:
            return
        error = Refused(CANCELLED) if done.cancelled() else done.exception()
        try:
            if error is None:
                self._send(REPLY, pack(done.result()), correlation=correlation)
            elif isinstance(error, Refused):
                self._send(FAULT, code=error.args[0], correlation=correlation)
            else:
                self._send(FAULT, pack(error_data(error)), correlation=correlation)
        except ElpisError:
            self._send(FAULT, code=TOO_LARGE, correlation=correlation)
        except (TypeError, ValueError, OverflowError) as wrong:  # what cannot be packed
            self._send(FAULT, pack(error_data(wrong)), correlation=correlation)
