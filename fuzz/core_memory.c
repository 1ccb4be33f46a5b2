/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of the one core. It stands in a file of which each input has a private view, so that
 * the opened core stays as it is. Giving up a page that was written and taking it again costs the
 * kernel more than most inputs do, so it is written anew instead. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core_inside.h"
#include "fuzz.h"

#if defined(__clang__)
/* No edge of these is one of the core. */
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)
#endif

/* Of the hundred thousand pages that are reserved, inputs write to some hundred. */
enum {
	PAGE_BYTES = 4096,
	WORDS_OF_PAGE = PAGE_BYTES / 64,
	PAGES_MAX = 16 * 1024,
	READ_PAGES = 4096,
	CHECK_INPUTS = 256 /* to look at all pages each time would cost as much as an input */
};

struct words {
	uint64_t w __attribute__((vector_size(64)));
};

static struct {
	char *at;
	const char *opened; /* as it was before the first input; never written */
	size_t bytes, head_bytes;
	int file, pagemap;
	long faults;
	unsigned restored_count; /* inputs */
	unsigned written_count;
	uint32_t written[PAGES_MAX]; /* numbers of pages */
} memory;

/* Maps the file at WHERE, or where there is room. */
static void *
map(void *where, int how)
{
	void *at = mmap(
		where, memory.bytes, PROT_READ | PROT_WRITE, how | MAP_NORESERVE, memory.file, 0);

	fuzz_check(at != MAP_FAILED, STR_NONE);
	return at;
}

void *
memory_take(size_t bytes)
{
	memory.bytes = (bytes + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
	memory.file = memfd_create("core", 0);
	fuzz_check(memory.file >= 0 && ftruncate(memory.file, (off_t)memory.bytes) == 0, STR_NONE);
	memory.at = map(NULL, MAP_SHARED);
	return memory.at;
}

void
memory_keep(size_t head_bytes)
{
	memory.head_bytes = head_bytes;
	memory.opened = map(NULL, MAP_SHARED);
	(void)map(memory.at, MAP_PRIVATE | MAP_FIXED);
	close(memory.file);
	memory.pagemap = open("/proc/self/pagemap", O_RDONLY);
}

/* Pages that are there, in memory or swapped out, and no longer the file's (Linux,
 * admin-guide/mm/pagemap). */
static void
find_written(void)
{
	static uint64_t entries[READ_PAGES];
	size_t pages = memory.bytes / PAGE_BYTES;
	off_t first = (off_t)((uintptr_t)memory.at / PAGE_BYTES);

	memory.written_count = 0;
	for (size_t at = 0; at < pages; at += READ_PAGES) {
		size_t count = pages - at < READ_PAGES ? pages - at : READ_PAGES;
		ssize_t want = (ssize_t)(count * sizeof entries[0]);

		fuzz_check(pread(memory.pagemap, entries, (size_t)want,
				   (first + (off_t)at) * (off_t)sizeof entries[0]) == want,
			STR_NONE);
		for (size_t i = 0; i < count; i++) {
			bool is_there = entries[i] >> 62 != 0;
			bool is_of_file = (entries[i] >> 61 & 1) == 1;

			if (is_there && !is_of_file) {
				fuzz_check(memory.written_count < PAGES_MAX, STR_NONE);
				memory.written[memory.written_count++] = (uint32_t)(at + i);
			}
		}
	}
}

/* By words, which AddressSanitizer lets pass here: cells that nobody has are poisoned, and memcpy
 * would look. */
__attribute__((no_sanitize("address"))) static void
write_anew(uint32_t page)
{
	volatile struct words *to = (struct words *)memory.at + (size_t)page * WORDS_OF_PAGE;
	const struct words *from =
		(const struct words *)memory.opened + (size_t)page * WORDS_OF_PAGE;

	for (unsigned i = 0; i < WORDS_OF_PAGE; i++)
		to[i].w = from[i].w;
}

static void
restore(void)
{
	struct rusage use = { 0 };
	long faults;

	if (memory.pagemap < 0) {
		madvise(memory.at, memory.bytes, MADV_DONTNEED);
		return;
	}
	/* No page was written for the first time without a fault. */
	getrusage(RUSAGE_SELF, &use);
	faults = use.ru_minflt + use.ru_majflt;
	if (faults != memory.faults)
		find_written();
	memory.faults = faults;
	for (unsigned i = 0; i < memory.written_count; i++)
		write_anew(memory.written[i]);
}

/* Whether SIZE octets from AT on are what they were, whoever has poisoned them. */
__attribute__((no_sanitize("address"))) static bool
is_as_kept(size_t at, size_t size)
{
	const volatile uint64_t *now = (const volatile uint64_t *)(memory.at + at);
	const uint64_t *then = (const uint64_t *)(memory.opened + at);
	bool is_same = true;

	for (size_t i = 0; i < size / sizeof *then && is_same; i++)
		is_same = now[i] == then[i];
	return is_same;
}

/* A core that an input before this one has drained refuses everything, and no witness objects. */
static void
check(void)
{
	fuzz_check(is_as_kept(0, memory.head_bytes), STR("the core is not as it was opened"));
	if (++memory.restored_count % CHECK_INPUTS != 0 || memory.pagemap < 0)
		return;
	find_written();
	for (unsigned i = 0; i < memory.written_count; i++)
		fuzz_check(is_as_kept((size_t)memory.written[i] * PAGE_BYTES, PAGE_BYTES),
			STR("a page of the core is not as it was"));
	madvise(memory.at, memory.bytes, MADV_DONTNEED);
	memory.written_count = 0;
}

void
memory_restore(void)
{
	restore();
	check();
}

#if defined(__clang__)
#pragma clang attribute pop
#endif
