/* SPDX-License-Identifier: Apache-2.0 */
/* folder.h - a folder of a test's own, with one socket or file in it. */
#ifndef TEST_SUPPORT_FOLDER_H
#define TEST_SUPPORT_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/sipward-test-XXXXXX";
static char path[64]; /* in it */

/* As the setup and the teardown of a group. What was made in it must be gone by then. */
static inline int
open_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/s", folder);
	return 0;
}

static inline int
close_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

#endif
