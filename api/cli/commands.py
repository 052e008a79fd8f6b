"""The table of commands: each is loaded when it is asked for, and what keeps it from its work is said in one line."""

from collections.abc import Mapping
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click


class Commands(click.Group):
    """Where the disk, rights, or who else has the ledger keep a command from its work, says so in one line.

    What is recorded is whole all the same, and the command can be run again.
    """

    def __init__(self, *args: Any, modules: Mapping[str, str], **kwargs: Any) -> None:
        """`modules` has by each command's name the module of this package in which it stands."""
        super().__init__(*args, **kwargs)
        self._modules = modules

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(self._modules)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._modules:
            return None
        module = import_module(f"{__package__}.{self._modules[cmd_name]}")
        called = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(module, called)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        # None of this for the processes that a command starts, which load what names the commands, too.
        from eventsourcing.persistence import OperationalError

        from api.cli.terminal import NEEDS_A_PERSON, fail
        from domain.log.log import LogAway, LogBusy, LogForbidden, LogFull, WriteLost
        from domain.log.sqlite import Busy, is_of_the_disk, sqlite3

        try:
            return super().invoke(ctx)
        except (LogFull, LogBusy, LogAway, LogForbidden, WriteLost, Busy) as error:
            why = "the disk has no room, or fails" if isinstance(error, LogFull) else "the ledger cannot be written now"
            fail(f"{why}: {error}; what is recorded is whole, and this can be run again.", NEEDS_A_PERSON)
        except OperationalError as error:
            fail(f"the ledger cannot be read or written: {error}", NEEDS_A_PERSON)
        except (sqlite3.OperationalError, OSError) as error:
            if is_of_the_disk(error):
                fail(f"the disk has no room, or fails: {error}; this can be run again when it has.", NEEDS_A_PERSON)
            if isinstance(error, OSError) and error.filename is not None:
                fail(f"{error.filename}: {error.strerror}.")
            raise
        except UnicodeEncodeError as error:
            fail(f"{error.object!r} is not UTF-8: what is recorded has to be.")
