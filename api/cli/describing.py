"""`run.py openapi`: the description of the API."""

import click


@click.command()
def openapi() -> None:
    """Print the description of the HTTP API, OpenAPI 3.1, as the service serves it at /openapi.json."""
    from api.openapi.document import document

    print(document().decode())
