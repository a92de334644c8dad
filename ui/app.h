/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app.h - the client's state, and what its parts ask of each other. Private to ui/.
 *
 * loop.c     waits for the terminal, the bell, the worker and the clock, and redraws once
 * screen.c   which pane, view and prompt stand where
 * list.c, timeline.c, composer.c   the three panes of the main screen
 * view_*.c   overlays: one file fills one table (view.h)
 * cmd_*.c    commands, by group (command.h)
 * send.c     from the composer to the outbox, with the questions in between
 */
#ifndef SN_UI_APP_H
#define SN_UI_APP_H

#include "src/base/bell.h"
#include "src/config/config.h"
#include "src/store/outbox.h"
#include "ui/binds.h"
#include "ui/page.h"
#include "ui/term.h"
#include "ui/ui.h"
#include "ui/worker.h"

typedef struct sn_list SnList;
typedef struct sn_timeline SnTimeline;
typedef struct sn_composer SnComposer;
typedef struct sn_prompt SnPrompt;
typedef struct sn_view SnView;
typedef struct sn_triage_run SnTriageRun;
typedef struct sn_secure_cache SnSecureCache;

typedef enum { SN_PANE_LIST, SN_PANE_TIMELINE, SN_PANE_COMPOSE } SnPane;

/* Things that happen at a time; each wakes the loop once. */
typedef enum {
	SN_TIMER_DRAFT,   /* save what is being typed */
	SN_TIMER_UNDO,    /* countdown of what can be taken back */
	SN_TIMER_IDLE,    /* nobody touched the terminal (activity.h) */
	SN_TIMER_TRIAGE,  /* go on with what is done to many emails */
	SN_TIMER_REFRESH, /* the store changed again within a frame */
	SN_TIMER_COUNT
} SnTimer;

typedef struct sn_app SnApp;
struct sn_app {
	const SnUiSetup *setup;
	SnConfig *config;
	const SnSettings *settings; /* of config, or own_settings */
	SnSettings own_settings;    /* after :set; its strings belong to set_configs */
	GPtrArray *set_configs;     /* of SnConfig */
	const SnClock *clock;
	SnTerm *term;
	SnGrid *grid;
	SnTheme *theme;
	SnBinds *binds;
	SnStore *store;
	SnBell *bell;
	SnWorker *worker;
	SnList *list;
	SnTimeline *timeline;
	SnComposer *composer;
	SnPane pane;
	GPtrArray *views;        /* of SnView: overlays, the last one is on top */
	SnTriageRun *triage;     /* under way over many emails; NULL */
	SnPrompt *prompt;        /* NULL */
	GArray *keys;            /* of SnKey: the beginning of a longer binding */
	char *message;           /* in the bar until the next key; NULL */
	SnObject message_object;
	char *search;            /* last search; NULL */
	GPtrArray *awaited;      /* of files.c: files to be used when they are here; NULL */
	char *leaving;           /* the list whose answer the user waits for (unsubscribe.h); NULL */
	char *opened_dir;        /* of open.c: files that other programs look at; NULL */
	char *book_word;         /* the address book was asked for last; NULL */
	SnTime timers[SN_TIMER_COUNT]; /* 0 off */
	SnTime refreshed;        /* when the store was last looked at */
	gint64 undo_entry;       /* outbox entry that can be taken back; 0 */
	SnTime undo_until;
	SnRect list_rect, timeline_rect, view_rect; /* as last drawn, for the mouse */
	SnSecureCache *secure;   /* what was verified and opened (secure.h) */
	SnId room_asked;         /* a room that the user wants to be in, and is not yet; 0 */
	SnId offered;            /* newest question that was put as a prompt; 0 */
	GPtrArray *history, *searches; /* of char *: command lines and queries typed, oldest first */
	gboolean dirty;          /* the screen must be drawn */
	SnTrouble trouble;       /* of the store, as the bar says it */
	gboolean stale;          /* the store changed: rows must be read again */
	gboolean focused;
	SnTime touched;          /* last key (activity.h) */
	gboolean told_idle;      /* ... and the engine was told that there was none since */
	gboolean ready_told;
	gboolean bell_rung;      /* beep at the next drawing */
	gboolean quit;
	int exit_code;
};

/* ---- app.c ---- */
SnTime sn_app_now(const SnApp *app);
/* A line in the bar until the next key. object: SN_OBJ_ERROR, SN_OBJ_SUCCESS, ... */
void sn_app_say(SnApp *app, SnObject object, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Says the error and frees it; NULL is fine. */
void sn_app_error(SnApp *app, GError *error);
void sn_app_dirty(SnApp *app);
/* Reads theme and binds of the configuration; what is wrong is said and the built-in one is used. */
void sn_app_load_theme(SnApp *app, const char *name);
void sn_app_load_binds(SnApp *app);
gboolean sn_app_reload(SnApp *app, GError **error);
/* Directories where themes lie; g_strfreev(). */
char **sn_app_theme_dirs(const SnApp *app);
void sn_app_set_timer(SnApp *app, SnTimer timer, SnTime when);
/* Name of the context whose keys count now: "list", "compose-im", "outbox", ... */
/* As a fallback chain, NULL-terminated, static. */
void sn_app_contexts(const SnApp *app, const char *out[5]);
/* Page that movement commands move: of the view on top, else of the pane. NULL in the composer. */
SnPage *sn_app_page(SnApp *app);
SnView *sn_app_view(const SnApp *app); /* on top; NULL */
gboolean sn_app_typing(const SnApp *app);
void sn_app_quit(SnApp *app);
void sn_app_focus(SnApp *app, SnPane pane);
/* Runs a program on the terminal and waits for it; argv NULL-terminated. */
gboolean sn_app_run(SnApp *app, const char *const *argv, int *status, GError **error);

/* ---- loop.c ---- */
void sn_app_loop(SnApp *app);
void sn_app_input(SnApp *app, SnInput *input);
/* A key as if it had been typed. */
void sn_app_key(SnApp *app, SnKey key);

/* ---- screen.c ---- */
void sn_screen_draw(SnApp *app);
void sn_bar_draw(SnApp *app, SnRect rect);

/* ---- list.c: the conversations ---- */
SnList *sn_list_new(SnApp *app);
void sn_list_free(SnList *list);
void sn_list_refresh(SnList *list); /* the store changed */
void sn_list_draw(SnList *list, SnRect rect, gboolean focus);
SnPage *sn_list_page(SnList *list);
const SnConversation *sn_list_selected(SnList *list); /* NULL */
void sn_list_select(SnList *list, SnId conversation);
/* Before moving: reads so many rows that there is somewhere to move to. how: of :move. */
void sn_list_ahead(SnList *list, const char *how);
/* After moving: the timeline is to follow, which it does in sn_list_catch_up(). */
void sn_list_moved(SnList *list);
/* Opens in the timeline what is selected. To be called before anything else looks at what is open, and
 * after the list was drawn: a key moves the selection at once, however long the conversation takes.
 * TRUE: it was another one. */
gboolean sn_list_catch_up(SnList *list);
/* Next unread (or in need of attention) after the selected one, 0. */
SnId sn_list_next_unread(SnList *list);
SnId sn_list_nth(SnList *list, int number); /* from 1; 0 */
void sn_list_set_filter(SnList *list, const char *filter, SnShelf shelf);
SnShelf sn_list_shelf(const SnList *list);

/* ---- timeline.c: one conversation ---- */
SnTimeline *sn_timeline_new(SnApp *app);
void sn_timeline_free(SnTimeline *timeline);
/* Shows a conversation; at: a message to stand on, 0 the newest. */
void sn_timeline_open(SnTimeline *timeline, SnId conversation, SnId at);
/* The same, and marks what was searched for until another conversation is shown. words: passage.h. */
void sn_timeline_open_found(SnTimeline *timeline, SnId conversation, SnId at,
                            const char *const *words);
const char *const *sn_timeline_sought(const SnTimeline *timeline); /* NULL */
void sn_timeline_refresh(SnTimeline *timeline);
/* What is known of its messages changed: it is filled anew. */
void sn_timeline_stale(SnTimeline *timeline);
void sn_timeline_draw(SnTimeline *timeline, SnRect rect, gboolean focus);
SnPage *sn_timeline_page(SnTimeline *timeline);
SnId sn_timeline_conversation_id(const SnTimeline *timeline);
const SnConversation *sn_timeline_conversation(const SnTimeline *timeline); /* NULL */
const SnMessage *sn_timeline_selected(const SnTimeline *timeline);          /* NULL */
/* The IM of the user's own that stands last; NULL. */
const SnMessage *sn_timeline_last_own(const SnTimeline *timeline);
/* Reads older or newer messages when the selection comes near an end. */
void sn_timeline_moved(SnTimeline *timeline);
void sn_timeline_bottom(SnTimeline *timeline);
/* how: 'o' open, 'c' close, 'a' the other; all: every message. */
void sn_timeline_fold(SnTimeline *timeline, char how, gboolean all);
void sn_timeline_mark(SnTimeline *timeline);
void sn_timeline_clear_marks(SnTimeline *timeline);
/* Marked messages, or the selected one; of SnId, caller unrefs. */
GArray *sn_timeline_chosen(const SnTimeline *timeline);
guint sn_timeline_mark_count(const SnTimeline *timeline);
/* The unanswered question of the conversation; NULL. */
const SnQuestion *sn_timeline_question(const SnTimeline *timeline);
/* The user is here: what is shown counts as read. */
void sn_timeline_seen(SnTimeline *timeline);
/* Of SnStyledRun (XEP-0393): of the text of an IM whose sender says nothing else; NULL: it has no
 * styles. Caller frees. */
GArray *sn_timeline_styles(const SnApp *app, const SnMessage *message, const char *text);

/* ---- composer.c: the reply being written ---- */
SnComposer *sn_composer_new(SnApp *app);
void sn_composer_free(SnComposer *composer);
/* Takes up the draft of the conversation; saves the one before. */
void sn_composer_open(SnComposer *composer, SnId conversation);
void sn_composer_refresh(SnComposer *composer); /* presence or addresses changed */
int sn_composer_height(SnComposer *composer, int columns, int available, gboolean focus);
void sn_composer_draw(SnComposer *composer, SnRect rect, gboolean focus);
gboolean sn_composer_key(SnComposer *composer, SnKey key);
void sn_composer_paste(SnComposer *composer, const char *text);
void sn_composer_save(SnComposer *composer); /* now, if changed */
SnChannel sn_composer_channel(const SnComposer *composer);

#endif
