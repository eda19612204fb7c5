"""Loaders with other policies, and kernels of other signers: each boot ends as the documents say.

`make matrix` runs this, one boot a test. Loaders and kernels are those of tests/variants, where the
signer acme signs what it is trusted, or not trusted, to sign.
"""

import pytest

from conftest import is_documented, make_image
from signing import ERRORS, SIG_LEN, expect_refusal, sign_ed25519


@pytest.fixture
def boot(start_uefi, build, tmp_path):
    """boot(LOADER, KERNEL): starts a loader by its name in variants/, with a kernel's bytes."""

    def start(loader, kernel):
        loader = loader and f"{build}/variants/{loader}.efi"
        return start_uefi(make_image(build, tmp_path, kernel, loader))

    return start


@pytest.fixture
def kernel_by(build):
    """kernel_by(SIGNER): the kernel of this build, signed by another."""

    def read(signer):
        with open(f"{build}/variants/kernel-by-{signer}.bin", "rb") as file:
            return file.read()

    return read


def test_a_kernel_of_an_unknown_signer_is_refused(boot, kernel_by):
    expect_refusal(boot(None, kernel_by("other")), "ED25519")


def test_signatures_of_two_trusted_signers_are_refused(boot, kernel_by, build, tmp_path):
    """ML-DSA-65 by one of them, and over that the Ed25519 signature of the other."""
    signed = kernel_by("acme")
    mixed = sign_ed25519(signed, f"{build}/variants/other.key", tmp_path)
    assert mixed[:-SIG_LEN] == signed[:-SIG_LEN] and mixed != signed
    expect_refusal(boot("both", mixed), "MLDSA65")


def test_a_release_loader_knows_no_development_signer(boot, build):
    with open(f"{build}/kernel.bin", "rb") as file:
        guest = boot("release", file.read())
    expect_refusal(guest, "ED25519")
    assert "DEVELOPMENT" not in guest.text()
    assert "2/10 policy: release, 1 trusted" in guest.text()


def test_a_release_signer_cannot_start_a_development_kernel(boot, kernel_by):
    expect_refusal(boot("release", kernel_by("acme")), "POLICY_PROFILE")


def test_a_loader_that_admits_no_development_refuses_it_whoever_signed(boot, kernel_by):
    expect_refusal(boot("strict", kernel_by("acme")), "POLICY_DEV")


def test_a_loader_whose_profile_is_not_that_of_its_policy_starts_nothing(boot, kernel_by):
    """Its file says release, and whoever signed it for Secure Boot went by that."""
    guest = boot("untrue", kernel_by("acme"))
    code, reason = ERRORS["INTERNAL"]
    assert guest.wait_for_line("NONOS: refused: ") == (
        f"NONOS: refused: the loader: {reason} (INTERNAL, code {code})")
    assert is_documented(f"| `INTERNAL`, {code} |")
    assert "2/10" not in guest.text()
