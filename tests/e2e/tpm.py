"""A TPM 2.0 for a guest: swtpm, the commands that we ask it ourselves, and one that fails.

swtpm has two channels (its manual, "swtpm_ioctls"): one that controls it, and one, handed to it
over the first, for the TPM's commands. QEMU takes both. Once QEMU is gone without a word, the TPM
is as the boot has left it, and a connection of our own reads the PCRs: no kernel of ours between.
"""

import contextlib
import select
import socket
import struct
import threading

import machine

TIME_LIMIT = 300  # seconds that a swtpm may live, whatever becomes of us
BANKS = {"sha1": 0x0004, "sha256": 0x000B, "sha384": 0x000C, "sha512": 0x000D}

# Control commands, and what of the TPM's commands is looked at (TPM 2.0 Library, parts 2 and 3).
CMD_SHUTDOWN, CMD_SET_DATAFD = 3, 16
TPM_ST_NO_SESSIONS = 0x8001
TPM_CC_PCR_READ, TPM_CC_PCR_EXTEND = 0x17E, 0x182
TPM_RC_FAILURE = 0x101
HEADER = struct.Struct(">HII")  # tag, length of all, command or answer code


def read_exactly(stream, length):
    data = b""
    while len(data) < length:
        chunk = stream.recv(length - len(data))
        if not chunk:
            return None
        data += chunk
    return data


def read_message(stream):
    """A command or an answer of a TPM; None when the other side has gone."""
    head = read_exactly(stream, HEADER.size)
    if head is None:
        return None
    rest = read_exactly(stream, HEADER.unpack(head)[1] - HEADER.size)
    return None if rest is None else head + rest


def connect(control_path):
    """Connections to a swtpm: its control channel, and one for commands."""
    control = socket.socket(socket.AF_UNIX)
    control.settimeout(30)
    control.connect(control_path)
    ours, theirs = socket.socketpair()
    ours.settimeout(30)
    socket.send_fds(control, [struct.pack(">I", CMD_SET_DATAFD)], [theirs.fileno()])
    theirs.close()
    assert read_exactly(control, 4) == 4 * b"\0", "swtpm did not take the data channel"
    return control, ours


def pcr_selection(algorithm, pcr):
    bits = bytearray(3)
    bits[pcr // 8] = 1 << pcr % 8
    return struct.pack(">IHB", 1, algorithm, len(bits)) + bytes(bits)


def read_pcr(stream, bank, pcr):
    """TPM2_PCR_Read (part 3, §22.4) of one PCR; its value in hexadecimal."""
    wanted = pcr_selection(BANKS[bank], pcr)
    stream.sendall(HEADER.pack(TPM_ST_NO_SESSIONS, HEADER.size + len(wanted), TPM_CC_PCR_READ)
                   + wanted)
    answer = read_message(stream)
    assert answer is not None, "swtpm has closed the connection"
    tag, _, code = HEADER.unpack_from(answer)
    assert (tag, code) == (TPM_ST_NO_SESSIONS, 0), f"TPM2_PCR_Read: 0x{code:x}"
    # pcrUpdateCounter, the selection that was read, and a list of one digest
    at = HEADER.size + 4
    assert answer[at:at + len(wanted)] == wanted, f"the TPM has no bank {bank}"
    count, length = struct.unpack_from(">IH", answer, at + len(wanted))
    assert count == 1
    return answer[at + len(wanted) + 6:][:length].hex()


class Tpm:
    """A swtpm of its own, in a folder of its own; end() ends it."""

    def __init__(self, folder):
        self.process, self.path = machine.start_tpm(folder, TIME_LIMIT)

    def qemu_words(self):
        return machine.tpm_words(self.path)

    def read_pcrs(self, banks, pcrs):
        """{bank: {number: value}}. Only once QEMU has gone, by kill: it would tell swtpm to end."""
        control, stream = connect(self.path)
        with control, stream:
            return {bank: {str(pcr): read_pcr(stream, bank, pcr) for pcr in pcrs}
                    for bank in banks}

    def end(self):
        self.process.terminate()  # timeout passes it on
        self.process.wait(30)


class FailingTpm:
    """A TPM between QEMU and a swtpm, which answers with TPM_RC_FAILURE from a certain extension of
    PCR 11 on: fail_at is the first that fails, counted from 1. All before that is swtpm's answer.
    """

    def __init__(self, folder, fail_at):
        self.tpm = Tpm(folder)
        self.fail_at, self.extensions, self.failures = fail_at, 0, 0
        self.path = self.tpm.path + "-between"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(1)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def qemu_words(self):
        return machine.tpm_words(self.path)

    def serve(self):
        with contextlib.suppress(OSError):
            guest, _ = self.listener.accept()
            with guest:
                self.relay(guest)

    def relay(self, guest):
        """Passes on what each side says. The data channel that QEMU hands over stays here."""
        control, inner = connect(self.tpm.path)
        with control, inner:
            streams = [guest, control]
            while True:
                for stream in select.select(streams, [], [])[0]:
                    if stream is guest:
                        data, files, _, _ = socket.recv_fds(guest, 4096, 1)
                        if data[:4] == struct.pack(">I", CMD_SHUTDOWN):
                            guest.sendall(4 * b"\0")
                        if not data or data[:4] == struct.pack(">I", CMD_SHUTDOWN):
                            return
                        if files:
                            streams.append(socket.socket(fileno=files[0]))
                            guest.sendall(4 * b"\0")
                        else:
                            control.sendall(data)
                    elif stream is control:
                        guest.sendall(control.recv(4096))
                    else:
                        command = read_message(stream)
                        if command is None:
                            return
                        stream.sendall(self.answer(command, inner))

    def answer(self, command, inner):
        code, = struct.unpack_from(">I", command, 6)
        if code == TPM_CC_PCR_EXTEND and struct.unpack_from(">I", command, 10)[0] == 11:
            self.extensions += 1
        if self.extensions >= self.fail_at:
            self.failures += 1
            return HEADER.pack(TPM_ST_NO_SESSIONS, HEADER.size, TPM_RC_FAILURE)
        inner.sendall(command)
        return read_message(inner)

    def end(self):
        self.listener.close()
        self.tpm.end()
        self.thread.join(30)
