"""For tests of Amazon SNS: its host, on this machine. A proxy takes each connection, and answers itself."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HOST = "sns.eu-west-1.amazonaws.com"


class Amazon(ThreadingHTTPServer):
	"""`answers` are {path without its query: (status, body)}; `asked` has each address that was fetched."""

	def __init__(self, folder: Path):
		super().__init__(("127.0.0.1", 0), _Connection)
		self.answers: dict[str, tuple[int, bytes]] = {}
		self.asked: list[str] = []
		self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		self.context.load_cert_chain(folder / "host.pem")


class _Connection(BaseHTTPRequestHandler):
	def do_CONNECT(self):
		self.send_response(200)
		self.end_headers()
		with self.server.context.wrap_socket(self.connection, server_side=True) as encrypted:
			line = encrypted.makefile("rb").readline().decode()
			path = line.split(" ")[1]
			self.server.asked.append(f"https://{self.path.removesuffix(':443')}{path}")
			status, body = self.server.answers.get(path.partition("?")[0], (404, b""))
			head = (
				f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\nLocation: http://127.0.0.1/\r\n\r\n"
			)
			encrypted.sendall(head.encode() + body)
		self.close_connection = True

	def log_message(self, *arguments):
		"""Nothing is printed."""


@contextmanager
def amazon() -> Iterator[Amazon]:
	"""Let this process find Amazon's host on this machine, with a certificate that it trusts."""
	with tempfile.TemporaryDirectory() as name:
		_write_certificate(Path(name) / "host.pem")
		server = Amazon(Path(name))
		thread = Thread(target=server.serve_forever, args=(0.05,))
		thread.start()
		proxy = f"http://127.0.0.1:{server.server_port}"
		own = {"HTTPS_PROXY": proxy, "https_proxy": proxy, "REQUESTS_CA_BUNDLE": f"{name}/host.pem"}
		try:
			with patch.dict(os.environ, own):
				yield server
		finally:
			server.shutdown()
			thread.join()
			server.server_close()


def _write_certificate(path: Path) -> None:
	key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
	name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
	builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
	builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
	builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
	builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
	own = builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
	path.write_bytes(own + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
