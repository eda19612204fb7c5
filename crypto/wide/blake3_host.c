#include "crypto/processor.h"
#include "crypto/wide/blake3_wide.h"

blake3_wide_function *blake3_wide_choose(void)
{
    if (processor_has(PROCESSOR_AVX512))
        return blake3_wide_avx512;
    if (processor_has(PROCESSOR_AVX2))
        return blake3_wide_avx2;
    return processor_has(PROCESSOR_SSE41) ? blake3_wide_sse41 : nullptr;
}
