/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maildir_private.h - mail in a directory tree, used in place beside mbsync, notmuch and the like.
 *
 * maildir.c         the thread and its requests
 * maildir_sync.c    a folder's files against what the caller knows
 * maildir_folder.c  one folder: scanning, flags in file names, delivery
 * maildir_some.c    single files of a folder that is not kept in memory
 * maildir_large.c   messages that are not held in memory, and files out of them
 * maildir_compare.c which names of a folder are not as the caller knows them
 * maildir_match.c   files that another program gave another name
 * maildir_layout.c  which directories are folders, and their names
 * maildir_watch.c   inotify
 */
#ifndef SN_BACKENDS_MAIL_MAILDIR_PRIVATE_H
#define SN_BACKENDS_MAIL_MAILDIR_PRIVATE_H

#include <dirent.h>

#include "backends/mail/report.h"

/* One message's file. */
typedef struct {
	char *base;       /* file name without flags: what stays the same */
	char *file;       /* below the folder: "cur/name:2,S", "new/name" */
	guint flags;
	guint32 uid;      /* 0: none yet; no two entries have the same */
	gboolean told;    /* the caller knows these flags and this name */
	gboolean given;   /* only an answer told its number: no SYNC came with it as known yet */
	guint64 inode;
	gint64 size, mtime; /* bytes, µs; size -1: nobody looked yet */
} SnMaildirEntry;

typedef struct {
	char *name;          /* UTF-8, '/' separated */
	char *path;
	GHashTable *entries; /* base -> SnMaildirEntry, as of the last scan; or some of them */
	GHashTable *by_uid;  /* uid -> one of entries */
	guint32 uidnext;
	gboolean numbered;   /* a SYNC said which number belongs to which name */
	gboolean whole;      /* entries are all files, with their numbers */
	GHashTable *seen;    /* base -> file, "" none: what changed since the last SYNC; NULL: anything */
	GHashTable *renamed; /* base -> the base that file had before */
	guint64 listed;      /* the stamp that the last LIST told; 0 */
	gboolean missed;     /* a file could not be read when all of them were looked at, or since */
	gboolean unsure;     /* what was looked for could not be looked for: it is not gone for that */
} SnMaildirFolder;

/* ---- layout ---- */
typedef void (*SnMaildirOnFolder)(const char *name, const char *path, gpointer data);
/* Calls back for every folder below root; at most 20,000, 10 levels deep. on_dir (NULL): with name
 * NULL for each directory that may hold folders, before it is read. FALSE with errno: there may be more. */
gboolean sn_maildir_list(const char *root, SnMaildirOnFolder on_folder, SnMaildirOnFolder on_dir,
                         gpointer data);
/* The directory of an existing folder; NULL with NOT_FOUND or INVALID. */
char *sn_maildir_path(const char *root, const char *name, GError **error);
/* Makes it in the layout that root has; TRUE also when it is there. EXISTS is not an error. */
char *sn_maildir_create(const char *root, const char *name, GError **error);
gboolean sn_maildir_is_folder(const char *path);

/* ---- folder ---- */
#define SN_MAILDIR_UIDVALIDITY 1 /* names are numbered, and never anew */
enum { SN_MAILDIR_KEEP = 2000 }; /* entries of a folder that stay in memory between requests */

SnMaildirFolder *sn_maildir_folder_new(const char *name, const char *path);
void sn_maildir_folder_free(SnMaildirFolder *folder);
/* Reads the directory anew; numbers stay with their names. */
gboolean sn_maildir_scan(SnMaildirFolder *folder, GError **error);
SnMaildirEntry *sn_maildir_by_uid(SnMaildirFolder *folder, guint32 uid); /* NULL */
guint32 sn_maildir_number(SnMaildirFolder *folder, SnMaildirEntry *entry);
/* The caller's numbers are the truth: these names have these numbers. */
void sn_maildir_take_numbers(SnMaildirFolder *folder, const GPtrArray *names, const GArray *uids);
/* Looks at size and time of the entry's file; FALSE: it is not there (any more). */
gboolean sn_maildir_stat(SnMaildirFolder *folder, SnMaildirEntry *entry);

/* readdir(3), which ends in the same way when the disk fails: then *failed is set, and errno. */
struct dirent *sn_maildir_next(DIR *dir, gboolean *failed);
/* No pipe, nor a name that hides. */
gboolean sn_maildir_may_be_message(const struct dirent *item);
guint sn_maildir_flags_of(const char *file);
/* "name:2,FS": keeps letters of `file` that mean nothing to us (keywords). */
char *sn_maildir_file_with(const char *base, const char *file, guint flags);

/* ---- some ---- */
/*
 * A number for the state of the folder's directories: another one after any change. 0: they cannot be
 * looked at, or changed so lately that the next change might have the same time; then *wait (NULL) is
 * how many ms to wait, or 0 when that is not worth it.
 */
guint64 sn_maildir_stamp(const char *path, int *wait);
/* The same however lately they changed. */
guint64 sn_maildir_young_stamp(const char *path);
/* The entry of that base, wherever its file is now; NULL: there is none. flags, others: which it has,
 * probably. */
SnMaildirEntry *sn_maildir_locate(SnMaildirFolder *folder, const char *base, guint flags, guint others);
/* The caller says that it has this number. */
void sn_maildir_set_number(SnMaildirFolder *folder, SnMaildirEntry *entry, guint32 uid);
/* A large folder is not kept in memory. TRUE: something was freed. */
gboolean sn_maildir_rest(SnMaildirFolder *folder);
/* What inotify told: to be looked at by the next SYNC. change NULL: anything may have changed. */
typedef struct sn_maildir_change SnMaildirChange;
void sn_maildir_take_change(SnMaildirFolder *folder, const SnMaildirChange *change);

/* ---- compare ---- */
typedef struct {
	GHashTable *files; /* base -> "cur/name:2,S", "": it went, NULL: unknown. What is not as it was known */
	/* of the known ones among them, by number */
	GArray *uids, *flags;
	GPtrArray *names; /* not owned: the request's */
} SnMaildirDiffers;
/*
 * Lists the folder's directories and compares the names and flags with those that the request knows (known,
 * known_names and known_flags, of the same length). NULL: so many differ, or something is so odd, that all of
 * it had better be looked at. Keeps nothing for a name that is as known.
 */
SnMaildirDiffers *sn_maildir_compare(const char *path, const SnMailRequest *request);
void sn_maildir_differs_free(SnMaildirDiffers *differs); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnMaildirDiffers, sn_maildir_differs_free)

/* ---- large ---- */
/*
 * The message in this file without its large parts, of at most 4 MB: all headers, the beginning of texts,
 * and what is small. *sizes: as SnMailEvent.part_sizes. NULL: it cannot be read, or has no body.
 */
GBytes *sn_maildir_take_apart(const char *path, GArray **sizes);
typedef struct {
	int part;         /* SnMailPart.position */
	const char *path; /* a new file; without success there is none */
	/* now and then; FALSE: stop, with SN_ERROR_CANCELLED */
	gboolean (*progress)(gint64 done, gint64 total, gpointer data);
	gpointer data;
} SnMaildirSaving;
/* One part of the message, decoded as it is read; its size, or -1. Takes no memory for it. */
gint64 sn_maildir_save_part(const char *message, const SnMaildirSaving *saving, GError **error);

/* ---- match ---- */
/*
 * Some of the fresh entries (no file of that name was known) are lost ones (no file of that name is
 * left) under another name: mbsync puts its number into names (",U=17") and changes it. They get
 * the lost one's number. Same name but for that number, or same inode, size and time. Both arrays
 * of SnMaildirEntry, owned by the caller.
 */
void sn_maildir_match(SnMaildirFolder *folder, const GPtrArray *fresh, const GPtrArray *lost);
/* The name without mbsync's number. */
char *sn_maildir_stem(const char *base);

/* Changes flags by renaming into cur/. */
gboolean sn_maildir_set_flags(SnMaildirFolder *folder, SnMaildirEntry *entry, guint flags,
                              GError **error);
gboolean sn_maildir_remove(SnMaildirFolder *folder, SnMaildirEntry *entry, GError **error);
/* Through tmp/, synced to disk; the new base name, or NULL. */
char *sn_maildir_deliver(const char *path, const void *bytes, gsize length, guint flags,
                         SnTime time, GError **error);
/* Moves a file to another folder under a base name that is good there; that name, or NULL. */
char *sn_maildir_move(SnMaildirFolder *folder, SnMaildirEntry *entry, const char *target_path,
                      GError **error);
/* The whole file; follows renames by others. NULL with NOT_FOUND, LIMIT or STORAGE. */
GBytes *sn_maildir_read(SnMaildirFolder *folder, SnMaildirEntry *entry, SnTime *time,
                        GError **error);
/* The same of a file of up to `whole` bytes (0: any); of a larger one, however large, its first
 * `beginning` bytes. *size: of the file. */
GBytes *sn_maildir_read_some(SnMaildirFolder *folder, SnMaildirEntry *entry, gint64 whole,
			     gsize beginning, SnTime *time, gint64 *size, GError **error);

/* Has it this Message-ID ("<id>")? Looks at the header only. */
gboolean sn_maildir_has_id(SnMaildirFolder *folder, const SnMaildirEntry *entry,
                           const char *wanted);

/* ---- sync ---- */
/* request->only: those files alone. give_way(data) is called now and then, so that a long sync does not hold up other requests; it
 * may scan the folder anew. */
typedef struct sn_maildir_watch SnMaildirWatch;
gboolean sn_maildir_sync(SnReport *report, SnMaildirFolder *folder, SnMaildirWatch *watch,
			 SnMailRequest *request, void (*give_way)(gpointer data), gpointer data,
			 GError **error);

/* ---- watch ---- */
/* What happened to a folder's files. */
struct sn_maildir_change {
	gboolean all;        /* anything may have */
	GHashTable *files;   /* base -> where it was seen last, "cur/name:2,S"; "": it went */
	GHashTable *renamed; /* base -> the base that file had before */
};
SnMaildirWatch *sn_maildir_watch_new(void);
void sn_maildir_watch_free(SnMaildirWatch *watch); /* NULL is fine */
/* A folder's messages; again after its directory was made anew. */
gboolean sn_maildir_watch_add(SnMaildirWatch *watch, const char *name, const char *path,
                              GError **error);
/* Whether both its directories are watched. */
gboolean sn_maildir_watch_has(const SnMaildirWatch *watch, const char *name);
/* A directory in which folders may appear and vanish. What cannot be watched is passed over. */
void sn_maildir_watch_dir(SnMaildirWatch *watch, const char *path);
int sn_maildir_watch_fd(SnMaildirWatch *watch);
/* Calls back once for each folder that changed since the last call, and with NULL first when
 * folders came or went. Never blocks. */
typedef void (*SnMaildirOnChange)(const char *name, const SnMaildirChange *change, gpointer data);
void sn_maildir_watch_read(SnMaildirWatch *watch, SnMaildirOnChange on_change, gpointer data);
/* Whether something happened to that folder that nobody was called for; *change (NULL): what. Never
 * blocks. */
gboolean sn_maildir_watch_peek(SnMaildirWatch *watch, const char *name, const SnMaildirChange **change);
/* peek gathered what sn_maildir_watch_read() will call back for, though the descriptor is not readable
 * any more. */
gboolean sn_maildir_watch_pending(const SnMaildirWatch *watch);

#endif
