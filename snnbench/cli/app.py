"""The program's entry: what errors, signals and streams do to the exit code.

Nothing is imported before signals have their handlers but what these need.
"""

import sys

from snnbench.cli.stopping import stop_at_signals, stopped_text
from snnbench.progress.stopping import Stopped


def main() -> None:
    """Run the program; exit with 0, 1 (our fault), 2 (usage, input, files), or 128 + signal.

    Raises:
        SystemExit: always, but for a fault of ours.
    """
    stop_at_signals()
    from snnbench.cli.streams import finish, open_streams

    open_streams()
    try:
        from snnbench.cli.commands import run_command

        run_command(sys.argv[1:])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        sys.exit(finish(code))
    except Stopped as stopped:
        print(stopped_text(), file=sys.stderr)
        sys.exit(finish(128 + stopped.number))
    sys.exit(finish(0))
