"""A SoftHSM 2 token in a folder of its own, as a user has an HSM: by its tools and its PIN."""

import os
import shutil
import subprocess

SUPPORT = os.path.dirname(os.path.abspath(__file__))
MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so",
           "/usr/local/lib/softhsm/libsofthsm2.so")
PIN, SO_PIN = "1234", "87654321"
# RFC 8410 §7: PKCS #8 of an Ed25519 seed is this and the seed.
PKCS8 = bytes.fromhex("302e020100300506032b657004220420")


def find_module():
    module = next((path for path in MODULES if os.path.exists(path)), None)
    assert module and shutil.which("pkcs11-tool"), "softhsm2 and opensc: scripts/setup --test"
    return module


def write_pem(seed, folder):
    """An Ed25519 seed as the PEM file that OpenSSL and softhsm2-util take."""
    path = os.path.join(folder, "key.pem")
    done = subprocess.run(["openssl", "pkey", "-inform", "DER"], input=PKCS8 + seed, check=True,
                          stdout=subprocess.PIPE, timeout=60)
    with open(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        file.write(done.stdout)
    return path


class Hsm:
    """The tokens of one folder. env: what a program needs to find them."""

    def __init__(self, folder, label="nonos"):
        self.folder = os.path.join(folder, "hsm")
        self.module = find_module()
        self.tokens = os.path.join(self.folder, "tokens")
        os.makedirs(self.tokens)
        conf = os.path.join(self.folder, "softhsm.conf")
        with open(conf, "w", encoding="ascii") as file:
            file.write(f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\n"
                       "log.level = ERROR\n")
        self.env = {"SOFTHSM2_CONF": conf, "PKCS11_MODULE_PATH": self.module}
        self.add_token(label)

    def run(self, *words):
        return subprocess.run(words, env={**os.environ, **self.env, "PIN": PIN}, check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60)

    def add_token(self, label):
        self.run("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN,
                 "--so-pin", SO_PIN)

    def add_seed(self, seed, label="release", ident="01", token="nonos"):
        """A key that is known outside too, so that its signatures can be compared."""
        pem = write_pem(seed, self.folder)
        self.run("softhsm2-util", "--import", pem, "--token", token, "--label", label, "--id",
                 ident, "--pin", PIN)
        os.remove(pem)

    def tool(self, *words, token="nonos", module=None):
        """pkcs11-tool, logged in."""
        return self.run("pkcs11-tool", "--module", module or self.module, "--token-label", token,
                        "--login",
                        "--pin", "env:PIN", *words).stdout


def build_shim(compiler, folder):
    """The module that stands in front of SoftHSM's and can fail (pkcs11_shim.c)."""
    path = os.path.join(folder, "shim.so")
    flags = subprocess.run(["pkg-config", "--cflags", "p11-kit-1"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.split()
    subprocess.run([compiler, "-std=c23", "-D_GNU_SOURCE", *flags, "-shared", "-fPIC", "-o", path,
                    os.path.join(SUPPORT, "pkcs11_shim.c")], check=True, timeout=60)
    return path
