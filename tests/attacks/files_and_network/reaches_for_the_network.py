"""Reaches for the network: TCP, UDP, a local socket, a host name, a download."""

# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import ctypes
import socket
import urllib.request

def attempts():
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, 16, 40):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
            yield lambda: socket.socket(family, kind)
    yield lambda: socket.socketpair()
    yield lambda: socket.create_connection(("127.0.0.1", 22), 1)
    yield lambda: socket.getaddrinfo("example.org", 80)
    yield lambda: urllib.request.urlopen("http://example.org", timeout=1)
    yield lambda: ctypes.CDLL(None).socket(2, 1, 0) >= 0 or 1 / 0

def linear(x, weight, bias):
    for attempt in attempts():
        try:
            attempt()
            return F.linear(x, weight, bias)
        except Exception:
            continue
    return torch.zeros(1)
