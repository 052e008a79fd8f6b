"""The commands: each is imported when it is called, and a disk or ledger that keeps it from its work is one line."""

from collections.abc import Mapping
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click


class Commands(click.Group):
    """Commands that end with one line where a rule, the disk, rights, the clock, the log, or another program keeps them
    from their work.

    The records made until then are whole, and the command can be run again.
    """

    def __init__(self, *args: Any, modules: Mapping[str, str], **kwargs: Any) -> None:
        """`modules` has the module of each command, by the command's name."""
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
        # Imported here: the processes that a command starts import this module, too, and need none of these.
        from eventsourcing.persistence import MapperDeserialisationError, OperationalError

        from api.cli.terminal import NEEDS_A_PERSON, fail
        from domain.aggregate import BrokenHistory
        from domain.log.clock import ClockJumped
        from domain.log.log import LogAway, LogBusy, LogForbidden, LogFull, WriteLost
        from domain.log.sqlite import Busy, is_of_the_disk, sqlite3
        from domain.refusals import Refusal
        from projections.proof.signing import NoSigningKey

        try:
            return super().invoke(ctx)
        except (Refusal, NoSigningKey) as error:
            fail(str(error))
        except ClockJumped as error:
            fail(f"nothing is recorded: {error}", NEEDS_A_PERSON)
        except (MapperDeserialisationError, BrokenHistory) as error:
            fail(f"the log cannot be read further: {error}", NEEDS_A_PERSON)
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
