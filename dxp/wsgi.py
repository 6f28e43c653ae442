"""The web server's entrance."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

from dxp.lib.http import ReadChunked

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dxp.settings.production")
application: Callable[[dict[str, Any], Any], Iterable[bytes]] = ReadChunked(get_wsgi_application())
