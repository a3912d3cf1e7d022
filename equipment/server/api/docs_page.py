"""The page that shows what the OpenAPI file says, for people. It is plain HTML: no script, nothing from elsewhere."""

from __future__ import annotations

import functools
import json
from html import escape
from typing import Any, Final

from equipment.server.api.openapi import document

__all__ = ["page"]

_CSS: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
:root { color-scheme: light dark }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em } pre { overflow-x: auto; padding: 0.75rem }
pre, summary { border: 1px solid #8888; border-radius: 4px } summary { padding: 0.5rem 0.75rem; cursor: pointer }
details { margin: 0.5rem 0 } b { display: inline-block; min-width: 4.5rem }
td { text-align: left; padding: 0.2rem 1rem 0.2rem 0 }
""".strip()


@functools.cache
def page(base: str) -> str:
    """Give the page for an API that is at this path."""
    told = document(base)
    rows = "".join(_operation(method, path, operation) for path, methods in told["paths"].items()
                   for method, operation in methods.items())
    shapes = "".join(f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
                     f"<pre>{escape(json.dumps(schema, indent=2, ensure_ascii=False))}</pre></details>"
                     for name, schema in told["components"]["schemas"].items())
    return (f'<!doctype html><html lang="en"><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width"><title>API</title><style>{_CSS}</style>'
            f"<h1>API</h1><p>{escape(told['info']['description'])}</p>"
            f'<p>Everything below <code>{escape(base)}</code>, as a file: <a href="openapi.json">'
            f"openapi.json</a></p>{rows}<h2>What is sent and answered</h2>{shapes}</html>")


def _operation(method: str, path: str, told: dict[str, Any]) -> str:
    asked = "".join(f"<tr><td><code>{escape(each['name'])}</code><td>{escape(each['in'])}"
                    f"<td>{escape(each.get('description', ''))}" for each in told["parameters"])
    body = told.get("requestBody")
    sent = f"<p>Sends {_link(body['content'])}</p>" if body else ""
    answers = "".join(f"<tr><td>{status}<td>{escape(answer['description'])}<td>{_link(answer.get('content', {}))}"
                      for status, answer in told["responses"].items())
    return (f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code> {escape(told['summary'])}</summary>"
            f"<p>{escape(told['description'])}</p><table>{asked}</table>{sent}<table>{answers}</table></details>")


def _link(content: dict[str, Any]) -> str:
    names = [kind["schema"]["$ref"].rpartition("/")[2] for kind in content.values() if "$ref" in kind["schema"]]
    if content and not names:
        return "the bytes of a file"
    return "".join(f'<a href="#{escape(name)}"><code>{escape(name)}</code></a>' for name in names)
