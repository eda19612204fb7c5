#include "tools/pkcs11_module.h"

#include "tools/report.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME(result) {result, #result}

const char *pkcs11_result_name(ck_rv_t result)
{
    static const struct {
        ck_rv_t result;
        const char *name;
    } names[] = {
        NAME(CKR_HOST_MEMORY),
        NAME(CKR_SLOT_ID_INVALID),
        NAME(CKR_GENERAL_ERROR),
        NAME(CKR_FUNCTION_FAILED),
        NAME(CKR_ARGUMENTS_BAD),
        NAME(CKR_ATTRIBUTE_TYPE_INVALID),
        NAME(CKR_ATTRIBUTE_VALUE_INVALID),
        NAME(CKR_DATA_LEN_RANGE),
        NAME(CKR_DEVICE_ERROR),
        NAME(CKR_DEVICE_MEMORY),
        NAME(CKR_DEVICE_REMOVED),
        NAME(CKR_FUNCTION_CANCELED),
        NAME(CKR_FUNCTION_NOT_SUPPORTED),
        NAME(CKR_KEY_HANDLE_INVALID),
        NAME(CKR_KEY_TYPE_INCONSISTENT),
        NAME(CKR_KEY_FUNCTION_NOT_PERMITTED),
        NAME(CKR_MECHANISM_INVALID),
        NAME(CKR_MECHANISM_PARAM_INVALID),
        NAME(CKR_OBJECT_HANDLE_INVALID),
        NAME(CKR_PIN_INCORRECT),
        NAME(CKR_PIN_INVALID),
        NAME(CKR_PIN_LEN_RANGE),
        NAME(CKR_PIN_EXPIRED),
        NAME(CKR_PIN_LOCKED),
        NAME(CKR_SESSION_CLOSED),
        NAME(CKR_SESSION_COUNT),
        NAME(CKR_SESSION_HANDLE_INVALID),
        NAME(CKR_SESSION_READ_ONLY),
        NAME(CKR_TEMPLATE_INCOMPLETE),
        NAME(CKR_TEMPLATE_INCONSISTENT),
        NAME(CKR_TOKEN_NOT_PRESENT),
        NAME(CKR_TOKEN_NOT_RECOGNIZED),
        NAME(CKR_TOKEN_WRITE_PROTECTED),
        NAME(CKR_USER_NOT_LOGGED_IN),
        NAME(CKR_USER_PIN_NOT_INITIALIZED),
        NAME(CKR_USER_TYPE_INVALID),
        NAME(CKR_CURVE_NOT_SUPPORTED),
        NAME(CKR_BUFFER_TOO_SMALL),
        NAME(CKR_CRYPTOKI_NOT_INITIALIZED),
        NAME(CKR_FUNCTION_REJECTED),
    };
    static char other[32];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].result == result)
            return names[i].name;
    snprintf(other, sizeof(other), "CKR_0x%08lX", result);
    return other;
}

/* dlopen() looks for a name without a slash where the system has its libraries. On macOS p11-kit's
 * has another ending. */
static void *load(const char **path)
{
    if (**path == 0) {
        const char *chosen = getenv(PKCS11_MODULE_VARIABLE);
        *path = chosen != nullptr && *chosen != 0 ? chosen : PKCS11_MODULE_DEFAULT;
    }
    void *library = dlopen(*path, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr && strcmp(*path, PKCS11_MODULE_DEFAULT) == 0)
        library = dlopen("p11-kit-proxy.dylib", RTLD_NOW | RTLD_LOCAL);
    return library;
}

static int report_no_functions(const char *path)
{
    return report_error(path, NONOS_E_PKCS11_MODULE,
                        "it is a library, but no PKCS#11 module; the HSM's own documents name "
                        "the module");
}

int pkcs11_module_open(const char *path, struct pkcs11_module *out)
{
    *out = (struct pkcs11_module){nullptr, nullptr};
    struct pkcs11_module module = {nullptr, nullptr};
    module.library = load(&path);
    if (module.library == nullptr) {
        const char *why = dlerror();
        return report_error(path, NONOS_E_PKCS11_MODULE,
                            "%s; give the module of your HSM with module-path in the URI, or in "
                            "the environment variable " PKCS11_MODULE_VARIABLE,
                            why == nullptr ? "it cannot be loaded" : why);
    }
    /* C has no conversion from an object pointer to a function's. */
    CK_C_GetFunctionList get_functions = nullptr;
    void *symbol = dlsym(module.library, "C_GetFunctionList");
    static_assert(sizeof(symbol) == sizeof(get_functions));
    memcpy(&get_functions, &symbol, sizeof(symbol));
    ck_rv_t result = CKR_GENERAL_ERROR;
    if (get_functions != nullptr)
        result = get_functions(&module.functions);
    if (result != CKR_OK || module.functions == nullptr ||
        (module.functions->version.major != 2 && module.functions->version.major != 3)) {
        dlclose(module.library);
        return report_no_functions(path);
    }
    struct ck_c_initialize_args arguments = {.flags = CKF_OS_LOCKING_OK};
    result = module.functions->C_Initialize(&arguments);
    if (result != CKR_OK && result != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return report_error(path, NONOS_E_PKCS11_MODULE,
                            "C_Initialize gave %s; check the module's own configuration",
                            pkcs11_result_name(result));
    *out = module;
    return 0;
}

void pkcs11_module_close(struct pkcs11_module *module)
{
    if (module->functions != nullptr)
        module->functions->C_Finalize(nullptr);
    *module = (struct pkcs11_module){nullptr, nullptr};
}
