/* SPDX-License-Identifier: Apache-2.0 */
/* panic.h - what must hold because only we could have broken it.
 *
 * must() states an invariant of our own. It is never used on what a peer may do: a peer gets a
 * fault with a position. A broken invariant ends the process through panic_hook, which the host
 * may replace at link time (the default is weak and traps).
 */
#ifndef BASE_PANIC_H
#define BASE_PANIC_H

/* Ends the process, telling WHAT did not hold and where. Never returns. */
_Noreturn void panic_hook(const char *what, const char *file, int line);

#define must(condition) ((condition) ? (void)0 : panic_hook(#condition, __FILE__, __LINE__))

/* need() is for what only the system can give, such as memory, where no single call or connection
 * could be refused instead. That it gives none is nobody's mistake: the process ends with one line
 * that tells what, through need_hook, which the host replaces as it does panic_hook.
 * Never returns. */
_Noreturn void need_hook(const char *what);

#define need(condition, what) ((condition) ? (void)0 : need_hook(what))

#endif
