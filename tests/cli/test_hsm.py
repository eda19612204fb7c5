"""An Ed25519 key that stays in its token: SoftHSM 2, and a module in front of it that fails."""

import os
import re
import shutil
import subprocess
import sys

import pexpect
import pytest

from conftest import ROOT, TOOL, clean_environment, llvm

sys.path.insert(0, str(ROOT / "tests" / "support"))
import softhsm  # noqa: E402

SEED = bytes(range(1, 33))
URI = "pkcs11:token=nonos;object=release"
WITH_PIN = {"NONOS_PIN": softhsm.PIN}


@pytest.fixture
def hsm(nonos):
    """A token that has the Ed25519 key of pq.key, so that signatures can be compared."""
    path = nonos.folder / "pq.key"
    path.write_bytes(SEED)
    path.chmod(0o600)
    found = softhsm.Hsm(str(nonos.folder))
    found.add_seed(SEED)
    return found


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    return softhsm.build_shim(llvm("clang"), str(tmp_path_factory.mktemp("shim")))


@pytest.fixture
def behind(hsm, shim):
    """behind(FAULT): an environment in which that goes wrong."""
    return lambda fault: {**hsm.env, **WITH_PIN, "PKCS11_MODULE_PATH": shim,
                          "SHIM_MODULE": hsm.module, "SHIM_FAULT": fault}


def pubkey(nonos, env, uri=URI, *more):
    return nonos("pubkey", "-k", uri, "--key-pq", "pq.key", *more, env=env)


def sign(nonos, image, env, uri=URI, out="out.bin"):
    """Signs to a file that is there already and must stay as it is when that fails."""
    old = nonos.folder / out
    old.write_bytes(b"the old kernel")
    before = old.stat()
    result = nonos("sign", "-k", uri, "--key-pq", "pq.key", "-o", out, image, env=env)
    if result.status != 0:
        assert old.read_bytes() == b"the old kernel"
        assert old.stat().st_mtime_ns == before.st_mtime_ns
        assert softhsm.PIN not in result.err
        assert len([line for line in result.err.splitlines() if line.startswith("nonos: ")]) == 1
    return result


def test_a_token_signs_what_a_file_with_its_seed_signs(nonos, release, hsm):
    env = {**hsm.env, **WITH_PIN}
    nonos("sign", "-k", "pq.key", "-o", "direct.bin", release).ok()
    sign(nonos, release, env).ok()
    assert (nonos.folder / "out.bin").read_bytes() == (nonos.folder / "direct.bin").read_bytes()
    expected = nonos("pubkey", "-k", "pq.key").ok().out
    assert pubkey(nonos, env).ok().out == expected
    variables = {**env, "SIGNING_KEY": URI, "SIGNING_KEY_PQ": "pq.key"}
    assert nonos("pubkey", env=variables).ok().out == expected
    assert nonos("pubkey", "--pem", env=variables).ok().out == nonos("pubkey", "-k", "pq.key",
                                                                     "--pem").ok().out


def test_the_halves_are_two_keys(nonos, release, hsm):
    """Ed25519 from the token, ML-DSA-65 from the file: an identity of its own, which verifies."""
    env = {**hsm.env, **WITH_PIN}
    (nonos.folder / "pq.key").write_bytes(SEED[::-1])
    nonos("pubkey", "-k", "pq.key", "-o", "file.identity").ok()
    more = ["--profile", "release", "--name", "acme", "--roles", "kernel"]
    pubkey(nonos, env, URI, *more, "-o", "pair.identity").ok()
    file, pair = (dict(re.findall(r"^(\w+)=(.*)$", (nonos.folder / name).read_text(), re.MULTILINE))
                  for name in ("file.identity", "pair.identity"))
    assert file["mldsa65"] == pair["mldsa65"]
    assert pair["ed25519"] == "79b5562e8fe654f94078b112e8a98ba7901f853ae695bed7e0e3910bad049664"
    assert pair["ed25519"] != file["ed25519"] and pair["id"] != file["id"]
    sign(nonos, release, env).ok()
    nonos("verify", "-i", "pair.identity", "out.bin").ok()


def test_each_half_is_signed_offline_by_the_pair(nonos, release, hsm):
    env = {**hsm.env, **WITH_PIN}
    pubkey(nonos, env, URI, "--profile", "release", "--name", "acme", "--roles", "kernel", "-o",
           "acme.identity").ok()
    image = release
    for half in "mldsa65", "ed25519":
        nonos("digest", image, "-o", "m").ok()
        nonos("sign", "-k", URI, "--key-pq", "pq.key", "--digest", "m", "-t", "kernel", "-o", "s",
              env=env).ok()
        nonos("attach", image, f"--{half}", "s", "-i", "acme.identity", "-o", f"{half}.bin").ok()
        image = f"{half}.bin"
    sign(nonos, release, env).ok()
    assert (nonos.folder / image).read_bytes() == (nonos.folder / "out.bin").read_bytes()


@pytest.mark.parametrize("uri", [
    "pkcs11:token=nonos", "pkcs11:object=release", "pkcs11:id=%01;token=nonos",
    "pkcs11:token=%6eonos;object=release;type=private", "pkcs11:manufacturer=SoftHSM%20project;"
    "model=SoftHSM%20v2;id=%01"])
def test_any_description_that_fits_one_key_will_do(nonos, hsm, uri):
    pubkey(nonos, {**hsm.env, **WITH_PIN}, uri).ok()


def test_the_module_is_that_of_the_uri_or_of_the_environment(nonos, hsm):
    env = {**hsm.env, **WITH_PIN}
    pubkey(nonos, {**env, "PKCS11_MODULE_PATH": "/none"}, f"{URI}?module-path={hsm.module}").ok()
    pubkey(nonos, env, f"{URI}?module-path=/none").fails("PKCS11_MODULE", "/none")


@pytest.mark.parametrize("uri, pin, name, what", [
    (URI, "12345", "PKCS11_PIN", "CKR_PIN_INCORRECT"),
    (URI, "", "PKCS11_PIN", "it is empty"),
    (URI, 256 * "1", "PKCS11_PIN", "longer than 255"),
    ("pkcs11:token=other;object=release", "1234", "PKCS11_OBJECT", "no token fits"),
    ("pkcs11:token=nonos;serial=0;object=release", "1234", "PKCS11_OBJECT", "no token fits"),
    ("pkcs11:token=nonos;slot-id=7;object=release", "1234", "PKCS11_OBJECT", "no token fits"),
    ("pkcs11:token=nonos;object=other", "1234", "PKCS11_OBJECT", "no private key fits"),
    ("pkcs11:token=nonos;object=release;id=%02", "1234", "PKCS11_OBJECT", "no private key fits"),
    (URI + "?module-path=/no/module.so", "1234", "PKCS11_MODULE", "module-path"),
    (URI + "?module-path=/etc/passwd", "1234", "PKCS11_MODULE", "module-path"),
    (URI + "?pin-value=4321", "1234", "PKCS11_URI", "change that PIN"),
    (URI + ";object=release", "1234", "PKCS11_URI", "stands twice"),
], ids=lambda value: value[-24:])
def test_what_cannot_be_used_is_one_clear_line(nonos, release, hsm, uri, pin, name, what):
    result = sign(nonos, release, {**hsm.env, "NONOS_PIN": pin}, uri).fails(name)
    assert what in result.err and "4321" not in result.err and "12345" not in result.err


def test_a_library_that_is_no_module_is_one_clear_line(nonos, release, hsm):
    libc = next(path for path in ("/lib/x86_64-linux-gnu/libm.so.6", "/usr/lib/libSystem.dylib")
                if os.path.exists(path))
    env = {**hsm.env, **WITH_PIN, "PKCS11_MODULE_PATH": libc}
    assert "no PKCS#11 module" in sign(nonos, release, env).fails("PKCS11_MODULE", libc).err


def test_two_tokens_or_keys_that_fit_are_refused(nonos, release, hsm):
    env = {**hsm.env, **WITH_PIN}
    hsm.add_seed(SEED[::-1], "second", "02")
    result = sign(nonos, release, env, "pkcs11:token=nonos").fails("PKCS11_OBJECT", "token nonos")
    assert "more than one private key" in result.err
    sign(nonos, release, env).ok()
    hsm.add_token("nonos")
    result = sign(nonos, release, env).fails("PKCS11_OBJECT", "token")
    assert "more than one token" in result.err


def test_a_public_key_that_is_missing_or_double_is_refused(nonos, release, hsm):
    env = {**hsm.env, **WITH_PIN}
    hsm.tool("--delete-object", "--type", "pubkey", "--id", "01")
    assert "no public key" in sign(nonos, release, env).fails("PKCS11_OBJECT").err


def test_another_kind_of_key_is_refused(nonos, release, hsm):
    hsm.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", "p256", "--id", "09")
    result = sign(nonos, release, {**hsm.env, **WITH_PIN}, "pkcs11:token=nonos;object=p256")
    assert "no Ed25519 key" in result.fails("PKCS11_OBJECT").err


def test_a_token_that_is_taken_away_between_two_signatures(nonos, release, hsm):
    env = {**hsm.env, **WITH_PIN}
    sign(nonos, release, env).ok()
    shutil.rmtree(hsm.tokens)
    os.mkdir(hsm.tokens)
    assert "is it connected" in sign(nonos, release, env).fails("PKCS11_OBJECT", "token").err


@pytest.mark.parametrize("fault, name, what", [
    ("removed", "PKCS11_FAILED", "C_Sign gave CKR_DEVICE_REMOVED"),
    ("signature", "PKCS11_FAILED", "not by its public key"),
    ("point-other", "PKCS11_FAILED", "not by its public key"),
    ("short", "PKCS11_FAILED", "63 bytes"),
    ("long", "PKCS11_FAILED", "65 bytes"),
    ("huge", "PKCS11_FAILED", "1000000 bytes"),
    ("empty", "PKCS11_FAILED", " 0 bytes"),
    ("mechanism", "PKCS11_FAILED", "C_SignInit gave CKR_MECHANISM_INVALID"),
    ("slots", "PKCS11_FAILED", "C_GetSlotList gave CKR_DEVICE_ERROR"),
    ("session", "PKCS11_FAILED", "C_OpenSession gave CKR_TOKEN_NOT_PRESENT"),
    ("find", "PKCS11_FAILED", "C_FindObjects gave CKR_DEVICE_ERROR"),
    ("init", "PKCS11_MODULE", "C_Initialize gave CKR_GENERAL_ERROR"),
    ("version", "PKCS11_MODULE", "no PKCS#11 module"),
    ("locked", "PKCS11_PIN", "is locked after too many wrong PINs"),
    ("login-locked", "PKCS11_PIN", "is locked after too many wrong PINs"),
    ("curve", "PKCS11_OBJECT", "another curve"),
    ("point-short", "PKCS11_OBJECT", "CKA_EC_POINT"),
    ("point-tag", "PKCS11_OBJECT", "CKA_EC_POINT"),
    ("point-none", "PKCS11_OBJECT", "CKA_EC_POINT"),
    ("point-zero", "PKCS11_OBJECT", "no valid public key of"),
    ("rsa", "PKCS11_OBJECT", "no Ed25519 key"),
    ("no-sign", "PKCS11_OBJECT", "CKA_SIGN"),
])
def test_a_token_that_fails_leaves_the_old_file(nonos, release, behind, fault, name, what):
    assert what in sign(nonos, release, behind(fault)).fails(name).err


@pytest.mark.parametrize("fault", ["", "point-raw", "point-der", "params-name", "params-oid",
                                   "one-by-one", "always", "pad"])
def test_what_tokens_do_in_several_ways_is_taken(nonos, release, behind, fault):
    """Also that the module does not see SIGNING_KEY, SIGNING_KEY_PQ or NONOS_PIN: it would fail."""
    nonos("sign", "-k", "pq.key", "-o", "direct.bin", release).ok()
    env = {**behind(fault), "SIGNING_KEY": URI, "SIGNING_KEY_PQ": "pq.key"}
    if fault == "pad":
        env["NONOS_PIN"] = "wrong, and not used"
    nonos("sign", "-o", "out.bin", release, env=env).ok()
    assert (nonos.folder / "out.bin").read_bytes() == (nonos.folder / "direct.bin").read_bytes()


def test_no_identity_leaves_of_a_public_key_that_is_not_the_private_one_s(nonos, behind):
    result = pubkey(nonos, behind("point-other"), URI, "-o", "me").fails("PKCS11_FAILED", "token")
    assert "not by its public key" in result.err and not (nonos.folder / "me").exists()


def test_half_a_message_is_not_written_when_the_token_fails(nonos, release, behind):
    nonos("digest", release, "-o", "m").ok()
    nonos("sign", "-k", URI, "--key-pq", "pq.key", "--digest", "m", "-t", "kernel", "-o", "s",
          env=behind("")).ok()
    pubkey(nonos, behind(""), URI, "--profile", "release", "--name", "a", "--roles", "kernel", "-o",
           "a.identity").ok()
    nonos("attach", release, "--mldsa65", "s", "-i", "a.identity", "-o", "half.bin").ok()
    nonos("digest", "half.bin", "-o", "m").ok()
    for fault in "removed", "signature", "short":
        nonos("sign", "-k", URI, "--key-pq", "pq.key", "--digest", "m", "-t", "kernel", "-o", "ed",
              env=behind(fault)).fails("PKCS11_FAILED", "token")
    assert not (nonos.folder / "ed").exists()


def test_the_pin_comes_from_a_file_that_only_its_owner_can_read(nonos, release, hsm):
    pin = nonos.folder / "pin"
    pin.write_text("1234\n")
    for mode in 0o600, 0o400:
        pin.chmod(mode)
        for form in "pin", str(pin), f"file:{pin}", f"file://{pin}":
            sign(nonos, release, {**hsm.env, "NONOS_PIN": "wrong"}, f"{URI}?pin-source={form}").ok()
    for mode in 0o640, 0o604, 0o700:
        pin.chmod(mode)
        result = sign(nonos, release, hsm.env, f"{URI}?pin-source=pin").fails("PKCS11_PIN", "pin")
        assert "chmod 600" in result.err
    pin.chmod(0o600)
    for text in "", "\n", "1234\n1234\n", "1234\0", 256 * "1":
        pin.write_text(text)
        sign(nonos, release, hsm.env, f"{URI}?pin-source=pin").fails("PKCS11_PIN", "pin")
    sign(nonos, release, hsm.env, f"{URI}?pin-source=none").fails("NOT_FOUND", "none")
    os.mkfifo(nonos.folder / "pipe", 0o600)
    sign(nonos, release, hsm.env, f"{URI}?pin-source=pipe").fails("PKCS11_PIN", "pipe")


def test_the_pin_is_asked_for_on_the_terminal_and_not_shown(nonos, release, hsm):
    terminal = pexpect.spawn(str(TOOL), ["pubkey", "-k", URI, "--key-pq", "pq.key", "--pem"],
                             cwd=str(nonos.folder), encoding="ascii", timeout=30,
                             env=clean_environment(hsm.env))
    terminal.expect("the PIN of token nonos: ")
    terminal.sendline(softhsm.PIN)
    terminal.expect("BEGIN PUBLIC KEY")
    assert softhsm.PIN not in terminal.before
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


def test_without_a_terminal_the_ways_to_give_a_pin_are_named(nonos, release, hsm):
    result = nonos("pubkey", "-k", URI, "--key-pq", "pq.key", env=hsm.env, start_new_session=True)
    assert "pin-source" in result.fails("PKCS11_PIN", "token nonos").err
    assert "NONOS_PIN" in result.err


def test_a_token_that_locks_itself_says_so_before_the_pin_is_tried(nonos, release, behind):
    result = nonos("pubkey", "-k", URI, "--key-pq", "pq.key", env=behind("final")).ok()
    assert "locks itself if this PIN is wrong" in result.err


def test_keygen_makes_a_key_that_cannot_leave_its_token(nonos, release, hsm):
    env = {**hsm.env, **WITH_PIN}
    uri = "pkcs11:token=nonos;object=acme-2026"
    result = nonos("keygen", "--hsm", uri, env=env).ok()
    assert re.fullmatch(r"[0-9a-f]{64}\n", result.out) and "next: " in result.err
    assert f"ed25519={result.out}" in pubkey(nonos, env, uri).ok().out
    sign(nonos, release, env, uri).ok()
    listed = hsm.tool("--list-objects", "--type", "privkey")
    mine = listed[listed.index("acme-2026"):].split("Object;")[0]
    assert "Access:     sensitive, always sensitive, never extractable, local" in mine


def test_who_has_the_pin_cannot_read_a_key_that_keygen_made(nonos, release, hsm, shim, behind):
    nonos("keygen", "--hsm", "pkcs11:token=nonos;object=acme", env=behind("")).ok()
    sign(nonos, release, behind("steal"), "pkcs11:token=nonos;object=acme").ok()
    # One that was not made so can be read: the attempt is a real one.
    hsm.env.update(SHIM_MODULE=hsm.module, SHIM_FAULT="weak")
    hsm.tool("--keypairgen", "--key-type", "EC:edwards25519", "--label", "weak", "--id", "09",
             module=shim)
    result = sign(nonos, release, behind("steal"), "pkcs11:token=nonos;object=weak")
    assert "CKR_FUNCTION_REJECTED" in result.fails("PKCS11_FAILED").err


def steps(part):
    """The commands of docs/keys.md in a part of its section about HSMs, in their order."""
    page = (ROOT / "docs/keys.md").read_text()
    section = page[page.index("## Keep the Ed25519 key in an HSM"):page.index("## Sign on another")]
    text = section[section.index(part):].split("\n### ")[0]
    lines = re.findall(r"^ {4,}(.*)$", text, re.MULTILINE)
    return "\n".join(lines)


def test_the_page_s_commands_make_sign_test_and_destroy_a_key(nonos, release):
    """As somebody who has an HSM and this page; make, which e2e/test_hsm.py has, is its sign."""
    hsm = softhsm.Hsm(str(nonos.folder), "acme")
    (nonos.folder / "keys").mkdir()
    script = steps("## Keep") + "\n" + steps("### The ceremony")
    for old, new, times in (
            ("export PKCS11_MODULE_PATH=/usr/lib/softhsm/libsofthsm2.so", "", 1),
            ("--id ID", "--id $(sed -n s/^id=//p ~/acme-2026.identity)", 1),
            ("make PROFILE=release", f"mkdir -p build/release; nonos sign {release} -o "
             "build/release/kernel.bin", 1),
            (" SIGNING_KEY=", " -k ", 1), (" SIGNING_KEY_PQ=", " --key-pq ", 1),
            ("COPY", "~/acme-2026.pq.key", 1), ("--login", "--login --pin env:NONOS_PIN", 3)):
        assert script.count(old) == times, old
        script = script.replace(old, new)
    (nonos.folder / "bin").mkdir()
    (nonos.folder / "bin" / "nonos").symlink_to(TOOL)
    env = clean_environment({**hsm.env, **WITH_PIN, "NONOS_PASSPHRASE": "correct horse",
                             "HOME": str(nonos.folder),
                             "PATH": f"{nonos.folder}/bin:{os.environ['PATH']}"})
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=nonos.folder, env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    assert "verdict    verified" in done.stdout and "release" in done.stdout
    assert (nonos.folder / "keys/trusted/acme-2026.identity").exists()
    assert "acme-2026" not in hsm.tool("--list-objects", token="acme")


def test_keygen_takes_the_id_of_the_uri(nonos, hsm):
    env = {**hsm.env, **WITH_PIN}
    nonos("keygen", "--hsm", "pkcs11:token=nonos;object=acme;id=%AB%00%01", env=env).ok()
    assert "ab0001" in hsm.tool("--list-objects", "--type", "privkey")
    pubkey(nonos, env, "pkcs11:token=nonos;id=%AB%00%01").ok()


def test_keygen_never_makes_a_second_object_of_a_name_or_an_id(nonos, hsm):
    env = {**hsm.env, **WITH_PIN}
    before = hsm.tool("--list-objects")
    for uri in URI, "pkcs11:token=nonos;object=other;id=%01", URI + ";id=%05":
        nonos("keygen", "--hsm", uri, env=env).fails("EXISTS", "token nonos")
    nonos("keygen", "--hsm", "pkcs11:token=nonos;id=%07", env=env).fails("PKCS11_URI")
    nonos("keygen", "--hsm", "pkcs11:token=nonos;object=x", "-o", "f", env=env).fails("USAGE")
    nonos("keygen", "--hsm", "release.key", env=env).fails("PKCS11_URI")
    assert hsm.tool("--list-objects") == before


@pytest.mark.parametrize("fault, what", [
    ("no-generate", "makes no Ed25519 keys"), ("no-room", "C_GenerateKeyPair gave CKR_DEVICE_MEM"),
    ("extractable", "wrong CKA_EXTRACTABLE"), ("weak", "wrong CKA_SENSITIVE"),
    ("removed", "C_Sign gave CKR_DEVICE_REMOVED"),
    ("signature", "not by its public key"), ("point-other", "not by its public key")])
def test_keygen_leaves_nothing_behind_in_a_token_that_fails(nonos, hsm, behind, fault, what):
    before = hsm.tool("--list-objects")
    result = nonos("keygen", "--hsm", "pkcs11:token=nonos;object=new", env=behind(fault))
    assert what in result.fails("PKCS11_FAILED").err and result.out == ""
    assert hsm.tool("--list-objects") == before
