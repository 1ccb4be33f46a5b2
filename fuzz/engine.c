/* SPDX-License-Identifier: Apache-2.0 */
/* The front of a target under libFuzzer. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_one(str_of(data, size));
	return 0;
}
