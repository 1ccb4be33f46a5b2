/* SPDX-License-Identifier: Apache-2.0 */
/* descriptors.h - whether one was left open. */
#ifndef TEST_SUPPORT_DESCRIPTORS_H
#define TEST_SUPPORT_DESCRIPTORS_H

#include <dirent.h>

/* How many this process has open, and a few more; to be compared with what it was. -1: unknown. */
static inline int
descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	if (folder == NULL)
		return -1;
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

#endif
