/* SPDX-License-Identifier: Apache-2.0 */
/* tls_checks.h - the fixed set of the TLS simulator, as TAP. */
#ifndef SIM_TLS_CHECKS_H
#define SIM_TLS_CHECKS_H

/* Ends: the exit code. */
int checks_run(void);

#endif
