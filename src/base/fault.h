/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault.h - the steps of delivery at which a test kills the program (tests/faults/).
 *
 * Only in builds with --enable-developer (SN_FAULTS), and only when the environment says so:
 *
 *   SENNIT_FAULT=WORD[/TAG][:N]  the process ends itself with SIGKILL when it passes the point for
 *                                the N-th time (1), with that tag if one is given
 *   SENNIT_FAULT_STOP=1          it stops there (SIGSTOP) instead, so that the test can do something
 *                                to the line and let it go on (SIGCONT)
 *   SENNIT_FAULT_LOG=FILE        appends a line "WORD" or "WORD/TAG" for each point passed
 *
 * In all other builds the macros are nothing. Any thread.
 */
#ifndef SN_BASE_FAULT_H
#define SN_BASE_FAULT_H

/*
 * X(NAME, word, where the process ends). The points of one row of the journal carry the word of
 * the event as a tag (ready, step, hand-over, accepted, mail, ask-them ...).
 */
#define SN_FAULT_TABLE(X)                                                                       \
	/* sennit send */                                                                       \
	X(QUEUE_WRITTEN, "queue-written", "the new entry is written, not committed")            \
	X(QUEUE_COMMITTED, "queue-committed", "the new entry is committed, not yet durable")    \
	X(QUEUE_DURABLE, "queue-durable", "the new entry is durable, the user not told")        \
	/* a change of an entry */                                                              \
	X(CHANGE_BEGIN, "change-begin", "before the row is written")                            \
	X(CHANGE_WRITTEN, "change-written", "the row is written, not committed")                \
	X(CHANGE_COMMITTED, "change-committed", "the row is committed, not yet durable")        \
	X(CHANGE_DURABLE, "change-durable", "the row is durable, its effect not begun")         \
	/* handing a request to a backend */                                                    \
	X(SUBMITTED, "submitted", "the request was handed to the backend")                      \
	/* SMTP */                                                                              \
	X(SMTP_CONNECTED, "smtp-connected", "connected and logged in")                          \
	X(SMTP_MAIL, "smtp-mail", "after MAIL")                                                 \
	X(SMTP_RCPT, "smtp-rcpt", "after RCPT")                                                 \
	X(SMTP_DATA, "smtp-data", "after the DATA command")                                     \
	X(SMTP_HALF, "smtp-half", "half of the text is out")                                    \
	X(SMTP_TEXT, "smtp-text", "all of the text is out, the final dot is not")               \
	X(SMTP_RELEASED, "smtp-released", "the final dot may go, and has not gone")             \
	X(SMTP_DOT, "smtp-dot", "after the final dot, before the answer")                       \
	X(SMTP_ANSWERED, "smtp-answered", "after the answer, before the engine knows it")       \
	/* a sendmail command */                                                                \
	X(COMMAND_READY, "command-ready", "the message lies ready, the command may not start")  \
	X(COMMAND_RELEASED, "command-released", "the command may start, and has not started")   \
	X(COMMAND_STARTED, "command-started", "the command runs")                               \
	X(COMMAND_ENDED, "command-ended", "the command has ended, before the engine knows it")  \
	/* the copy in Sent */                                                                  \
	X(COPY_SEARCHED, "copy-searched", "no copy was found, before the APPEND")               \
	X(COPY_APPENDED, "copy-appended", "the copy is in Sent, before that is written")        \
	/* XMPP */                                                                              \
	X(IM_QUEUED, "im-queued", "the stanza is with the library, not written")                \
	X(IM_WRITTEN, "im-written", "the stanza is written, before the XEP-0198 ack")           \
	X(IM_ACKED, "im-acked", "after the ack, before the engine knows it")                    \
	X(UPLOAD_SLOT, "upload-slot", "the upload has its slot, before the PUT")                \
	X(UPLOAD_HALF, "upload-half", "in the middle of the PUT")                               \
	X(UPLOAD_PUT, "upload-put", "after the PUT, before the engine knows it")                \
	X(UPLOAD_NOTED, "upload-noted", "the address of the file is kept, the step is not")     \
	/* an IM becomes an email */                                                            \
	X(CONVERT_QUEUED, "convert-queued", "in the transaction: the email is queued")          \
	X(CONVERT_MARKED, "convert-marked", "in the transaction: the IMs are marked")           \
	/* the question to the contact */                                                       \
	X(ANSWER_FILED, "answer-filed", "the contact's answer is filed, and not obeyed yet")    \
	/* starting again */                                                                    \
	X(CHECK_SUBMITTED, "check-submitted", "the server is asked whether it has the message") \
	X(CHECK_ANSWERED, "check-answered", "the server said so, before that is written")

typedef enum {
#define X(name, word, where) SN_FAULT_##name,
	SN_FAULT_TABLE(X)
#undef X
	SN_FAULT_COUNT
} SnFault;

#ifdef SN_FAULTS
/* tag may be NULL. */
void sn_fault_pass(SnFault point, const char *tag);
#define sn_fault(name) sn_fault_pass(SN_FAULT_##name, NULL)
#define sn_fault_of(name, tag) sn_fault_pass(SN_FAULT_##name, tag)
#else
#define sn_fault(name) ((void)0)
#define sn_fault_of(name, tag) ((void)0)
#endif

#endif
