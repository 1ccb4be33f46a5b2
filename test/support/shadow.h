/* SPDX-License-Identifier: Apache-2.0 */
/* shadow.h - what AddressSanitizer knows of the memory of a core. */
#ifndef SUPPORT_SHADOW_H
#define SUPPORT_SHADOW_H

#include <stddef.h>

/* From now on everybody may touch the BYTES at AT, as UNPOISON() does it, but pages of the shadow
 * are given back and not written: a core has some hundred megabytes, of which a test uses few. */
void shadow_clear(void *at, size_t bytes);

#endif
