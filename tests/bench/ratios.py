"""How many times as fast as other implementations: what the programs in this folder measured."""

import os
import statistics
import subprocess
import tempfile

# Of peer's time to ours, at least; the others are only reported.
BARS = {("ML-KEM-768 keygen", "PQClean as shipped"): 1.2,
        ("ML-KEM-768 encaps", "PQClean as shipped"): 1.2,
        ("ML-KEM-768 decaps", "PQClean as shipped"): 1.2,
        ("ML-DSA-65 keygen", "PQClean as shipped"): 1.2,
        ("ML-DSA-65 sign", "PQClean as shipped"): 1.2,
        ("ML-DSA-65 verify", "PQClean as shipped"): 1.2,
        ("Ed25519 verify", "libsodium"): 0.9,
        ("BLAKE3", "official portable C"): 1.0,
        ("BLAKE3 in nonos, 221 KB", "b3sum, 1 thread"): 1.0}
FILE_LEN = 221 * 1024
FEW, MANY = 100, 2100  # files; their difference has no start of a program in it
TURNS = 5


def row(name, peer, ours_ns, theirs_ns, ratios, byte_count):
    ratios = sorted(ratios)
    return {"operation": name, "peer": peer, "ours_ns": round(ours_ns, 1),
            "theirs_ns": round(theirs_ns, 1), "ratio": round(statistics.median(ratios), 3),
            "low": round(ratios[len(ratios) // 4], 3), "high": round(ratios[-len(ratios) // 4], 3),
            "bytes": byte_count, "bar": BARS.get((name, peer))}


def measure_primitives(program):
    """The rows of tests/bench/primitives.c."""
    rows = []
    done = subprocess.run([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          check=True, timeout=300)
    for line in done.stdout.splitlines():
        name, peer, ours, theirs, ratio, low, high, count = line.split("\t")
        rows.append(row(name, peer, float(ours), float(theirs),
                        [float(low), float(ratio), float(high)], int(count)))
    return rows


def processor_seconds(command):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command[0])
    return usage.ru_utime + usage.ru_stime


def per_file_ns(few, many):
    """Processor time for one more file, of commands that hash FEW and MANY."""
    return (processor_seconds(many) - processor_seconds(few)) / (MANY - FEW) * 1e9


def measure_tool(program):
    """The host program's reading and hashing of one file against b3sum's, each many times in one
    process. On one processor, as what is started inherits."""
    processors = os.sched_getaffinity(0)
    with tempfile.NamedTemporaryFile(prefix="nonos-bench-") as file:
        file.write(os.urandom(FILE_LEN))
        file.flush()
        ours = [[program, str(count), file.name] for count in (FEW, MANY)]
        theirs = [["b3sum", "--num-threads", "1", *[file.name] * count] for count in (FEW, MANY)]
        digests = [subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
                   for command in (ours[0], theirs[0])]
        if digests[0] != digests[1]:
            raise ValueError("the host program and b3sum disagree: nothing to compare")
        try:
            os.sched_setaffinity(0, {min(processors)})
            turns = [(per_file_ns(*ours), per_file_ns(*theirs)) for _ in range(TURNS)]
        finally:
            os.sched_setaffinity(0, processors)
    return row("BLAKE3 in nonos, 221 KB", "b3sum, 1 thread",
               statistics.median(ours_ns for ours_ns, _ in turns),
               statistics.median(theirs_ns for _, theirs_ns in turns),
               [theirs_ns / ours_ns for ours_ns, theirs_ns in turns], FILE_LEN)


def require_every_bar(rows):
    """A bar whose row has another name would hold nothing."""
    lost = set(BARS) - {(each["operation"], each["peer"]) for each in rows}
    if lost:
        raise ValueError("bars of what was not measured: " + ", ".join(map(" of ".join, lost)))
    return rows


def measure(folder):
    return require_every_bar([*measure_primitives(os.path.join(folder, "primitives")),
                              measure_tool(os.path.join(folder, "files"))])
