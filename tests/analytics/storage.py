"""S3-compatible storage on this machine."""

from __future__ import annotations

import contextlib
import os
from unittest import mock

WE = {"AWS_ACCESS_KEY_ID": "dxp", "AWS_SECRET_ACCESS_KEY": "only for tests"}


@contextlib.contextmanager
def bucket(name: str = "lake"):
    """Yield the address of an empty bucket."""
    from moto.server import ThreadedMotoServer
    from pyarrow import fs

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        with mock.patch.dict(os.environ, WE):
            options = f"region=eu-central-1&endpoint_override={host}:{port}&scheme=http"
            fs.S3FileSystem(
                region="eu-central-1", endpoint_override=f"{host}:{port}", scheme="http",
                allow_bucket_creation=True,
            ).create_dir(name)  # fmt: skip
            yield f"s3://{name}/dxp?{options}"
    finally:
        server.stop()
