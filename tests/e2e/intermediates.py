"""What the operations of the self-tests compute on the way, secret each, as it would lie in memory.

Computed from the seeds of kernel/selftest_vectors.h by the text of the standards, with nothing of
the implementation but how PQClean holds coefficients: 16 bits each in ML-KEM, 32 in ML-DSA, in its
transforms in Montgomery's form.
"""

import hashlib
import re
import struct
import subprocess

from conftest import ROOT

KEM_Q, KEM_ROOT = 3329, 17
DSA_Q, DSA_ROOT = 8380417, 1753
DSA_Q_INVERSE = pow(DSA_Q, -1, 1 << 32)
N = 256


def vectors():
    """The constants of kernel/selftest_vectors.h, by name."""
    with open(f"{ROOT}/kernel/selftest_vectors.h", encoding="utf-8") as file:
        text = file.read()
    found = {name: bytes(int(byte, 16) for byte in re.findall(r"0x([0-9a-f]{2})", body))
             for name, body in re.findall(r"uint8_t (\w+)\[\d+\] = \{([^}]*)\}", text)}
    found.update((name, value.encode())
                 for name, value in re.findall(r'#define (MLDSA65_\w+) "([^"]*)"', text))
    return found


def blake3(data):
    return subprocess.run(["b3sum", "--raw"], input=data, stdout=subprocess.PIPE, check=True,
                          timeout=60).stdout


def shake256(data, length):
    return hashlib.shake_256(data).digest(length)


def bits_of(data, width):
    """Consecutive integers of so many bits, the lowest first."""
    number = int.from_bytes(data, "little")
    return [number >> at & ((1 << width) - 1) for at in range(0, 8 * len(data), width)]


def coefficients(values, form):
    return struct.pack(f"<{len(values)}{form}", *values)


def centered(value, modulus):
    value %= modulus
    return value - modulus if value > modulus // 2 else value


def reverse_bits(value, width):
    return int(f"{value:0{width}b}"[::-1], 2)


# Ed25519 (RFC 8032 §5.1.5, §5.1.6) ---------------------------------------------------------------
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def ed25519(known):
    expanded = hashlib.sha512(known["ed25519_seed"]).digest()
    scalar = bytearray(expanded[:32])
    scalar[0] &= 0xF8
    scalar[31] = scalar[31] & 0x7F | 0x40
    nonce_hash = hashlib.sha512(expanded[32:] + known["ed25519_message"]).digest()
    nonce = int.from_bytes(nonce_hash, "little") % ED25519_ORDER
    odd_nonce = nonce if nonce % 2 else nonce + ED25519_ORDER
    odd_scalar = int.from_bytes(scalar, "little")
    odd_scalar = odd_scalar if odd_scalar % 2 else odd_scalar + ED25519_ORDER
    swapped = b"".join(expanded[at:at + 8][::-1] for at in range(0, 64, 8))
    return {
        "Ed25519 expanded seed": expanded,
        "Ed25519 expanded seed, in words": swapped,
        "Ed25519 scalar": bytes(scalar),
        "Ed25519 scalar, made odd": odd_scalar.to_bytes(32, "little"),
        "Ed25519 prefix": expanded[32:],
        "Ed25519 hash of prefix and message": nonce_hash,
        "Ed25519 nonce": nonce.to_bytes(32, "little"),
        "Ed25519 nonce, made odd": odd_nonce.to_bytes(32, "little"),
    }


# ML-KEM-768 (FIPS 203) ---------------------------------------------------------------------------
def kem_noise(seed, nonce):
    """§4.2.2, SamplePolyCBD with eta = 2."""
    return [(each & 1) + (each >> 1 & 1) - (each >> 2 & 1) - (each >> 3 & 1)
            for each in bits_of(shake256(seed + bytes([nonce]), 128), 4)]


def kem_transform(polynomial):
    """§4.3, NTT."""
    out, index, length = list(polynomial), 1, 128
    while length >= 2:
        for start in range(0, N, 2 * length):
            zeta = pow(KEM_ROOT, reverse_bits(index, 7), KEM_Q)
            index += 1
            for at in range(start, start + length):
                product = zeta * out[at + length] % KEM_Q
                out[at + length] = (out[at] - product) % KEM_Q
                out[at] = (out[at] + product) % KEM_Q
        length //= 2
    return out


def kem_encode(polynomial):
    """§4.2.1, ByteEncode with 12 bits."""
    return sum(value << 12 * at for at, value in enumerate(polynomial)).to_bytes(384, "little")


def kem_uniform(rho, row, column):
    """§4.2.2, SampleNTT."""
    stream = hashlib.shake_128(rho + bytes([column, row])).digest(3 * 512)
    return [value for value in bits_of(stream, 12) if value < KEM_Q][:N]


def kem_multiply(a, b):
    """§4.3.1, MultiplyNTTs."""
    out = []
    for at in range(0, N, 2):
        gamma = pow(KEM_ROOT, 2 * reverse_bits(at // 2, 7) + 1, KEM_Q)
        out += [a[at] * b[at] + a[at + 1] * b[at + 1] * gamma,
                a[at] * b[at + 1] + a[at + 1] * b[at]]
    return out


def kem_public_key(rho, s, e):
    """§5.1, from what has been transformed."""
    public = b""
    for row in range(3):
        total = e[row]
        for column in range(3):
            product = kem_multiply(kem_uniform(rho, row, column), s[column])
            total = [(t + p) % KEM_Q for t, p in zip(total, product)]
        public += kem_encode(total)
    return public + rho


def mlkem768(known):
    """The secrets, and the encapsulation key."""
    seed, message = known["mlkem768_seed"], known["mlkem768_message"]
    expanded = hashlib.sha3_512(seed[:32] + bytes([3])).digest()  # §5.1
    sigma = expanded[32:]
    s = [kem_transform(kem_noise(sigma, i)) for i in range(3)]
    e = [kem_transform(kem_noise(sigma, 3 + i)) for i in range(3)]
    public = kem_public_key(expanded[:32], s, e)
    coins = hashlib.sha3_512(message + hashlib.sha3_256(public).digest()).digest()[32:]  # §6.2
    secrets = {
        "ML-KEM sigma": sigma,
        "ML-KEM s, encoded": b"".join(map(kem_encode, s)),
        "ML-KEM coins": coins,
        "ML-KEM message, as a polynomial": coefficients(
            [1665 * bit for bit in bits_of(message, 1)], "h"),
    }
    for i in range(3):
        secrets[f"ML-KEM s[{i}]"] = coefficients(kem_noise(sigma, i), "h")
        secrets[f"ML-KEM s[{i}], transformed"] = coefficients(
            [centered(value, KEM_Q) for value in s[i]], "h")
        secrets[f"ML-KEM s[{i}], transformed and decoded"] = coefficients(s[i], "h")
    for nonce in range(7):
        secrets[f"ML-KEM noise {nonce} of encapsulation"] = coefficients(
            kem_noise(coins, nonce), "h")
    return secrets, public


# ML-DSA-65 (FIPS 204) ----------------------------------------------------------------------------
K, L, ETA, GAMMA_1 = 6, 5, 4, 1 << 19
ATTEMPTS = 16  # of the rejection loop; this message takes fewer


def dsa_uniform(rho, row, column):
    """Algorithm 30, RejNTTPoly."""
    stream = hashlib.shake_128(rho + bytes([column, row])).digest(3 * 512)
    values = (stream[at] | stream[at + 1] << 8 | (stream[at + 2] & 0x7F) << 16
              for at in range(0, len(stream), 3))
    return [value for value in values if value < DSA_Q][:N]


def dsa_small(seed, nonce):
    """Algorithm 31, RejBoundedPoly with eta = 4."""
    halves = bits_of(shake256(seed + struct.pack("<H", nonce), 512), 4)
    return [ETA - half for half in halves if half < 9][:N]


def dsa_mask(seed, nonce):
    """Algorithm 34, ExpandMask: one polynomial."""
    return [GAMMA_1 - value
            for value in bits_of(shake256(seed + struct.pack("<H", nonce), 640), 20)]


def dsa_zetas():
    return [pow(DSA_ROOT, reverse_bits(index, 8), DSA_Q) for index in range(N)]


def dsa_transform(polynomial, zetas):
    """Algorithm 41, NTT, exact."""
    out, index, length = list(polynomial), 0, 128
    while length >= 1:
        for start in range(0, N, 2 * length):
            index += 1
            for at in range(start, start + length):
                product = zetas[index] * out[at + length] % DSA_Q
                out[at + length] = (out[at] - product) % DSA_Q
                out[at] = (out[at] + product) % DSA_Q
        length //= 2
    return out


def dsa_transform_back(polynomial, zetas):
    """Algorithm 42, the inverse."""
    out, index, length = list(polynomial), 256, 1
    while length < N:
        for start in range(0, N, 2 * length):
            index -= 1
            for at in range(start, start + length):
                low, high = out[at], out[at + length]
                out[at] = (low + high) % DSA_Q
                out[at + length] = -zetas[index] * (low - high) % DSA_Q
        length *= 2
    return [value * pow(N, -1, DSA_Q) % DSA_Q for value in out]


def montgomery_product(a, b):
    """a * b / 2^32 modulo q, the representative that signed 32-bit arithmetic leaves."""
    low = a * b * DSA_Q_INVERSE & 0xFFFFFFFF
    low = low - (1 << 32) if low >> 31 else low
    return a * b - low * DSA_Q >> 32


def dsa_transform_unreduced(polynomial, zetas):
    """The same as it is computed: no value is reduced but a product."""
    out, index, length = list(polynomial), 0, 128
    scaled = [centered(zeta << 32, DSA_Q) for zeta in zetas]
    while length >= 1:
        for start in range(0, N, 2 * length):
            index += 1
            for at in range(start, start + length):
                product = montgomery_product(scaled[index], out[at + length])
                out[at + length] = out[at] - product
                out[at] = out[at] + product
        length //= 2
    return out


def dsa_public_hash(rho, s1, s2, zetas):
    """tr of algorithm 6: the hash of the public key."""
    transformed = [dsa_transform(each, zetas) for each in s1]
    public = rho
    for row in range(K):
        total = [0] * N
        for column in range(L):
            matrix = dsa_uniform(rho, row, column)
            total = [(t + a * b) % DSA_Q for t, a, b in zip(total, matrix, transformed[column])]
        t = [(a + b) % DSA_Q for a, b in zip(dsa_transform_back(total, zetas), s2[row])]
        high = [(value + (1 << 12) - 1) >> 13 for value in t]  # algorithm 35, Power2Round
        public += sum(value << 10 * at for at, value in enumerate(high)).to_bytes(320, "little")
    return shake256(public, 64), public


def dsa_pack_small(polynomial):
    return sum((ETA - value) << 4 * at
               for at, value in enumerate(polynomial)).to_bytes(128, "little")


def mldsa65(known):
    """The secrets, and the public key."""
    expanded = shake256(known["mldsa65_seed"] + bytes([K, L]), 128)  # algorithm 6
    rho, rho_prime, key = expanded[:32], expanded[32:96], expanded[96:]
    zetas = dsa_zetas()
    s1 = [dsa_small(rho_prime, i) for i in range(L)]
    s2 = [dsa_small(rho_prime, L + i) for i in range(K)]
    public_hash, public = dsa_public_hash(rho, s1, s2, zetas)
    context = known["MLDSA65_CONTEXT"]
    mu = shake256(public_hash + bytes([0, len(context)]) + context + known["MLDSA65_MESSAGE"], 64)
    mask_seed = shake256(key + bytes(32) + mu, 64)  # algorithm 7, rnd all zeros
    secrets = {
        "ML-DSA rho'": rho_prime,
        "ML-DSA K": key,
        "ML-DSA s1 and s2, encoded": b"".join(map(dsa_pack_small, s1 + s2)),
        "ML-DSA rho''": mask_seed,
    }
    for i, each in enumerate(s1 + s2):
        name = f"s1[{i}]" if i < L else f"s2[{i - L}]"
        secrets[f"ML-DSA {name}"] = coefficients(each, "i")
        secrets[f"ML-DSA {name}, transformed"] = coefficients(
            dsa_transform_unreduced(each, zetas), "i")
    for nonce in range(ATTEMPTS * L):
        secrets[f"ML-DSA y {nonce}"] = coefficients(dsa_mask(mask_seed, nonce), "i")
    return secrets, public
