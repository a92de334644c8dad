/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ui.h - the client: reads rows, writes intents. Knows the store, the route and the configuration,
 * no engine and no backend.
 */
#ifndef SN_UI_UI_H
#define SN_UI_UI_H

#include "src/base/opened.h"
#include "src/base/unsubscribe.h"
#include "src/base/part_node.h"
#include "src/config/config.h"
#include "src/route/outlook.h"

/* What main.c does for the client. */
typedef struct {
	/* The first screen is painted: start the engine now (on a thread). Called once. May be NULL. */
	void (*ready)(gpointer data);
	/* The configuration was reloaded. May be NULL. */
	void (*reloaded)(SnConfig *config, gpointer data);
	/*
	 * Decoded bytes of a part of a raw email (sn_mail_part_bytes()), and its headers as text
	 * (sn_mail_headers_text(), caller frees). Called on a worker thread. May be NULL.
	 */
	GBytes *(*part_bytes)(GBytes *raw, int position, gpointer data, GError **error);
	char *(*headers_text)(GBytes *raw, gpointer data);
	/* The messages attached to it, to read in place (sn_mail_attached_text()); NULL: none. As above. */
	char *(*attached_text)(GBytes *raw, gpointer data);
	/* How its list can be left (sn_mail_unsubscribe()); NULL: it does not say. As above. */
	SnUnsubscribe *(*unsubscribe)(GBytes *raw, const char *authentication, gpointer data);
	/* All its parts, of SnPartNode, and a part as text to read (src/mime/tree.h); NULL: it cannot be
	 * had. As above. */
	GPtrArray *(*part_tree)(GBytes *raw, gpointer data);
	char *(*part_text)(GBytes *bytes, const char *type, const char *charset, gpointer data);
	/*
	 * What is signed and encrypted of a raw email, verified and opened (sn_mail_open()). may_ask:
	 * pinentry may use the terminal. On a worker thread, unless the terminal was given up. May be
	 * NULL.
	 */
	SnOpened *(*open_mail)(SnStore *store, GBytes *raw, gboolean may_ask, gboolean all_parts,
	                       gpointer data);
	/* The key to go along with email from an own address; nothing is written into a store. On a worker
	 * thread. May be NULL. */
	gboolean (*choose_key)(const SnKeyAsk *ask, SnKeyChosen *chosen, gpointer data, GError **error);
	/* What would happen to an email if it were sent now (outlook.h). On a worker thread. NULL: not
	 * known. May be NULL. */
	SnOutlook *(*outlook)(SnStore *store, const SnOutlookAsk *ask, gpointer data);
	/* gpg-agent asks for the passphrase of the key of an own address. The terminal was given up. May
	 * be NULL. */
	gboolean (*unlock_key)(const char *address, gpointer data, GError **error);
	gpointer data;
} SnUiHost;

typedef struct {
	SnPaths *paths;
	SnConfig *config;     /* a reference is taken */
	const char *open;     /* WHO, mailto: or xmpp: URI to open first; NULL */
	const char *script;   /* file of keys instead of the keyboard (tests); NULL */
	gboolean plain;       /* line-oriented mode for screen readers */
	const char *picture;  /* program that shows the picture in a file, with --wait; NULL: none */
	const SnStoreWatch *watch; /* told of a migration of the store, before the screen is taken; NULL */
	SnUiHost host;
} SnUiSetup;

/* Runs until the user quits; the terminal is restored whatever happens. Exit code. */
int sn_ui_run(const SnUiSetup *setup, GError **error);

/*
 * The tables that manual, completion and docs/binds.conf are made from. Each calls back once for
 * each row, in order; strings are static.
 */
typedef void (*SnUiVisit)(const char *group, const char *name, const char *arguments,
                          const char *meaning, gpointer data);
void sn_ui_each_command(SnUiVisit visit, gpointer data); /* group: "commands" */
void sn_ui_each_bind(SnUiVisit visit, gpointer data);    /* group: context; arguments: the command */
void sn_ui_each_object(SnUiVisit visit, gpointer data);  /* what a theme can style */

#endif
