/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_person.h - the parts of the person view. */
#ifndef SN_UI_VIEW_PERSON_H
#define SN_UI_VIEW_PERSON_H

#include "ui/view.h"

/* The heading "Availability" and what stands below it, for the person view->subject. */
void sn_person_fill_availability(SnApp *app, SnView *view);

#endif
