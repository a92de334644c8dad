/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands about the program itself. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "src/base/card.h"
#include "src/store/own_card.h"
#include "ui/command.h"
#include "ui/composer.h"
#include "ui/editor.h"
#include "ui/history_file.h"
#include "ui/prompt.h"
#include "ui/view.h"
#include "ui/words.h"

static void line_entered(SnApp *app, const char *answer, gpointer data)
{
	if (!answer || !*answer)
		return;
	sn_history_file_add(app->history, answer);
	sn_command_run(app, answer);
}

static gboolean run_command(SnApp *app, int argc, char **argv, GError **error)
{
	SnAskLine ask = { .label = ":", .initial = argc ? argv[0] : NULL,
		          .complete = sn_complete_command, .history = app->history, .done = line_entered };

	sn_prompt_line(app, &ask);
	return TRUE;
}

static gboolean run_quit(SnApp *app, int argc, char **argv, GError **error)
{
	sn_app_quit(app);
	return TRUE;
}

static void say_presence(SnApp *app)
{
	g_autofree char *text = NULL;
	SnPresenceShow show;
	gboolean by_hand = sn_wish_presence(app->store, "", &show, &text);

	sn_app_say(app, SN_OBJ_SUCCESS,
	           "Your contacts see you %s%s%s%s. :presence auto, online, chat, away, xa, dnd or "
	           "offline changes it.",
	           by_hand ? sn_words_presence(show) : "online, and away as sennit.conf says",
	           text ? " (" : "", text ? text : "", text ? ")" : "");
}

static gboolean run_presence(SnApp *app, int argc, char **argv, GError **error)
{
	if (argc == 0) {
		say_presence(app);
		return TRUE;
	}
	g_auto(GStrv) words = g_strsplit(argv[0], " ", 2);
	SnPresenceShow show;

	if (g_str_equal(words[0], "auto")) {
		g_autofree char *by_itself = g_strdup_printf("auto\t%s", words[1] ? words[1] : "");
		if (!sn_wish_set(app->store, SN_WISH_PRESENCE, "", by_itself, error))
			return FALSE;
		sn_app_say(app, SN_OBJ_SUCCESS, "Your contacts see you online, and away as sennit.conf says.");
		return TRUE;
	}
	if (!sn_presence_parse(words[0], &show) || show == SN_PRESENCE_UNKNOWN)
		return sn_command_fail(error, "'%s' is no presence: auto, online, chat, away, xa, dnd or offline.",
		                       words[0]);
	g_autofree char *wish =
		g_strdup_printf("%s\t%s", sn_presence_word(show), words[1] ? words[1] : "");
	if (!sn_wish_set(app->store, SN_WISH_PRESENCE, "", wish, error))
		return FALSE;
	sn_app_say(app, SN_OBJ_SUCCESS, "Your contacts see you as %s.", sn_words_presence(show));
	return TRUE;
}

/* The account of the open conversation has no say: there is mostly one. */
static gboolean run_vcard(SnApp *app, int argc, char **argv, GError **error)
{
	const char *account = argc ? argv[0] : NULL;

	for (gsize i = 0; !account && i < sn_config_account_count(app->config); i++) {
		const SnAccount *one = sn_config_account(app->config, i);
		account = one->im.user ? one->name : NULL;
	}
	const SnAccount *of = account ? sn_config_account_named(app->config, account) : NULL;
	if (!of || !of->im.user)
		return sn_command_fail(error, "There is no such account with an IM address.");
	g_autofree char *now = sn_own_card(app->store, account);
	if (!now)
		return sn_command_fail(error, "Your vCard was not read yet: that happens when %s is on line.",
		                       account);
	g_autofree char *hint = sn_card_hint();
	g_autofree char *text = g_strconcat(hint, now, NULL);
	g_autofree char *edited = sn_editor_run(app, text, error);
	if (!edited)
		return FALSE;
	if (g_str_equal(edited, text)) {
		sn_app_say(app, SN_OBJ_FAINT, "Your vCard is as it was.");
		return TRUE;
	}
	if (!sn_own_card_want(app->store, account, edited, error))
		return FALSE;
	sn_app_say(app, SN_OBJ_SUCCESS, "Your vCard is written as soon as %s is on line.", account);
	return TRUE;
}

static gboolean run_reload(SnApp *app, int argc, char **argv, GError **error)
{
	if (!sn_app_reload(app, error))
		return FALSE;
	if (!app->message)
		sn_app_say(app, SN_OBJ_SUCCESS, "The configuration was read again.");
	return TRUE;
}

/* Settings that only the client looks at can be changed while it runs. */
static gboolean may_be_set(const char *section)
{
	return strcmp(section, "ui") == 0 || strcmp(section, "general") == 0 ||
	       strcmp(section, "history") == 0;
}

/* Takes one value out of a parsed configuration that holds nothing else. */
static gboolean take_setting(SnApp *app, const char *section_key, const SnSettings *from)
{
#define X(section, key, type, fallback, meaning)                                               \
	{                                                                                      \
		char name[] = #section "." #key;                                               \
		if (strcmp(g_strdelimit(name, "_", '-'), section_key) == 0) {                  \
			app->own_settings.section##_##key = from->section##_##key;             \
			return TRUE;                                                           \
		}                                                                              \
	}
	SN_OPTION_TABLE(X)
#undef X
	return FALSE;
}

/* The value as a file of two lines; nobody wrote that file, so no error names it. */
static SnConfig *parse_setting(const char *section, const char *key, const char *value, GError **error)
{
	static const char *const place = "sennit.conf:2: ";
	g_autofree char *text = g_strdup_printf("[%s]\n%s = %s\n", section, key, value);
	g_autoptr(GError) wrong = NULL;
	SnConfig *config = sn_config_parse(NULL, text, &wrong);

	if (!config)
		g_set_error_literal(error, wrong->domain, wrong->code,
		                    g_str_has_prefix(wrong->message, place) ? wrong->message + strlen(place)
		                                                            : wrong->message);
	return config;
}

static gboolean run_set(SnApp *app, int argc, char **argv, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(argv[0], ".", 2);

	if (!parts[0] || !parts[1])
		return sn_command_fail(error, "Write :set SECTION.KEY VALUE, as in :set ui.list-width 40.");
	if (!may_be_set(parts[0]))
		return sn_command_fail(error, "[%s] is set in sennit.conf, then :reload.", parts[0]);
	SnConfig *config = parse_setting(parts[0], parts[1], argc > 1 ? argv[1] : "", error);
	if (!config)
		return FALSE;
	if (app->settings != &app->own_settings)
		app->own_settings = *app->settings;
	g_ptr_array_add(app->set_configs, config);
	if (!take_setting(app, argv[0], sn_config_settings(config)))
		return sn_command_fail(error, "There is no setting %s.", argv[0]);
	app->settings = &app->own_settings;
	if (strcmp(argv[0], "general.theme") == 0)
		sn_app_load_theme(app, app->settings->general_theme);
	app->term->set_mouse(app->term, app->settings->ui_mouse);
	app->stale = TRUE;
	return TRUE;
}

static gboolean run_theme(SnApp *app, int argc, char **argv, GError **error)
{
	sn_app_load_theme(app, argv[0]);
	app->stale = TRUE;
	return TRUE;
}

static gboolean run_redraw(SnApp *app, int argc, char **argv, GError **error)
{
	app->term->suspend(app->term);
	app->term->resume(app->term);
	app->stale = TRUE;
	return TRUE;
}

static gboolean run_suspend(SnApp *app, int argc, char **argv, GError **error)
{
	sn_composer_save(app->composer);
	app->term->suspend(app->term);
	/* the whole process group, as the shell's job control expects */
	kill(0, SIGTSTP);
	app->term->resume(app->term);
	app->stale = TRUE;
	return TRUE;
}

const SnCommand sn_commands_app[] = {
	{ "command", "[TEXT]", "type a command", 0, NULL, 0, -1, run_command },
	{ "quit", "", "leave sennit", 0, NULL, 0, 0, run_quit },
	{ "presence", "[SHOW [TEXT]]", "what your contacts see of you: auto, online, chat, away, xa, dnd, offline", SN_COMPLETE_WORDS, "auto online chat away xa dnd offline", 0, -1, run_presence },
	{ "vcard", "[ACCOUNT]", "change your own vCard on the XMPP server, which anybody can read", 0, NULL, 0, 1, run_vcard },
	{ "reload", "", "read the configuration, keys and theme again", 0, NULL, 0, 0, run_reload },
	{ "set", "SECTION.KEY VALUE", "change a setting until sennit ends", SN_COMPLETE_OPTION, NULL, 1, 2, run_set },
	{ "theme", "NAME", "use a theme until sennit ends", SN_COMPLETE_THEME, NULL, 1, 1, run_theme },
	{ "redraw", "", "draw the screen anew", 0, NULL, 0, 0, run_redraw },
	{ "suspend", "", "back to the shell; fg continues", 0, NULL, 0, 0, run_suspend },
	{ NULL, NULL, NULL, 0, NULL, 0, 0, NULL },
};
