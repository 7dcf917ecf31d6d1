"""`snnbench`, and `python -m snnbench`."""

import os
import sys

try:
    from snnbench.cli.app import main
except KeyboardInterrupt:  # before a signal has its handler
    os.write(2, b"Stopped.\n")
    os._exit(130)


def run() -> None:
    """Run the program and end the process.

    At once: taking apart what torch and others have built takes a second, in which a signal would
    find nobody who knows what to do with it.
    """
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    run()
