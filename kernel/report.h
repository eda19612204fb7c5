/*
 * report.h - what the kernel says about itself: at start, and to the commands of the prompt.
 */
#ifndef NONOS_KERNEL_REPORT_H
#define NONOS_KERNEL_REPORT_H

/* The boot report. After a loader that says so its last line is exactly "NONOS: the loader reports
 * a verified boot, signer <first 16 hexadecimal digits of the id>". Needs everything else ready. */
void report_print(void);

/* The same with signer, digest, source and time since start in full. */
void report_print_info(void);

/* Frames, heap and page tables. */
void report_print_memory(void);

/* What the live page tables map, class by class; a panic when there is what must not be. */
void report_print_mappings(void);

/* The self-tests of the last run. */
void report_print_selftests(void);

/* The steps of this start, the loader's first: counts of the time stamp counter, share of all. */
void report_print_timeline(void);

/* What was measured into the TPM, from the event log (kernel/measured.h). */
void report_print_measured(void);

/* The text in the image's .nonos.manifest section. */
void report_print_manifest(void);

#endif
