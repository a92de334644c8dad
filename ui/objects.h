/* SPDX-License-Identifier: GPL-3.0-or-later */
/* objects.h - everything on the screen that a theme can style. */
#ifndef SN_UI_OBJECTS_H
#define SN_UI_OBJECTS_H

#define SN_OBJECT_TABLE(X)                                                                    \
	X(DEFAULT, "default", "everything that has no style of its own")                         \
	X(BORDER, "border", "lines between panes")                                               \
	X(TITLE, "title", "headings of panes and views")                                         \
	X(TITLE_NOTE, "title_note", "what stands beside a heading")                              \
	X(HEADING, "heading", "headings within a view")                                          \
	X(FAINT, "faint", "less important text")                                                 \
	X(KEY, "key", "a key that can be pressed")                                               \
	X(SELECTED, "selected", "the selected row")                                              \
	X(SELECTED_AWAY, "selected_away", "the selected row of a pane without the keyboard")     \
	X(MARKED, "marked", "rows that are marked")                                              \
	X(MATCH, "match", "what a search found")                                                 \
	X(LINK, "link", "web addresses")                                                         \
	X(ERROR, "error", "what went wrong")                                                     \
	X(WARNING, "warning", "what needs a look")                                               \
	X(SUCCESS, "success", "what went well")                                                  \
	X(BAR, "bar", "the bottom bar")                                                          \
	X(BAR_KEY, "bar_key", "keys in the bottom bar")                                          \
	X(BAR_NOTE, "bar_note", "counts and progress in the bottom bar")                         \
	X(PROMPT, "prompt", "a question")                                                        \
	X(PROMPT_KEY, "prompt_key", "the keys that answer it")                                   \
	X(INPUT, "input", "a text field")                                                        \
	X(LIST_TITLE, "list_title", "name of a conversation")                                    \
	X(LIST_UNREAD, "list_unread", "name of a conversation with unread messages")             \
	X(LIST_COUNT, "list_count", "number of unread messages")                                 \
	X(LIST_TIME, "list_time", "time of the last message")                                    \
	X(LIST_PREVIEW, "list_preview", "beginning of the last message")                         \
	X(LIST_ATTENTION, "list_attention", "a conversation that needs a decision")              \
	X(LIST_DRAFT, "list_draft", "a conversation with a draft")                               \
	X(LIST_FLAG, "list_flag", "pinned, muted")                                               \
	X(PRESENCE_ONLINE, "presence_online", "available")                                       \
	X(PRESENCE_AWAY, "presence_away", "away, extended away")                                 \
	X(PRESENCE_DND, "presence_dnd", "do not disturb")                                        \
	X(PRESENCE_OFFLINE, "presence_offline", "offline")                                       \
	X(CHANNEL_MAIL, "channel_mail", "the word mail")                                         \
	X(CHANNEL_IM, "channel_im", "the word im")                                               \
	X(DAY, "day", "day dividers")                                                            \
	X(NEW, "new", "divider before unread messages")                                          \
	X(SUBJECT, "subject", "subject dividers")                                                \
	X(TIME, "time", "times in the timeline")                                                 \
	X(SENDER, "sender", "names of others, where names have no colours of their own")         \
	X(SENDER_SELF, "sender_self", "the user's own name")                                     \
	X(BODY, "body", "text of a message")                                                     \
	X(BODY_SELF, "body_self", "text of one's own message")                                   \
	X(QUOTE, "quote", "quoted text")                                                         \
	X(SIGNATURE, "signature", "signatures")                                                  \
	X(STRONG, "strong", "*strong* text of an IM")                                            \
	X(EMPHASIS, "emphasis", "_emphasis_ in an IM")                                           \
	X(STRUCK, "struck", "~struck~ text of an IM")                                            \
	X(CODE, "code", "`code` in an IM")                                                       \
	X(STYLING, "styling", "the marks of these: * _ ~ `")                                     \
	X(FOLD, "fold", "[+12 lines]")                                                           \
	X(ATTACHMENT, "attachment", "names of files")                                            \
	X(CARRIED, "carried", "messages told by somebody")                                       \
	X(QUESTION, "question", "a question from a contact")                                     \
	X(STATE_PENDING, "state_pending", "queued, sending")                                     \
	X(STATE_WAITING, "state_waiting", "waiting, asked")                                      \
	X(STATE_SENT, "state_sent", "accepted, converted")                                       \
	X(STATE_DELIVERED, "state_delivered", "delivered")                                       \
	X(STATE_READ, "state_read", "read")                                                      \
	X(STATE_FAILED, "state_failed", "failed")                                                \
	X(MODE, "mode", "mode line of the composer")                                             \
	X(MODE_SWITCHED, "mode_switched", "mode line when the reply changes channel")            \
	X(MODE_BLOCKED, "mode_blocked", "mode line when something must be decided first")        \
	X(FIELD, "field", "names of fields")                                                     \
	X(COMPOSE, "compose", "what is being written")

typedef enum {
#define X(name, word, meaning) SN_OBJ_##name,
	SN_OBJECT_TABLE(X)
#undef X
	SN_OBJ_COUNT
} SnObject;

#endif
