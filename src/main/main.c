/* SPDX-License-Identifier: Apache-2.0 */
#include "main/verbs.h"

int
main(int argc, char **argv)
{
	return verbs_run(argc, argv);
}
