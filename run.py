#!/usr/bin/env python3
"""The order ledger's one entry point: `run.py --help` shows what it can do."""

import os
import signal
import sys
from pathlib import Path

import click

from api import VERSION
from api.cli.commands import Commands

# The commands, each with its module of `api/cli`.
COMMANDS = {
    "serve": "serving",
    "token": "keys",
    "import": "importing",
    "rebuild": "rebuilding",
    "key": "auditing",
    "checkpoint": "auditing",
    "verify": "auditing",
    "clock": "clock",
    "backup": "backups",
    "restore": "backups",
    "doctor": "doctor",
    "reconcile": "reconciling",
    "period": "periods",
    "export": "exports",
    "openapi": "describing",
    "migrate": "migrating",
    "keys": "sealing",
    "seal": "sealing",
    "erase": "erasing",
    "retention": "erasing",
    "privacy": "erasing",
    "postgres": "postgres",
}


@click.group(
    cls=Commands, modules=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(VERSION, prog_name="order-ledger")
def cli() -> None:
    """An event-sourced order ledger: every order as it is, as it was at any moment, and who changed it.

    Settings come from the environment; their defaults stand in brackets:

    \b
      LEDGER_URL                     the ledger: a file, or postgresql://user@host/name  [sqlite:///var/ledger.db]
      LEDGER_VIEWS                   the file of the views  [views.db beside the ledger]
      LEDGER_CURRENCY                the currency of orders that name none  [USD]
      LEDGER_TIMEZONE                the time zone of days and months  [UTC]
      LEDGER_TRUSTED_PROXIES         proxies whose forwarded headers are believed, like 127.0.0.1,10.0.0.0/8  [none]
      LEDGER_FORWARDED               the headers that they set: x-forwarded or forwarded  [x-forwarded]
      LEDGER_PUBLIC_URL              the beginning of all links, like https://shop.example.com  [as requested]
      LEDGER_ALLOWED_HOSTS           the hosts that requests may name, like shop.example.com,10.0.0.7  [all]
      LEDGER_CONNECTIONS_PER_ADDRESS connections of an address to a worker; proxies have no limit  [128]
      LEDGER_RATE_LIMIT              requests and seconds for each caller and worker, like 600/60  [none]
      LEDGER_CORS_ORIGINS            origins whose pages may call the service, like https://shop.example.com  [none]
      LEDGER_JWT_KEYS                the keys of an identity provider (JWKS): a file or a URL  [none]
      LEDGER_JWT_ISSUER              the `iss` of its tokens  [none]
      LEDGER_JWT_AUDIENCE            the `aud` of its tokens  [none]
      LEDGER_JWT_CUSTOMER_CLAIM      the claim with a customer's id  [sub]
      LEDGER_JWT_SCOPES_CLAIM        the claim with scopes  [scope]
      LEDGER_WEBHOOKS                the file of webhooks and deliveries  [webhooks.db beside the ledger]
      LEDGER_WEBHOOK_NETWORKS        private networks that webhooks may lead to, like 10.0.0.0/8  [none]
      LEDGER_METRICS                 the address of metrics for Prometheus, like 127.0.0.1:9464  [none]
      LEDGER_LOG_LEVEL               the level of the log: debug, info (each request), warning, error  [info]
      LEDGER_KEY                     the file of the signing key  [ledger.key beside the ledger]
      LEDGER_CHECKPOINTS             the file of signed checkpoints  [checkpoints.txt beside the ledger]
      LEDGER_CHECKPOINT_SECONDS      seconds between two checkpoints, 0 for none  [3600]
      LEDGER_KEYS                    the file of data keys, which seal personal data  [keys.db beside the ledger]
      LEDGER_MASTER                  the file of master keys, which wrap data keys  [master.key beside the ledger]
      LEDGER_MASTER_KEY              or the master key itself, like id:BASE64  [none]
      LEDGER_ERASURES                the list of erasures  [erasures.txt beside the ledger]
      LEDGER_ACCESSES                the log of accesses to personal data  [accesses.txt beside the ledger]
      LEDGER_KEEP_CONTACT            the retention of names, notes and phones  [24m]
      LEDGER_KEEP_INVOICE            the retention of an invoice's personal data  [10y]
      LEDGER_KEEP_SETTLEMENT_FILES   the retention of settlement files  [10y]
      LEDGER_KEPT_FILES_MIB          the room for settlement files and their reports  [10240]

    The ledger is the truth: back it up (`run.py backup`). The views can be deleted at any time; they are made again.
    """
    if sys.stdout is None:  # closed by `>&-`
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  (as long as this process lives)
    os.umask(0o077)  # files of this process and of those it starts are their owner's alone
    if os.getpid() == 1:  # the kernel gives a container's first process only signals that it handles
        signal.signal(signal.SIGTERM, signal.default_int_handler)


if __name__ == "__main__":
    cli()
