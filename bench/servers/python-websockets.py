"""Python's websockets, in the idiom of its documentation."""

import asyncio
import json
import logging
import os
import ssl
import sys

import websockets
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.server import serve

# The generator drops its connections without a closing handshake, which is logged with a stack for each.
logging.getLogger("websockets").setLevel(logging.CRITICAL)

settings = json.loads(sys.argv[1])
subscribers = set()

COMPRESSION = {
    "no-takeover": dict(server_no_context_takeover=True, client_no_context_takeover=True),
    "small-window": dict(server_max_window_bits=13, client_max_window_bits=13, compress_settings={"memLevel": 6}),
    "full-window": dict(server_max_window_bits=15, client_max_window_bits=15),
}


async def handle(connection):
    if connection.path == "/subscribe":
        subscribers.add(connection)
        try:
            await connection.wait_closed()
        finally:
            subscribers.discard(connection)
    elif connection.path == "/broadcast":
        async for message in connection:
            websockets.broadcast(subscribers, message)
    else:
        async for message in connection:
            await connection.send(message)


async def main():
    options = dict(compression=None)
    if "compression" in settings:
        options["extensions"] = [ServerPerMessageDeflateFactory(**COMPRESSION[settings["compression"]])]
    if "maxMessageBytes" in settings:
        options["max_size"] = settings["maxMessageBytes"]
    if "tls" in settings:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings["tls"]["cert"], settings["tls"]["key"])
        options["ssl"] = context
    async with serve(handle, "127.0.0.1", 0, backlog=4096, **options) as server:
        port = server.sockets[0].getsockname()[1]
        print(json.dumps({"kind": "listening", "port": port}), flush=True)
        # Standard input ends with the benchmark, and we with it.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        os._exit(0)


asyncio.run(main())
