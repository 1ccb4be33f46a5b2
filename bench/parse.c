/* SPDX-License-Identifier: Apache-2.0 */
/* What it costs to read an INVITE whole: nanoseconds, and instructions where the machine counts
 * them. The message has the headers of a desk phone's INVITE over TLS and 299 octets of session. */
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sip/msg.h"

static const char head[] =
	"INVITE sips:5000@172.21.83.50:5314;transport=TCP SIP/2.0\r\n"
	"From: \"7789\"<sips:7789@172.21.83.24>;tag=74cc50-185315ac-13c4-55013-38-2147ec74-38\r\n"
	"To: <sips:5000@172.21.83.50:5314>\r\n"
	"Call-ID: 75b148-185315ac-13c4-55013-38-4004bd76-38\r\n"
	"CSeq: 1 INVITE\r\n"
	"Via: SIP/2.0/TLS 172.21.83.24:5061;branch=z9hG4bK-38-dd24-c4644b6\r\n"
	"Max-Forwards: 70\r\n"
	"Supported: replaces,100rel,eventlist,timer\r\n"
	"Allow: REGISTER, INVITE, ACK, BYE, REFER, NOTIFY, CANCEL, INFO, OPTIONS, PRACK, "
	"SUBSCRIBE, "
	"UPDATE, PUBLISH\r\n"
	"User-Agent: AUDC-IPPhone/2.2.12.172 (420HD-Rev1; 00908F567540)\r\n"
	"Contact: <sips:7789@172.21.83.24:5061;transport=TCP>\r\n"
	"Session-Expires: 1800\r\n"
	"Min-SE: 90\r\n"
	"Content-Type: application/sdp\r\n"
	"Content-Length: 299\r\n"
	"\r\n";

enum { BODY_BYTES = 299, ROUNDS = 200000, TRIES = 7 };

/* So few that valgrind can count them: `parse_bench ROUNDS` reads the message so often, once. */

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* A counter of instructions in user space, or -1 where there is none. */
static int
open_counter(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_HARDWARE,
		.size = sizeof attr,
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.exclude_kernel = 1,
		.exclude_hv = 1 };

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static uint64_t
read_counter(int fd)
{
	uint64_t count = 0;

	if (fd < 0 || read(fd, &count, sizeof count) != (ssize_t)sizeof count)
		return 0;
	return count;
}

int
main(int argc, char **argv)
{
	uint64_t rounds = ROUNDS;
	int tries = argc > 1 && str_number(str_cstr(argv[1]), ROUNDS, &rounds) ? 1 : TRIES;
	size_t size = sizeof head - 1 + BODY_BYTES;
	char *text = malloc(size);
	struct msg *msg = malloc(sizeof *msg);
	int counter = open_counter();
	int64_t best_ns = INT64_MAX;
	uint64_t least = UINT64_MAX;
	struct fault fault;

	if (text == NULL || msg == NULL)
		return 1;
	memcpy(text, head, sizeof head - 1);
	memset(text + sizeof head - 1, 'x', BODY_BYTES);
	for (int try = 0; try < tries; try++) {
		uint64_t count = read_counter(counter);
		int64_t start_ns = now_ns();

		for (uint64_t round = 0; round < rounds; round++) {
			if (!msg_parse(msg, str_of(text, size), true, &fault))
				return 1;
		}
		start_ns = now_ns() - start_ns;
		count = read_counter(counter) - count;
		best_ns = start_ns < best_ns ? start_ns : best_ns;
		least = count < least ? count : least;
	}
	printf("parse: %zu octets, %lld ns, ", size, (long long)(best_ns / (int64_t)rounds));
	if (least > 0 && counter >= 0)
		printf("%llu instructions\n", (unsigned long long)(least / rounds));
	else
		printf("instructions not counted by this machine\n");
	free(text);
	free(msg);
	return 0;
}
