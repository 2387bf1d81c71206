"""A program at a terminal of its own, and somebody who types.

    with Terminal(start) as terminal:
        terminal.answer('Passphrase: ', 'sesame')
        output, shown = terminal.end(0)
"""
import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time

SECONDS = 60


class Terminal:
    """
    start  what subprocess.Popen is to be called with, but for the command,
           is given to this; it returns the process
    stdin  the terminal is the program's standard input, too
    silent the terminal shows nothing that is typed from the beginning
    """

    def __init__(self, start, stdin=False, silent=False):
        self.keyboard, self.terminal = pty.openpty()
        self.shown = ''
        if silent:
            settings = self.settings()
            settings[3] &= ~termios.ECHO
            termios.tcsetattr(self.terminal, termios.TCSANOW, settings)
        self.before = self.settings()
        self.process = start(
            start_new_session=True,
            stdin=self.terminal if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=self.take)

    def take(self):
        """In the new process: its terminal, and signals as a login has them.
        What runs the tests may ignore some, and that would be inherited."""
        fcntl.ioctl(self.terminal, termios.TIOCSCTTY, 0)
        for number in signal.SIGHUP, signal.SIGINT, signal.SIGQUIT:
            signal.signal(number, signal.SIG_DFL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        os.close(self.keyboard)
        os.close(self.terminal)

    def settings(self):
        return termios.tcgetattr(self.terminal)

    def look(self, seconds):
        """What has been shown meanwhile; False when nothing was."""
        if not select.select([self.keyboard], [], [], seconds)[0]:
            return False
        self.shown += os.read(self.keyboard, 4096).decode()
        return True

    def wait_for(self, text):
        """Until this was shown behind what was waited for before."""
        end = time.monotonic() + SECONDS
        while text not in self.shown:
            assert time.monotonic() < end, self.shown
            self.look(1)
        self.shown = self.shown.partition(text)[2]

    def type(self, text):
        os.write(self.keyboard, text.encode())

    def answer(self, question, text):
        """Wait for a question that is asked without echo, and answer it."""
        self.wait_for(question)
        assert not self.echoes()
        self.type(text + '\n')

    def echoes(self):
        return bool(self.settings()[3] & termios.ECHO)

    def end(self, status):
        """Wait for the end: (output, what was shown last). The terminal is as
        it was."""
        out, err = self.process.communicate(timeout=SECONDS)
        assert self.process.returncode == status, (
            self.process.returncode, out, err, self.shown)
        assert self.settings() == self.before, self.settings()
        while self.look(0):
            pass
        return out + err, self.shown
