/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mailcap.h - which program shows a file of which type: mailcap files (RFC 1524), and the section
 * [open] of sennit.conf, whose values are written in the same way.
 *
 * What a message says (names, parameters) never becomes part of a shell's text: the commands get it as
 * the shell's positional parameters, and without any character that could mean something to a second
 * shell. Pure but for sn_mailcap_load(); any thread.
 */
#ifndef SN_CONFIG_MAILCAP_H
#define SN_CONFIG_MAILCAP_H

#include <glib.h>

typedef struct {
	char *type;          /* lower case: "image/png", "image/" followed by '*' for all of them */
	char *command;       /* as written, with its backslashes */
	char *test;          /* the entry counts when this command succeeds; NULL always */
	char *nametemplate;  /* what the file's name must look like, "%s.html"; NULL */
	gboolean needs_terminal;
	gboolean copious;    /* it prints, and what it prints is to be shown page by page */
} SnMailcapEntry;

void sn_mailcap_entry_free(SnMailcapEntry *entry); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnMailcapEntry, sn_mailcap_entry_free)

/* One entry without its line breaks; NULL when it shows nothing (a comment, an entry only for printing,
 * one for the parts of a multipart). */
SnMailcapEntry *sn_mailcap_entry_parse(const char *line);
/* Of SnMailcapEntry, in order; never NULL. At most 5,000. */
GPtrArray *sn_mailcap_parse(const char *text);
/* The files of $MAILCAPS, or of the standard path (~/.mailcap, /etc/mailcap, ...), as one list. */
GPtrArray *sn_mailcap_load(void);

/* type: lower case, without parameters. */
gboolean sn_mailcap_fits(const SnMailcapEntry *entry, const char *type);

/* What a command is about. */
typedef struct {
	const char *path; /* absolute */
	const char *type;
	/* The parameters of its Content-Type: name, value, name, value, ..., NULL. NULL: none. */
	const char *const *parameters;
} SnMailcapFile;

/*
 * argv for the shell: { "/bin/sh", "-c", script, "sh", values..., NULL }; g_strfreev(). A command that
 * does not name the file (%s) reads it from its standard input.
 */
char **sn_mailcap_argv(const char *command, const SnMailcapFile *file);

/* A name for the file without a directory, made of what no shell minds, as the template wants it.
 * template: NULL keeps the name's own ending. Caller frees. */
char *sn_mailcap_name(const char *template, const char *name);

#endif
