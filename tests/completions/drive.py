#!/usr/bin/env python3
"""An interactive shell with the completions of domcaps, on a pseudo-terminal.

    drive.py SHELL LINE…

types each line, with {TAB} and {ENTER} in it, and prints what was on the screen.
"""
import os
import pty
import re
import select
import signal
import sys
import time

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "bind 'set bell-style none'; source <(domcaps completions bash)"),
    "zsh": (["zsh", "-f", "-i"], "unsetopt beep; autoload -Uz compinit; compinit -u -D; source <(domcaps completions zsh)"),
    "fish": (["fish", "--no-config", "-i"], "domcaps completions fish | source"),
}


def start(command):
    child, screen = pty.fork()
    if child == 0:
        os.environ.update(PS1="READY> ", TERM="dumb", LC_ALL="C.UTF-8", INPUTRC="/dev/null", COLUMNS="200")
        os.execvp(command[0], command)
    return child, screen


def read(screen, seconds, quiet=0.3, until=None):
    """What comes within so many seconds, until it is quiet, or `until` was seen."""
    got, end, last = b"", time.monotonic() + seconds, None
    while time.monotonic() < end:
        ready, _, _ = select.select([screen], [], [], 0.05)
        if ready:
            try:
                piece = os.read(screen, 65536)
            except OSError:
                break
            if not piece:
                break
            got += piece
            last = time.monotonic()
        elif until is None and last and time.monotonic() - last > quiet:
            break
        if until and until in got:
            break
    return got


def main(shell, lines):
    command, setup = SHELLS[shell]
    child, screen = start(command)
    shown = b""
    try:
        read(screen, 5)
        os.write(screen, (setup + "; echo LOA''DED\n").encode())
        if b"LOADED" not in read(screen, 15, until=b"LOADED"):
            sys.exit(f"{shell}: the completions are not loaded")
        read(screen, 1)
        for line in lines:
            for piece in re.split(r"(\{TAB\}|\{ENTER\})", line):
                keys = {"{TAB}": "\t", "{ENTER}": "\n"}.get(piece, piece)
                if keys:
                    os.write(screen, keys.encode())
                    # A completion runs the program, which may take a moment.
                    shown += read(screen, 3 if keys in "\t\n" else 0.6, 0.5 if keys in "\t\n" else 0.2)
            os.write(screen, b"\x03")
            shown += read(screen, 1)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    sys.stdout.write(shown.decode("utf-8", "replace"))


main(sys.argv[1], sys.argv[2:])
