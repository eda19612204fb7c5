#include "crypto/processor.h"
#include "crypto/wide/blake3_wide.h"

blake3_wide_function *blake3_wide_choose(void)
{
    return processor_has(PROCESSOR_SSE41) ? blake3_wide_sse41 : nullptr;
}
