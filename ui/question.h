/* SPDX-License-Identifier: GPL-3.0-or-later */
/* question.h - a contact's question (XEP-0439) as a one-key prompt. */
#ifndef SN_UI_QUESTION_H
#define SN_UI_QUESTION_H

#include "ui/app.h"

/* Answers with the value: an IM to the contact, or, for the engine's own questions, a wish. */
gboolean sn_question_send(SnApp *app, const SnQuestion *question, const char *value, GError **error);
/* Offers a question about the user's time, once, while its conversation is looked at and nothing is
 * being typed. Esc leaves it where it stands, with its keys. */
void sn_question_offer(SnApp *app);

#endif
