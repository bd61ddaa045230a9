"""Receivers that tests of delivery share: smtp-sink, a certificate authority, a server behind TLS that keeps what it hears."""
import contextlib
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading

from harness import run, wait_for


class Sink:
    """smtp-sink (of Postfix), with `options` that take abilities away. Keeps every transaction as a file."""

    def __init__(self, address, port, *options):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pt-sink-"))
        if os.getuid() == 0:  # it will not run as root
            shutil.chown(self.folder, "nobody")
            options = [*options, "-u", "nobody"]
        self.process = subprocess.Popen(["/usr/sbin/smtp-sink", *options, "-d", "m.", f"{address}:{port}", "100"], cwd=self.folder)
        host = address.strip("[]")
        wait_for(lambda: self._answers(host, port), "smtp-sink", 20)

    @staticmethod
    def _answers(host, port):
        with contextlib.suppress(OSError), socket.create_connection((host, port), 1):
            return True
        return False

    def messages(self):
        """What has arrived: the envelope as X- fields, then the message with bare LF."""
        return [text for file in self.folder.glob("m.*") if (text := file.read_bytes()).endswith(b"\n")]

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Authority:
    """A certificate authority of this test alone."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pt-ca-"))
        self.certificate = self.folder / "ca.pem"
        self._key = self.folder / "ca.key"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Test authority",
            "-addext", "basicConstraints=critical,CA:true", "-keyout", self._key, "-out", self.certificate)

    def issue(self, name):
        """A certificate for a host: (certificate file, key file)."""
        request, key, certificate = (self.folder / f"{name}.{kind}" for kind in ("csr", "key", "pem"))
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
            "-keyout", key, "-out", request)
        run("openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial", "-days", "2",
            "-copy_extensions", "copy", "-out", certificate)
        return certificate, key

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def serve_each(host, port, converse):
    """converse(connection) in a thread of its own for each connection, until the listener that it gives is closed."""
    listener = socket.create_server((host, port), backlog=64)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=converse, args=(connection,), daemon=True).start()
    threading.Thread(target=serve, daemon=True).start()
    return listener


class TlsListener:
    """A submission server behind TLS (from the first byte, or by STARTTLS) that keeps every line that it hears."""

    def __init__(self, host, port, certificate, key, implicit, answer_to_auth="235 2.7.0 Welcome"):
        self.heard, self.greeted, self.answer_to_auth = [], 0, answer_to_auth
        self._implicit = implicit
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._listener = serve_each(host, port, self._guard)

    def _guard(self, connection):
        connection.settimeout(30)
        with contextlib.suppress(OSError), connection:
            self.greeted += 1
            self._converse(self._context.wrap_socket(connection, server_side=True) if self._implicit else connection)

    def _converse(self, connection):
        stream = connection.makefile("rwb")

        def say(text):
            stream.write(text.encode() + b"\r\n")
            stream.flush()
        is_encrypted = isinstance(connection, ssl.SSLSocket)
        if self._implicit or not is_encrypted:
            say("220 smart.example ESMTP")
        is_data = False
        while line := stream.readline():
            self.heard.append(line)
            verb = line.split()[0].upper() if line.split() else b""
            if is_data:
                is_data = line != b".\r\n"
                if not is_data:
                    say("250 2.0.0 Taken")
            elif verb == b"EHLO":
                say("250-smart.example\r\n250 " + ("AUTH PLAIN LOGIN" if is_encrypted else "STARTTLS"))
            elif verb == b"STARTTLS":
                say("220 Go ahead")
                return self._converse(self._context.wrap_socket(connection, server_side=True))
            elif verb == b"AUTH":
                say(self.answer_to_auth)
            elif verb == b"DATA":
                is_data = True
                say("354 Go ahead")
            elif verb == b"QUIT":
                return say("221 Bye")
            else:
                say("250 2.0.0 OK")

    def logins(self):
        return [line for line in self.heard if line.upper().startswith(b"AUTH")]

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
