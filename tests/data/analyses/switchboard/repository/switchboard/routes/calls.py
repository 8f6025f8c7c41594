"""Calls over HTTP."""

from starlette.responses import JSONResponse
from starlette.routing import Route


def routes(exchange):
    async def start(request):
        body = await request.json()
        owner, key = request.headers.get("x-owner", ""), request.headers.get("x-key", "")
        try:
            call = exchange.open(owner, key, body["number"])
        except PermissionError:
            return JSONResponse({"error": "no such key"}, 403)
        except KeyError as error:
            return JSONResponse({"error": f"{error} is missing"}, 422)
        return JSONResponse(call.as_dict(), 201)

    async def listing(request):
        origin = request.headers.get("origin")
        if origin and not origin.endswith(".example"):
            return JSONResponse({"error": "origin"}, 403)
        return JSONResponse(exchange.calls(request.headers.get("x-owner", "")))

    return [
        Route("/calls", start, methods=["POST"]),
        Route("/calls", listing, methods=["GET"]),
    ]
