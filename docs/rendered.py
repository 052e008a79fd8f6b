"""Makes the page that is served at /docs/integrate of docs/integrate.md, on standard output.

.venv-dev/bin/python docs/rendered.py > api/openapi/swagger/integrate.html
"""

import sys
from pathlib import Path

from markdown_it import MarkdownIt

SOURCE = Path(__file__).with_name("integrate.md")
# What the page has in place of the address of a service on one's own machine; the service puts its own address there.
LOCAL, BASE = "http://127.0.0.1:8000", "{base}"
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Order ledger: integrate in an afternoon</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }}
body {{ max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
pre {{ padding: 0.75rem 1rem; overflow-x: auto; background: #8881; border-radius: 6px; font-size: 0.875rem; }}
pre.text {{ border-left: 3px solid #8886; background: none; border-radius: 0; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: 0.25rem 0.75rem 0.25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #8884; }}
code {{ overflow-wrap: anywhere; }}
.file {{ margin-bottom: -0.75rem; font-size: 0.8rem; opacity: 0.7; }}
</style>
</head>
<body>
{}</body>
</html>
"""


def rendered(markdown: str) -> str:
    """The page; above a block that belongs in a file stands the file's name."""
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    plain = made.renderer.rules["fence"]

    def fence(tokens, place, options, env):  # type: ignore[no-untyped-def]
        block = plain(tokens, place, options, env)
        language, _, name = tokens[place].info.partition(" ")
        if language == "text":
            block = block.replace("<pre>", '<pre class="text">', 1)
        return f'<p class="file">{name}</p>\n{block}' if "." in name else block

    made.renderer.rules["fence"] = fence
    body = made.render(markdown)
    if BASE in body:
        raise ValueError(f"{BASE} in it would be taken for the service's address")
    return PAGE.format(body.replace(LOCAL, BASE).replace('href="/', f'href="{BASE}/'))


if __name__ == "__main__":
    sys.stdout.write(rendered(SOURCE.read_text()))
