"""`nonos inspect`: what an image says about itself, signed or not, whole or not."""

import json
import random
import subprocess

from conftest import CODES


def inspect(nonos, path, code=None):
    result = nonos("inspect", "--json", path)
    if code is None:
        result.ok()
    else:
        result.fails(code)
    return json.loads(result.out)


def b3sum(data):
    done = subprocess.run(["b3sum", "--no-names"], input=data, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode().strip()


def test_json_has_digests_segments_and_manifest(nonos, image):
    content = image.read_bytes()
    seen = inspect(nonos, "kernel.bin")
    assert seen["file"] == "kernel.bin" and seen["length"] == len(content)
    assert seen["d0"] == b3sum(content[:-3373]) and seen["d1"] == b3sum(content[:-64])
    assert seen["signatures"] == {"ed25519": "absent", "mldsa65": "absent"}
    assert seen["error"] is None and seen["verified"] is False
    assert [segment["permissions"] for segment in seen["segments"]] == ["r--", "r-x", "rw-"]
    assert seen["segments"][0]["physical_address"] == "0x100000"
    assert seen["entry"] == seen["segments"][1]["virtual_address"]
    manifest = seen["manifest"]
    assert (manifest["type"], manifest["profile"], manifest["security_version"]) == (
        "kernel", "dev", 3)
    assert manifest["dirty"] is True and manifest["grants"] == []
    assert manifest["text"].startswith("NONOS-MANIFEST 1\ntype=kernel\n")


def test_inspect_never_says_verified(nonos, signed):
    seen = inspect(nonos, signed)
    assert seen["signatures"] == {"ed25519": "present", "mldsa65": "present"}
    assert seen["verified"] is False
    out = nonos("inspect", signed).ok().out
    assert out.count("present, not verified") == 2


def test_text_shows_the_same(nonos, image):
    out = nonos("inspect", image).ok().out
    seen = inspect(nonos, image)
    for expected in (seen["d0"], seen["d1"], seen["entry"], "profile=dev", "r-x"):
        assert expected in out
    assert out.count("absent") == 2


def test_a_damaged_image_is_shown_as_far_as_it_goes(nonos, image):
    content = bytearray(image.read_bytes())
    content[18] = 3
    image.write_bytes(content)
    seen = inspect(nonos, image, "ELF_MACHINE")
    code, text = CODES["ELF_MACHINE"]
    assert seen["error"] == {"code": code, "name": "ELF_MACHINE", "text": text}
    assert seen["d1"] == b3sum(bytes(content[:-64])) and "manifest" not in seen
    assert seen["d1"] in nonos("inspect", image).fails("ELF_MACHINE").out


def test_a_bad_manifest_is_named_by_its_line(nonos, image):
    content = image.read_bytes().replace(b"dirty=yes", b"dirty=yEs")
    image.write_bytes(content)
    assert inspect(nonos, image, "MANIFEST_VALUE")["error"]["manifest_line"] == 10


def test_what_is_no_image_is_still_json(nonos):
    (nonos.folder / "short").write_bytes(b"x")
    (nonos.folder / "text").write_text("x" * 5000)
    (nonos.folder / 'a"b\\c\u00f8').write_bytes(b"x")
    assert inspect(nonos, "missing", "NOT_FOUND")["error"]["name"] == "NOT_FOUND"
    assert inspect(nonos, "short", "IMAGE_SHORT")["error"]["code"] == 10
    assert inspect(nonos, "text", "ELF_MAGIC")["length"] == 5000
    assert inspect(nonos, 'a"b\\c\u00f8', "IMAGE_SHORT")["file"] == 'a"b\\c\u00f8'


def test_json_is_valid_for_random_damage(nonos, signed):
    content = signed.read_bytes()
    for _ in range(60):
        changed = bytearray(content)
        for _ in range(random.randint(1, 4)):
            changed[random.randrange(len(changed))] = random.randrange(256)
        signed.write_bytes(changed)
        seen = json.loads(nonos("inspect", "--json", signed).out)
        assert seen["length"] == len(changed)
