"""Certificates for tests, made with the `openssl` command: an authority, and what it signs."""

import os
import shutil
import subprocess
import tempfile


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    """Signs certificates in a folder: every name is a file NAME.pem beside its NAME.key."""

    def __init__(self, folder, name="ca"):
        self.folder = folder
        self.name = name
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", f"/CN=Test {name}", "-keyout",
                self.path(f"{name}.key"), "-out", self.file)

    @classmethod
    def for_class(cls, tests):
        """In a folder of its own, which goes when the tests of that class have ended."""
        folder = tempfile.mkdtemp(prefix="sluice-tls-")
        tests.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        return cls(folder)

    @property
    def file(self):
        return self.path(f"{self.name}.pem")

    def path(self, name):
        return os.path.join(self.folder, name)

    def sign(self, name, *names, days=365, kind="rsa", subject=None, extensions=()):
        """A certificate for these names ("DNS:x", "IP:1.2.3.4"); negative days make one that has expired. Extensions are lines of x509v3_config(5)."""
        algorithm = ["-newkey", "rsa:2048"] if kind == "rsa" else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        request, file = self.path(f"{name}.csr"), self.path(f"{name}.ext")
        openssl("req", "-new", *algorithm, "-nodes", "-subj", subject or f"/CN={name}", "-keyout", self.path(f"{name}.key"),
                "-out", request)
        with open(file, "w", encoding="ascii") as out:
            out.write("\n".join(["subjectAltName=" + ",".join(names or (f"DNS:{name}",)), *extensions]) + "\n")
        openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.path(f"{self.name}.key"), "-CAcreateserial",
                "-days", str(days), "-extfile", file, "-out", self.path(f"{name}.pem"))
        return {"cert": self.path(f"{name}.pem"), "key": self.path(f"{name}.key")}
