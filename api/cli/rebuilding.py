"""`run.py rebuild`: the views, made anew."""

import click

from api.cli.terminal import open_ledger, open_views, progress, settings


@click.command()
def rebuild() -> None:
    """Make the views anew from the log, also while it is serving. The service changes over when they are whole."""
    chosen = settings()
    ledger = open_ledger(chosen)
    with progress("rebuilding") as say:
        position = open_views(ledger, chosen).rebuild(say)
    print(f"the views stand at position {position}")
