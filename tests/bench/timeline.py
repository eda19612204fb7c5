#!/usr/bin/python3
"""timeline.py RECORD OUT: draws what the steps of a start take, from a JSON file of bench.py.

One row a step, in order: its bar lies where the step lies in the whole start.
"""

import html
import json
import os
import sys

WIDTH, MARGIN, ROW, TOP = 960, 24, 22, 128
NAME_X, BAR_X, BAR_WIDTH, COUNT_X, SHARE_X = 40, 160, 560, 856, 936
PARTS = {"loader": "The loader, from its entry to the jump",
         "kernel": "The kernel, from the jump to NONOS: ready"}
CRYPTO = {"BLAKE3", "SHA-512", "SHA-3", "ChaCha20", "Ed25519", "ML-KEM-768", "ML-DSA-65"}

STYLE = """text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif}
text{fill:#1f2328}
.title{font-size:22px;font-weight:600}.part{font-size:15px;font-weight:600}.note{fill:#59636e}
.end{text-anchor:end}.page{fill:#ffffff}.track{fill:#59636e;fill-opacity:.09}
.crypto{fill:#0a5dc2}.other{fill:#b35900}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.note{fill:#9aa4af}.page{fill:#0d1117}.track{fill:#9aa4af;fill-opacity:.14}
.crypto{fill:#6cb0ff}.other{fill:#f0a050}
}"""


def kind(name):
    return "crypto" if name in CRYPTO else "other"


def share(count, total):
    return f"{count * 100 / total:.1f} %"


def text(x, y, content, css=""):
    name = f' class="{css}"' if css else ""
    return f'<text{name} x="{x}" y="{y}">{html.escape(content)}</text>'


def bar(start, count, total, y, css):
    """A step's place in the whole; one too short to be seen gets a hair."""
    width = max(BAR_WIDTH * count / total, 0.5)
    x = min(BAR_X + BAR_WIDTH * start / total, BAR_X + BAR_WIDTH - width)
    return f'<rect class="{css}" x="{x:.2f}" y="{y}" width="{width:.2f}" height="14"/>'


def draw_step(step, start, total, y):
    part, name, count = step
    return [f'<g class="step" data-part="{part}" data-name="{html.escape(name)}" '
            f'data-instructions="{count}">',
            text(NAME_X, y, name),
            f'<rect class="track" x="{BAR_X}" y="{y - 12}" width="{BAR_WIDTH}" height="14"/>',
            bar(start, count, total, y - 12, kind(name)),
            text(COUNT_X, y, f"{count:,}", "end"), text(SHARE_X, y, share(count, total), "end"),
            "</g>"]


def draw_part(part, steps, before, total, y):
    """A heading and its rows; returns the lines and the place below them."""
    own = [step for step in steps if step[0] == part]
    count = sum(step[2] for step in own)
    lines = [f'<g class="part-sum" data-part="{part}" data-instructions="{count}">',
             text(MARGIN, y, PARTS[part], "part"), text(COUNT_X, y, f"{count:,}", "part end"),
             text(SHARE_X, y, share(count, total), "part end"), "</g>"]
    for step in own:
        y += ROW
        lines += draw_step(step, before, total, y)
        before += step[2]
    return lines, y + 2 * ROW


def describe(steps, total):
    largest = sorted(steps, key=lambda step: -step[2])[:3]
    loader = sum(count for part, _, count in steps if part == "loader")
    return (f"{len(steps)} steps, {total:,} instructions: the loader {share(loader, total)}, the "
            f"kernel {share(total - loader, total)}. The largest: "
            + ", ".join(f"{name} in the {part} {share(count, total)}"
                        for part, name, count in largest) + ".")


def draw(steps):
    total = sum(count for _, _, count in steps)
    loader, below = draw_part("loader", steps, 0, total, TOP)
    before = sum(count for part, _, count in steps if part == "loader")
    kernel, below = draw_part("kernel", steps, before, total, below)
    height = below - ROW
    crypto = sum(count for _, name, count in steps if kind(name) == "crypto")
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-labelledby="title desc">',
        "<title id=\"title\">A verified boot, step by step</title>",
        f'<desc id="desc">{html.escape(describe(steps, total))}</desc>',
        f"<style>\n{STYLE}\n</style>",
        f'<rect class="page" width="{WIDTH}" height="{height}"/>',
        text(MARGIN, 40, "A verified boot, step by step", "title"),
        text(MARGIN, 64, f"{total:,} instructions from the loader's entry to NONOS: ready, as QEMU "
             "counts them", "total"),
        f'<rect class="crypto" x="{MARGIN}" y="78" width="12" height="12"/>',
        text(MARGIN + 18, 89, f"cryptography, the self-tests included: {share(crypto, total)}"),
        '<rect class="other" x="360" y="78" width="12" height="12"/>',
        text(378, 89, f"everything else: {share(total - crypto, total)}"),
        text(COUNT_X, 106, "instructions", "note end"), text(SHARE_X, 106, "share", "note end"),
        *loader, *kernel, "</svg>", ""])


def main():
    if len(sys.argv) != 3:
        print(f"usage: {__doc__.splitlines()[0]}", file=sys.stderr)
        return 2
    record, out = sys.argv[1:]
    with open(record, encoding="utf-8") as file:
        steps = json.load(file).get("boot")
    if not steps:
        print(f"timeline: {record} has no start through firmware: make bench, without FAST=1",
              file=sys.stderr)
        return 1
    with open(out + ".part", "w", encoding="utf-8") as file:
        file.write(draw(steps))
        file.flush()
        os.fsync(file.fileno())
    os.replace(out + ".part", out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
