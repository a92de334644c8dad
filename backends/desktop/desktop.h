/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * desktop.h - desktop notifications (freedesktop Notifications, libnotify) on a thread of their own.
 * Nothing here can block or crash the caller: without a bus or a daemon a notification is dropped,
 * and at most eight wait while a daemon hangs.
 */
#ifndef SN_BACKENDS_DESKTOP_DESKTOP_H
#define SN_BACKENDS_DESKTOP_DESKTOP_H

#include <glib.h>

#include "src/base/queue.h"

typedef enum { SN_NOTIFY_MESSAGE, SN_NOTIFY_DELIVERED, SN_NOTIFY_FAILED, SN_NOTIFY_QUESTION } SnNotifyKind;

typedef struct {
	SnNotifyKind kind;
	gint64 tag;        /* given back when clicked: the conversation's id; a newer one replaces it */
	char *title, *body; /* plain text; markup is escaped here */
} SnNotification;

typedef struct sn_desktop SnDesktop;
typedef struct {
	/* clicked: of gint64 * (g_new), the tag of a notification the user activated; NULL. */
	SnDesktop *(*create)(const char *app_name, SnQueue *clicked);
	void (*notify)(SnDesktop *desktop, SnNotifyKind kind, gint64 tag, const char *title,
	               const char *body); /* copies; any thread; never blocks */
	void (*destroy)(SnDesktop **desktop); /* within two seconds */
} SnDesktopOps;

extern const SnDesktopOps sn_desktop_ops;

#endif
