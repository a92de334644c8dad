/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz.h - what a fuzz target provides: its name (the folder of its seeds) and one function. */
#ifndef SN_TESTS_FUZZ_FUZZ_H
#define SN_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

extern const char *const fuzz_name;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
