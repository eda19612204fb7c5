// Answers requests about ML-KEM-768 and ML-DSA-65 with @noble/post-quantum, an implementation that
// shares no code with ours. tests/unit/pqc_differential.c asks and compares.
//
// The first line it writes is "ready <version of node>", or "absent <reason>". Then one line of
// answer for each line of request: "<operation> <argument>...", where an argument is hexadecimal
// and "-" stands for no bytes; the answer is "<hex>...", "true", "false" or "error <text>".
import { createInterface } from 'node:readline';

let ml_kem768;
let ml_dsa65;
try {
    ({ ml_kem768 } = await import('@noble/post-quantum/ml-kem.js'));
    ({ ml_dsa65 } = await import('@noble/post-quantum/ml-dsa.js'));
} catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND')
        throw error;
    console.log('absent @noble/post-quantum is not installed');
    process.exit(0);
}

const operations = {
    'kem-keygen': (seed) => {
        const keys = ml_kem768.keygen(seed);
        return [keys.publicKey, keys.secretKey];
    },
    'kem-encapsulate': (ek, message) => {
        const result = ml_kem768.encapsulate(ek, message);
        return [result.cipherText, result.sharedSecret];
    },
    'kem-decapsulate': (dk, ciphertext) => [ml_kem768.decapsulate(ciphertext, dk)],
    'dsa-keygen': (seed) => {
        const keys = ml_dsa65.keygen(seed);
        return [keys.publicKey, keys.secretKey];
    },
    // rnd is left out for the deterministic variant.
    'dsa-sign': (sk, message, context, rnd) => [ml_dsa65.sign(sk, message, context, rnd)],
    'dsa-verify': (pk, message, context, signature) =>
        ml_dsa65.verify(pk, message, signature, context),
};

// A fresh array for each argument: the library works in place on some of them.
const decode = (text) => Uint8Array.from(text === '-' ? [] : Buffer.from(text, 'hex'));
const encode = (bytes) => Buffer.from(bytes).toString('hex');

function answer(line) {
    const [operation, ...words] = line.split(' ');
    try {
        const result = operations[operation](...words.map(decode));
        return typeof result === 'boolean' ? String(result) : result.map(encode).join(' ');
    } catch (error) {
        return `error ${error.message}`;
    }
}

console.log(`ready ${process.version}`);
for await (const line of createInterface({ input: process.stdin }))
    console.log(answer(line));
