#!/usr/bin/env python3
"""A bad line before a server: TCP on loopback, slowed down, and cut when told.

slow_proxy.py HOST PORT BYTES_A_SECOND DELAY_MS

Prints its port. Reads commands, a line each: "cut" breaks all connections off, "rate N" is the new speed in bytes a second; ends with its input.
"""
import asyncio
import sys


class Line:
    def __init__(self, host, port, rate, delay):
        self.host, self.port, self.rate, self.delay = host, port, rate, delay
        self.writers = set()

    async def pump(self, reader, writer):
        try:
            while data := await reader.read(16384):
                await asyncio.sleep(self.delay + len(data) / self.rate)
                writer.write(data)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def accept(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            writer.transport.abort()
            return
        self.writers |= {writer, far_writer}
        await asyncio.gather(self.pump(reader, far_writer), self.pump(far_reader, writer))
        self.writers -= {writer, far_writer}

    def obey(self, words):
        if words == ["cut"]:
            for writer in list(self.writers):
                writer.transport.abort()
        elif len(words) == 2 and words[0] == "rate":
            self.rate = float(words[1])


async def main():
    host, port, rate, delay = sys.argv[1:]
    line = Line(host, int(port), float(rate), float(delay) / 1000)
    server = await asyncio.start_server(line.accept, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    while command := await loop.run_in_executor(None, sys.stdin.readline):
        line.obey(command.split())


asyncio.run(main())
