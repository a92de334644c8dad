/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ui.h - the client: reads rows, writes intents. Knows the store, the route and the configuration,
 * no engine and no backend.
 */
#ifndef SN_UI_UI_H
#define SN_UI_UI_H

#include "src/config/config.h"

/* What main.c does for the client. */
typedef struct {
	/* The first screen is painted: start the engine now (on a thread). Called once. May be NULL. */
	void (*ready)(gpointer data);
	/* The configuration was reloaded. May be NULL. */
	void (*reloaded)(SnConfig *config, gpointer data);
	gpointer data;
} SnUiHost;

typedef struct {
	SnPaths *paths;
	SnConfig *config;     /* a reference is taken */
	const char *open;     /* WHO, mailto: or xmpp: URI to open first; NULL */
	const char *script;   /* file of keys instead of the keyboard (tests); NULL */
	gboolean plain;       /* line-oriented mode for screen readers */
	SnUiHost host;
} SnUiSetup;

/* Runs until the user quits; the terminal is restored whatever happens. Exit code. */
int sn_ui_run(const SnUiSetup *setup, GError **error);

#endif
