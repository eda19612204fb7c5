#include "image/error.h"

#define NONOS_ERROR(code, name, text) const char error_text_##name[sizeof(text)] = text;
#include "abi/errors.def"
#undef NONOS_ERROR

/* No default label: the compiler names a code that is missing here. */
const char *error_name(enum nonos_error error)
{
    switch (error) {
    case NONOS_OK:
        return "OK";
#define NONOS_ERROR(code, name, text)                                                              \
    case NONOS_E_##name:                                                                           \
        return #name;
#include "abi/errors.def"
#undef NONOS_ERROR
    }
    return "UNKNOWN";
}

const char *error_text(enum nonos_error error)
{
    switch (error) {
    case NONOS_OK:
        return "nothing is wrong";
#define NONOS_ERROR(code, name, text)                                                              \
    case NONOS_E_##name:                                                                           \
        return error_text_##name;
#include "abi/errors.def"
#undef NONOS_ERROR
    }
    return "an error without a name; this is a defect in NONOS, please report it";
}
