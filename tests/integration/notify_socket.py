"""The service manager's end of sd_notify(3): a socket that a gateway started meanwhile tells about itself."""

import contextlib
import os
import socket


class NotifySocket:
    """A name that begins with a zero byte has no file."""

    def __init__(self, path):
        self.name = "@" + path[1:] if path.startswith("\0") else path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)

    def close(self):
        self.socket.close()

    @contextlib.contextmanager
    def in_environment(self, **variables):
        """What is started within finds it, and the other variables too."""
        added = {"NOTIFY_SOCKET": self.name, **variables}
        os.environ.update(added)
        try:
            yield
        finally:
            for name in added:
                del os.environ[name]

    def hear(self, seconds=20):
        """The next datagram: {"READY": "1"}. Raises TimeoutError when none comes."""
        self.socket.settimeout(seconds)
        lines = self.socket.recv(4096).decode().split("\n")
        return dict(line.split("=", 1) for line in lines)

    def hear_until(self, name):
        """The next datagram that has this name."""
        while True:
            heard = self.hear()
            if name in heard:
                return heard
