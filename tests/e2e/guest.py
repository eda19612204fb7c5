"""A running QEMU with the serial line in our hands."""

import re
import signal

import pexpect

import machine

PROMPT = b"nonos> "
TIME_LIMIT = 90  # seconds for any one thing to appear; firmware alone takes ten without KVM


class Guest:
    def __init__(self, command):
        self.process = pexpect.spawn(command[0], command[1:], timeout=TIME_LIMIT, echo=False)
        self.process.delaybeforesend = None
        self.seen = b""

    def wait_for(self, pattern, limit=TIME_LIMIT):
        """Waits for a regular expression; returns its match. What came before is in self.seen."""
        self.process.expect(pattern, timeout=limit)
        self.seen += self.process.before + self.process.after
        return self.process.match

    def wait_for_line(self, text, limit=TIME_LIMIT):
        """Waits for a line that starts with text; returns the whole line."""
        pattern = rb"(?:^|\n)[^\n]*?(" + re.escape(text.encode()) + rb"[^\r\n]*)\r"
        found = self.wait_for(pattern, limit)
        return found.group(1).decode("ascii")

    def wait_for_prompt(self, limit=TIME_LIMIT):
        self.wait_for(re.escape(PROMPT), limit)

    def send(self, data):
        self.process.send(data)

    def ask(self, command, limit=30):
        """Types a command; returns its output, without the echo and the next prompt."""
        self.send(command + "\r")
        self.process.expect_exact(PROMPT, timeout=limit)
        output = machine.plain(self.process.before)
        self.seen += self.process.before + self.process.after
        return output.split("\n", 1)[1] if "\n" in output else ""

    def wait_for_end(self, limit=30):
        """Waits until QEMU has ended by itself; returns its exit status."""
        self.process.expect(pexpect.EOF, timeout=limit)
        self.seen += self.process.before
        self.process.close()
        return self.process.exitstatus

    def text(self):
        return machine.plain(self.seen)

    def kill(self):
        """Ends this QEMU in mid-sentence: it says goodbye to nobody, a TPM for instance."""
        self.process.kill(signal.SIGKILL)
        self.process.close(force=True)

    def end(self):
        """Ends this QEMU, whatever state it is in."""
        self.process.close(force=True)
