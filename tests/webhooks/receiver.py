"""A receiver of webhooks for tests and measurements: HTTP/1.1 over asyncio in a thread of its own, on loopback.

    receiver = Receiver(lambda request: 204)          or a status, or (status, {header: value}), or None for no answer
    receiver.url, receiver.requests, receiver.stop()
"""
import asyncio
import collections
import json
import ssl
import threading
import time

Request = collections.namedtuple("Request", "at path headers body")


class Receiver:
    def __init__(self, answer=lambda request: 204, certificate=None, key=None, delay_s=0.0, keep=True, host="127.0.0.1", port=0):
        self.answer, self.delay_s, self.keep, self.host = answer, delay_s, keep, host
        self.requests, self.count, self.connections = [], 0, 0
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate, key)
        self.loop, self.port = asyncio.new_event_loop(), port
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        self.ready.wait(10)

    @property
    def url(self):
        return f"{'https' if self.context else 'http'}://{'localhost' if self.context else self.host}:{self.port}/in"

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.listen())
        self.loop.run_forever()
        self.loop.close()

    async def listen(self):
        self.server = await asyncio.start_server(self.serve, self.host, self.port, ssl=self.context, backlog=1024)
        self.port = self.server.sockets[0].getsockname()[1]
        self.ready.set()

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                headers = {n.lower(): v for n, v in (line.split(": ", 1) for line in lines[1:] if line)}
                body = await reader.readexactly(int(headers["content-length"]))
                request = Request(time.time(), lines[0].split(" ")[1], headers, body)
                self.count += 1
                if self.keep:
                    self.requests.append(request)
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                answer = self.answer(request)
                if answer is None:
                    await asyncio.sleep(3600)
                writer.write(text_of(answer))
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    async def close(self):
        self.server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self):
        asyncio.run_coroutine_threadsafe(self.close(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def events(self):
        return [json.loads(request.body) for request in list(self.requests)]


def text_of(answer):
    if isinstance(answer, bytes):
        return answer
    status, headers = answer if isinstance(answer, tuple) else (answer, {})
    lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines + ([] if status == 204 else ["Content-Length: 0"]) + ["", ""]).encode()
