#!/usr/bin/env python3
"""The order ledger's one entry point: `run.py --help` shows what it can do."""

import os
import signal
import sys
from pathlib import Path

import click

from api import VERSION
from api.cli.commands import Commands

# Each command, and the module of `api/cli` in which it stands.
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
    cls=Commands,
    modules=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(VERSION, prog_name="order-ledger")
def cli() -> None:
    """An event-sourced order ledger: what every order looks like, looked like, and who changed it.

    Settings come from the environment, [in brackets] what holds without them:

    \b
      LEDGER_URL                     where the ledger is: a file, or postgresql://user@host/name  [sqlite:///var/ledger.db]
      LEDGER_VIEWS                   where the views are  [views.db beside the ledger]
      LEDGER_CURRENCY                of orders that name none  [USD]
      LEDGER_TIMEZONE                whose days dates mean  [UTC]
      LEDGER_TRUSTED_PROXIES         whose forwarded headers are believed, like 127.0.0.1,10.0.0.0/8  [none]
      LEDGER_FORWARDED               which headers of theirs: x-forwarded or forwarded  [x-forwarded]
      LEDGER_PUBLIC_URL              what links begin with, like https://shop.example.com  [as asked for]
      LEDGER_ALLOWED_HOSTS           hosts that may be asked for, like shop.example.com,10.0.0.7  [all]
      LEDGER_CONNECTIONS_PER_ADDRESS how many a worker keeps; of trusted proxies any number  [128]
      LEDGER_RATE_LIMIT              requests and seconds that each caller may ask of a worker, like 600/60  [none]
      LEDGER_CORS_ORIGINS            pages that may ask from a browser, like https://shop.example.com  [none]
      LEDGER_JWT_KEYS                an identity provider's keys (JWKS): a file, or an address  [none]
      LEDGER_JWT_ISSUER              what its tokens must have as `iss`  [none]
      LEDGER_JWT_AUDIENCE            what they must have as `aud`  [none]
      LEDGER_JWT_CUSTOMER_CLAIM      the claim that is the customer's id  [sub]
      LEDGER_JWT_SCOPES_CLAIM        the claim with scopes  [scope]
      LEDGER_WEBHOOKS                who is told, and how far  [webhooks.db beside the ledger]
      LEDGER_WEBHOOK_NETWORKS        where webhooks may lead beside the public internet, like 10.0.0.0/8  [none]
      LEDGER_METRICS                 where Prometheus is answered, like 127.0.0.1:9464  [nowhere]
      LEDGER_LOG_LEVEL               what is logged: debug, info (each request), warning, error  [info]
      LEDGER_KEY                     signs checkpoints  [ledger.key beside the ledger]
      LEDGER_CHECKPOINTS             where they are kept too  [checkpoints.txt beside the ledger]
      LEDGER_CHECKPOINT_SECONDS      how often one is made, 0 never  [3600]
      LEDGER_KEYS                    seal personal data  [keys.db beside the ledger]
      LEDGER_MASTER                  wraps these keys  [master.key beside the ledger]
      LEDGER_MASTER_KEY              or the master key itself, like id:BASE64  [none]
      LEDGER_ERASURES                says what was erased  [erasures.txt beside the ledger]
      LEDGER_ACCESSES                says who read personal data  [accesses.txt beside the ledger]
      LEDGER_KEEP_CONTACT            how long names, notes and phones are kept  [24m]
      LEDGER_KEEP_INVOICE            how long what an invoice needs is kept  [10y]
      LEDGER_KEEP_SETTLEMENT_FILES   how long providers' files are kept  [10y]
      LEDGER_KEPT_FILES_MIB          what these and their reports may take  [10240]

    The ledger is the truth: back it up (`run.py backup`). The views can be deleted at any time; they are made again.
    """
    if sys.stdout is None:  # `>&-`: what is told goes nowhere
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  (as long as this process lives)
    os.umask(0o077)  # whatever is made here, and in processes that are started here, is its owner's alone
    if os.getpid() == 1:  # a container's first process is given no signal that it has not asked for
        signal.signal(signal.SIGTERM, signal.default_int_handler)


if __name__ == "__main__":
    cli()
