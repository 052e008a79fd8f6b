"""`run.py openapi`: the description of the API."""

import click


@click.command()
def openapi() -> None:
    """Print the description of the HTTP API (OpenAPI 3.1). The service has it at /openapi.json."""
    from api.openapi.document import document

    print(document().decode())
