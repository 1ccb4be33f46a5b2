/* SPDX-License-Identifier: Apache-2.0 */
/* scene.h - two phones on the stage, for the tests of one room of leg/, call/ or core/: the room is
 * tested through the door, as its peers see it. Include it behind cmocka.h. */
#ifndef SUPPORT_SCENE_H
#define SUPPORT_SCENE_H

#include "support/phone.h"

extern struct stage stage;
extern struct phone alice, bob;

/* DNs: 5000 plain over UDP, 5001 plain over TCP, 5002 plain over TLS, 6001 sips, 6009 sips at a
 * name, 7000 self-registered; trunk `east` at 198.51.100.7 for
 * numbers that begin with 9, softswitch `pbx` with a capacity of one call for 88. */
int scene_open(void **state);
int scene_close(void **state);

#define SCENE(name) cmocka_unit_test_setup_teardown(name, scene_open, scene_close)

/* Alice as a sips phone over TLS, or a plain one over UDP; Bob as the device of one of the DNs. */
void scene_alice(bool is_sips);
void scene_bob(const char *number);

/* Both, and their call is up. */
void scene_talk(bool is_sips, const char *number);

#endif
