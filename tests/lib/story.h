/* SPDX-License-Identifier: GPL-3.0-or-later */
/* story.h - a plausible week of alice's, for screens: people, threads, IMs, a list, an outbox. */
#ifndef SN_TESTS_STORY_H
#define SN_TESTS_STORY_H

#include "src/base/unsubscribe.h"
#include "src/route/outlook.h"
#include "src/base/part_node.h"
#include "src/store/outbox.h"
#include "src/store/sync.h"

/* When the story ends: Sunday 22 November 2026, 10:30 UTC. */
#define STORY_NOW G_GINT64_CONSTANT(1795343400000)
#define STORY_NOW_TEXT "2026-11-22T10:30:00Z"

/* accounts.conf of the story: two ends that no server answers. */
extern const char story_accounts[];
/* Adds a mailbox that is nearly full, a folder that can only be read, a large file (story_mailbox.c). */
void story_fill_mailbox(SnStore *store);

/* Fills an empty store (role ENGINE) whose account "home" is declared. */
void story_fill(SnStore *store);
/* The same, and a week before: answers over both channels, and history that came along, some of it
 * not as alice knows it. */
void story_fill_told(SnStore *store);
/* Adds messages that came back, were read, deleted or are late (story_reports.c). */
void story_fill_reports(SnStore *store);
/* Two vCards that claim one address, and one that contradicts the user. */
void story_fill_cards(SnStore *store);
/* Adds several clients of Bob's, what he wishes, rules for him, and a question of his. */
void story_fill_contacts(SnStore *store); /* ... who is idle, blocked, and wants to be a contact */
void story_fill_away(SnStore *store);
/* Adds mail folders with threads, spam, folders in folders (story_folders.c). */
void story_fill_folders(SnStore *store);
/* Adds emails to several addresses of the user's, for the accounts above (story_letters.c). */
extern const char story_letters_accounts[];
void story_fill_letters(SnStore *store);
/* Adds corrections, reactions and what was taken back (story_amended.c). */
void story_fill_amended(SnStore *store);
/* Adds a talk with styles and files (story_amended.c). */
void story_fill_files(SnStore *store);
/* Adds signed and encrypted emails of every state, and says what they turn out to be: the host's
 * open_mail (story_secure.c). */
void story_fill_secure(SnStore *store);
SnOpened *story_open_mail(SnStore *store, GBytes *raw, gboolean may_ask, gboolean all_parts,
                          gpointer data);
/* What would happen to an email: sig's key came by email, enc's is vouched for, others have none. */
SnOutlook *story_outlook(SnStore *store, const SnOutlookAsk *ask, gpointer data);
/* Adds rooms: one that alice is in, with people who speak and come and go, and one that refused her
 * (story_rooms.c). */
void story_fill_rooms(SnStore *store);
/* Adds encrypted IMs of every kind with Ewa, and devices (story_devices.c). */
void story_fill_devices(SnStore *store);
/* Adds a newsletter and a notice of a machine. */
void story_fill_bulk(SnStore *store);
/* The host's unsubscribe for it; data: NULL or a SnCover. */
SnUnsubscribe *story_unsubscribe(GBytes *raw, const char *authentication, gpointer data);
/* Adds `count` people with a few messages each, for scrolling. */
/* Adds a newsletter, an invitation, and a message in a message, with the host's attached_text for it
 * (story_reading.c). */
void story_fill_reading(SnStore *store);
GPtrArray *story_part_tree(GBytes *raw, gpointer data);
char *story_attached_text(GBytes *raw, gpointer data);
void story_fill_many(SnStore *store, int count);

#endif
