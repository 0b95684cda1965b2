"""A site of Starlette: a folder, and /headers with the names and values of the request's header fields."""

import os

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles


async def headers(request):
    return PlainTextResponse("".join(f"{name}={value}\n" for name, value in request.headers.items()))


app = Starlette(routes=[Route("/headers", headers), Mount("/", StaticFiles(directory=os.environ["SITE_ROOT"]))])
