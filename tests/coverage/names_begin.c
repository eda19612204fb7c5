/*
 * The first byte of the loader's table of names. In a linked PE file llvm-cov expects one byte
 * there that LLVM's own runtime library would have put in front of the names, and skips it.
 */
extern const char coverage_names_begin;
[[gnu::section(".lprfn$A"), gnu::used]] const char coverage_names_begin = 0;
