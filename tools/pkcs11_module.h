/*
 * pkcs11_module.h - a PKCS#11 module, loaded at run time (PKCS #11 v2.40; Ed25519: v3.0 §2.3).
 *
 * The header is p11-kit's, in its GNU form (ck_rv_t and the like); no module is linked.
 */
#ifndef NONOS_TOOLS_PKCS11_MODULE_H
#define NONOS_TOOLS_PKCS11_MODULE_H

#define CRYPTOKI_GNU 1
#include <p11-kit/pkcs11.h>

#include <stddef.h>

/* What module is used where neither the URI nor PKCS11_MODULE_PATH names one: p11-kit's, which has
 * all those that are configured on the machine. */
#define PKCS11_MODULE_DEFAULT "p11-kit-proxy.so"
#define PKCS11_MODULE_VARIABLE "PKCS11_MODULE_PATH"

struct pkcs11_module {
    void *library;
    struct ck_function_list *functions;
};

/* Loads and initializes a module; path: from the URI, or empty. Reports what is wrong and returns
 * the exit status; *out is zero then. */
[[nodiscard]] int pkcs11_module_open(const char *path, struct pkcs11_module *out);

/* Finalizes it. The library stays mapped: some leave handlers behind that run when we exit. */
void pkcs11_module_close(struct pkcs11_module *module);

/* "CKR_PIN_INCORRECT", or "CKR_0x12345678" for one that is not among those that are known here. */
const char *pkcs11_result_name(ck_rv_t result);

#endif
