/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake_desktop.h - a desktop that remembers notifications for a test, and can be clicked. */
#ifndef SN_BACKENDS_FAKE_FAKE_DESKTOP_H
#define SN_BACKENDS_FAKE_FAKE_DESKTOP_H

#include "backends/desktop/desktop.h"

/* One at a time in a process. */
extern const SnDesktopOps sn_fake_desktop_ops;

/* The oldest notification not taken yet; waits up to timeout_ms; NULL. */
SnNotification *sn_fake_desktop_take(int timeout_ms);
void sn_fake_notification_free(SnNotification *notification);
/* As if the user had activated the notification with this tag. */
void sn_fake_desktop_click(gint64 tag);

#endif
