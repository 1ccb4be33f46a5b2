/* SPDX-License-Identifier: Apache-2.0 */
/* poison.h - memory that nobody may touch until it is taken again.
 *
 * For what is given out in parts of one region: to touch what was given back is seen in builds with
 * AddressSanitizer, as it is seen for malloc and free. In all other builds these do nothing.
 */
#ifndef BASE_POISON_H
#define BASE_POISON_H

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(at, bytes) ASAN_POISON_MEMORY_REGION(at, bytes)
#define UNPOISON(at, bytes) ASAN_UNPOISON_MEMORY_REGION(at, bytes)
#define IS_POISONED(at) (__asan_address_is_poisoned(at) != 0)
#else
#define POISON(at, bytes) ((void)(at), (void)(bytes))
#define UNPOISON(at, bytes) ((void)(at), (void)(bytes))
#define IS_POISONED(at) ((void)(at), false)
#endif

#endif
