/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_private.h - between cmd_doctor.c (this machine) and doctor_accounts.c (each end). */
#ifndef SN_CLI_DOCTOR_PRIVATE_H
#define SN_CLI_DOCTOR_PRIVATE_H

#include "src/cli/cli_private.h"

typedef enum { SN_DOCTOR_OK, SN_DOCTOR_NOTE, SN_DOCTOR_PROBLEM } SnVerdict;

typedef struct {
	SnCliContext *context;
	gboolean json, colour, offline;
	SnJsonList list;
	int problems, code;  /* code of the first problem */
	char *advice;        /* for the next sn_doctor_say(), which takes it */
	gboolean needs_service; /* some password lies in the secret service */
} SnDoctor;

/* One line of the report; code counts for the first PROBLEM. */
void sn_doctor_say(SnDoctor *doctor, SnVerdict verdict, int code, const char *what,
                   const char *format, ...) G_GNUC_PRINTF(5, 6);
/* What to do about what is said next. */
void sn_doctor_advise(SnDoctor *doctor, const char *format, ...) G_GNUC_PRINTF(2, 3);

void sn_doctor_accounts(SnDoctor *doctor);
/* Whether IMs can be encrypted (doctor_encryption.c). */
void sn_doctor_encryption(SnDoctor *doctor);
/* After the accounts. */
void sn_doctor_secret_service(SnDoctor *doctor);

#endif
