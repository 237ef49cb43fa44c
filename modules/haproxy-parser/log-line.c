/*
 * Copyright (c) 2026 The syslog-ng-haproxy developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As an additional exemption you are allowed to compile & link against the
 * OpenSSL libraries as published by the OpenSSL project. See the file
 * COPYING for details.
 */

#include "log-line.h"
#include "http-request.h"
#include "line-characters.h"
#include "log-value.h"

#include <string.h>

/* a line that is cut must have shown so many values of a form that few things have, or all but the last value */
#define TELLING_VALUES_MIN 3
/* bytes that may be read in vain, beside a few times the line: more is a line made to be slow */
#define BUDGET_MIN 4096

static LogLineState
_get_state(const LineReader *self)
{
  LogLineState state = self->state;

  state.p = self->p;
  state.value_count = self->values->count;
  return state;
}

static void
_set_state(LineReader *self, const LogLineState *state)
{
  self->state = *state;
  self->p = state->p;
  self->values->count = state->value_count;
}

/*****************************************************************************
 * Strings: what has no form, and ends where something else begins
 *****************************************************************************/

static void
_add_string(LineReader *self, const LogFormatStep *step, const gchar *start, const gchar *end, gboolean is_cut)
{
  gboolean has_mark;

  switch (step->kind)
    {
    case LOG_FORMAT_REQUEST:
      /* for each end that it may have */
      self->budget -= step->end == LOG_FORMAT_END_FREE ? end - start : 0;
      http_request_add(self, step, start, end, is_cut);
      break;
    case LOG_FORMAT_QUERY:
      /* HAProxy prints the "?" */
      line_reader_add_first(self, step, start < end && *start == '?' ? start + 1 : start, end);
      break;
    case LOG_FORMAT_FRONTEND:
      has_mark = end > start && end[-1] == '~';
      line_reader_add_first(self, step, start, end - has_mark);
      log_value_note_frontend_ssl(self, has_mark);
      break;
    default:
      line_reader_add_first(self, step, start, end);
    }
}

static gboolean
_is_last(const LineReader *self, guint i)
{
  return i + 1 == self->format->step_count;
}

/* What stands behind the value of step @i in every line, which may be cut in it; NULL: nothing. */
static const gchar *
_get_text_behind(const LineReader *self, guint i, gsize *length)
{
  const LogFormatStep *step = &self->format->steps[i], *behind = step + step->steps_to_text;

  *length = i + step->steps_to_text < self->format->step_count ? behind->text_length : 0;
  return *length ? behind->text : NULL;
}

static gboolean
_begins_with(const gchar *p, const gchar *end, const gchar *text, gsize length)
{
  return memcmp(p, text, MIN(length, (gsize) (end - p))) == 0;
}

/* The quote from @p on that can be the last one; NULL: there is none. */
static const gchar *
_find_last_quote(const LineReader *self, guint i, const gchar *p)
{
  gsize length;
  const gchar *text = _get_text_behind(self, i, &length);

  for (; p < self->end && (p = memchr(p, '"', self->end - p)); p++)
    if (p + 1 == self->end || (!_is_last(self, i) && (!text || _begins_with(p + 1, self->end, text, length))))
      return p;
  return NULL;
}

/* Of a value that has no quotes inside but those that a backslash stands in front of. */
static const gchar *
_find_quote(const LineReader *self, guint i, const gchar *p)
{
  if (!(self->format->steps[i].flags & LOG_FORMAT_ESCAPED))
    return memchr(p, '"', self->end - p);
  for (; p < self->end && *p != '"'; p++)
    p += *p == '\\';
  return p < self->end ? p : NULL;
}

/* Of a value that may consist of anything: where the text behind step @i is from @p on; the end: nowhere. */
static const gchar *
_find_text_behind(const LineReader *self, guint i, const gchar *p)
{
  gsize length;
  const gchar *text = _get_text_behind(self, i, &length);

  for (; text && p < self->end && (p = memchr(p, *text, self->end - p)); p++)
    if (_begins_with(p, self->end, text, length))
      return p;
  return self->end;
}

/* Behind what HAProxy prints instead of a path and, once more, of its query; NULL: it did not. */
static const gchar *
_skip_bad_request(const LineReader *self, guint i, const gchar *p)
{
  static const gchar BAD_REQUEST[] = "<BADREQ>";
  gsize length = strlen(BAD_REQUEST);
  gboolean is_there = self->format->steps[i].steps_to_text > 1 && (gsize) (self->end - p) >= length
                      && memcmp(p, BAD_REQUEST, length) == 0;

  return is_there ? p + length : NULL;
}

/*
 * Of another value: the first place where that text is, not in front of @from, or what cannot be a part of the value.
 * It may be right in front of @from that the value ended before: of "/a,b,200", "/a" first, and from "b" on "/a,b".
 */
static const gchar *
_find_end_of_word(const LineReader *self, guint i, const gchar *start, const gchar *from)
{
  gsize length;
  const gchar *text = _get_text_behind(self, i, &length);
  const gchar *bad_request = _skip_bad_request(self, i, start);
  const gchar *p = MAX(start, from - 1);

  if (bad_request && bad_request >= from)
    return bad_request;
  for (; p < self->end; p++)
    if ((text && p >= from && *p == *text && _begins_with(p, self->end, text, length))
        || !log_format_kind_may_contain(self->format->steps[i].kind, *p))
      break;
  return p;
}

/* Whether the text behind step @i is at @p, as far as the line goes. */
static gboolean
_is_text_behind(const LineReader *self, guint i, const gchar *p)
{
  gsize length;
  const gchar *text = _get_text_behind(self, i, &length);

  return text && p < self->end && _begins_with(p, self->end, text, length);
}

/* A path ends where its query begins, or "<BADREQ>", which is printed instead. */
static gboolean
_is_end_of_word(const LineReader *self, guint i, const gchar *p)
{
  return _is_text_behind(self, i, p) || (self->format->steps[i].steps_to_text > 1 && (*p == '?' || *p == '<'));
}

/* Whether a value without quotes can begin here. */
static gboolean
_can_begin(const LineReader *self, const LogFormatStep *step)
{
  return self->p < self->end && (!step->first_characters || line_character_is_one_of(*self->p, step->first_characters));
}

static gboolean
_may_be_empty(const LogFormatStep *step)
{
  return !(step->flags & LOG_FORMAT_MANDATORY) || step->may_be_empty;
}

/* Notes that something is unlikely, but possible. Returns whether this reading leaves it to the next one. */
static gboolean
_leave_the_unlikely(LineReader *self)
{
  self->has_doubts = TRUE;
  return !self->state.takes_the_unlikely;
}

/* What seems to begin here is seldom empty. */
static gboolean
_is_empty_possible(LineReader *self, const LogFormatStep *step)
{
  return _may_be_empty(step) && (!step->may_be_empty || !_leave_the_unlikely(self));
}

static LogLineChoice *
_get_last_choice(const LineReader *self)
{
  return &self->choices->choices[self->choices->count - 1];
}

static gboolean
_is_rest_optional(const LineReader *self, guint i)
{
  return _is_last(self, i) || self->format->steps[i + 1].rest_is_optional;
}

/* A string of step @i from the place on to @end, which may be the end of the line. */
static Outcome
_finish_string(LineReader *self, guint i, const gchar *start, const gchar *end, const gchar *behind, Outcome outcome)
{
  const LogFormatStep *step = &self->format->steps[i];

  if (outcome == FITS && end == start && !(step->flags & LOG_FORMAT_QUOTED) && !_may_be_empty(step))
    return line_reader_outcome_at(self, start);
  if (outcome == FITS || end > start)
    _add_string(self, step, start, end, outcome == ENDS);
  self->p = behind;
  self->state.is_after_blank = FALSE;
  return outcome;
}

static Outcome
_read_quoted_string(LineReader *self, guint i, const gchar *from)
{
  gboolean has_choice = self->format->steps[i].end == LOG_FORMAT_END_FREE;
  const gchar *start = self->p + 1;
  const gchar *end;

  if (self->p == self->end || *self->p != '"')
    return line_reader_outcome_at(self, self->p);
  from = MAX(from, start);
  end = has_choice ? _find_last_quote(self, i, from) : _find_quote(self, i, from);
  if (end && has_choice)
    _get_last_choice(self)->next_end = end + 1;
  if (!end)
    return _finish_string(self, i, start, self->end, self->end, ENDS);
  return _finish_string(self, i, start, end, end + 1, FITS);
}

static Outcome
_read_bare_string(LineReader *self, guint i, const gchar *from)
{
  const LogFormatStep *step = &self->format->steps[i];
  const gchar *start = self->p, *end;

  if (step->first_characters && !_may_be_empty(step) && !_can_begin(self, step))
    return line_reader_outcome_at(self, start);
  from = _is_empty_possible(self, step) ? from : MAX(from, start + 1);
  end = step->end == LOG_FORMAT_END_FREE ? _find_text_behind(self, i, from) : _find_end_of_word(self, i, start, from);
  if (end == self->end)
    return _finish_string(self, i, start, end, end, _is_rest_optional(self, i) ? FITS : ENDS);
  if (!_is_end_of_word(self, i, end))
    {
      self->p = end;
      return DIFFERS;
    }
  if (step->end != LOG_FORMAT_END_TEXT && log_format_kind_may_contain(step->kind, *end))
    _get_last_choice(self)->next_end = end + 1;
  return _finish_string(self, i, start, end, end, FITS);
}

static Outcome
_read_string_from(LineReader *self, guint i, const gchar *from)
{
  return self->format->steps[i].flags & LOG_FORMAT_QUOTED ? _read_quoted_string(self, i, from)
                                                          : _read_bare_string(self, i, from);
}

/* One that may end elsewhere. */
static Outcome
_read_with_choice(LineReader *self, guint i)
{
  self->choices->count = MIN(self->choices->count + 1, LOG_LINE_CHOICES_MAX);
  *_get_last_choice(self) = (LogLineChoice){ .start = _get_state(self) };
  return _read_string_from(self, i, self->p);
}

/* The name of a cookie, with the "=" where there is one. */
static gsize
_get_name_length(LineReader *self, const gchar *start, const gchar *end)
{
  const gchar *p = start;

  while (p < end && *p != '=' && *p != ' ' && *p != '"')
    p++;
  self->budget -= p - start;
  return p - start + (p < end && *p == '=');
}

/* Both have the name that "capture cookie" says, or its first part. */
static gboolean
_is_same_cookie(LineReader *self, const LineValue *first, const gchar *start)
{
  const gchar *end = first->start + first->length;
  gsize first_length = _get_name_length(self, first->start, end), length = _get_name_length(self, start, self->end);

  if (!first_length || start + length == self->end)
    return TRUE;
  if (!length)
    return FALSE;
  return *start == *first->start && (start[length - 1] == '=') == (first->start[first_length - 1] == '=');
}

/* Whether a captured cookie begins at @start, as far as the one in front of it knows. */
static gboolean
_begins_cookie(LineReader *self, guint i, const gchar *start)
{
  const LogFormatStep *first_step = i < 2 ? NULL : &self->format->steps[i - 2];
  const LineValue *first = self->values->count ? &self->values->values[self->values->count - 1] : NULL;

  if (!first_step || first_step->kind != LOG_FORMAT_COOKIE || !first || first->field != first_step->field)
    return TRUE;
  return first->length < 2 || _is_same_cookie(self, first, start);
}

/* Behind a cookie that was not there, which is "-" or "\"\""; NULL: it was. */
static const gchar *
_skip_no_cookie(const LineReader *self, guint i)
{
  gboolean is_quoted = self->format->steps[i].flags & LOG_FORMAT_QUOTED;
  const gchar *p = self->p + is_quoted;

  if (p < self->end && *p == '-')
    p++;
  else if (!is_quoted)
    return NULL;
  if (is_quoted && (p == self->end || *p++ != '"'))
    return NULL;
  return p == self->end || _is_text_behind(self, i, p) ? p : NULL;
}

/*
 * A string ends at the first place behind which the line goes on, as far as the next string of that kind: the earlier
 * that one begins, the more can it be, so nothing is lost by never going back behind it. But it must be able to begin.
 */
static Outcome
_read_free_string(LineReader *self, guint i)
{
  const LogFormatStep *step = &self->format->steps[i];
  gboolean is_quoted = step->flags & LOG_FORMAT_QUOTED, is_cookie = step->kind == LOG_FORMAT_COOKIE;
  const gchar *behind;

  if (is_quoted && (self->p == self->end || *self->p != '"'))
    return line_reader_outcome_at(self, self->p);
  behind = is_cookie ? _skip_no_cookie(self, i) : NULL;
  if (behind)
    return _finish_string(self, i, self->p + is_quoted, behind - is_quoted, behind, FITS);
  if (is_cookie && !_begins_cookie(self, i, self->p + is_quoted) && _leave_the_unlikely(self))
    return DIFFERS;
  self->choices->count = 0;
  return _read_with_choice(self, i);
}

/*
 * A word ends at the first place behind which the line goes on, and others may be gone back to behind it.  Where it
 * does not begin as most do it is rather a part of the string in front of it.
 */
static Outcome
_read_word(LineReader *self, guint i)
{
  const gchar *usual = self->format->steps[i].usual_first_characters;

  if (usual && self->p < self->end && !line_character_is_one_of(*self->p, usual) && _leave_the_unlikely(self))
    return DIFFERS;
  return _read_with_choice(self, i);
}

static Outcome
_read_string(LineReader *self, guint i)
{
  switch (self->format->steps[i].end)
    {
    case LOG_FORMAT_END_FREE:
      return _read_free_string(self, i);
    case LOG_FORMAT_END_WORD:
      return _read_word(self, i);
    default:
      return _read_string_from(self, i, self->p);
    }
}

/* Whether a string has another end. The last one that has is the last choice then. */
static gboolean
_has_choice(LineReader *self)
{
  while (self->choices->count && !_get_last_choice(self)->next_end)
    self->choices->count--;
  return self->choices->count > 0;
}

/* The last string with a choice of ends gets the next one. */
static Outcome
_read_string_again(LineReader *self)
{
  LogLineChoice *choice = _get_last_choice(self);
  const gchar *from = choice->next_end;

  _set_state(self, &choice->start);
  choice->next_end = NULL;
  return _read_string_from(self, self->state.step, from);
}

/*****************************************************************************
 * Steps
 *****************************************************************************/

static Outcome
_read_text(LineReader *self, const LogFormatStep *step)
{
  gsize length = MIN(step->text_length, (gsize) (self->end - self->p));

  /* mostly it is one character */
  if (length && (*self->p != *step->text || (length > 1 && memcmp(self->p, step->text, length) != 0)))
    return DIFFERS;
  self->p += length;
  self->state.is_after_blank = FALSE;
  return length == step->text_length ? FITS : ENDS;
}

static Outcome
_read_blank(LineReader *self, const LogFormatStep *step)
{
  if (self->state.is_after_blank)
    return FITS;
  if (self->p == self->end)
    return step->rest_is_optional ? FITS : ENDS;
  if (*self->p != ' ')
    return DIFFERS;
  self->p++;
  self->state.is_after_blank = TRUE;
  return FITS;
}

/* HAProxy prints the "?" with a query. */
static gboolean
_is_empty_part(const LineReader *self, const LogFormatStep *step)
{
  return step->may_be_empty && !(step->flags & LOG_FORMAT_QUOTED) && !_can_begin(self, step);
}

/* Up to HAProxy 2.9 there are two blanks around it, of which the second is not merged; from 3.0 on one. */
static Outcome
_read_empty_part(LineReader *self, const LogFormatStep *step)
{
  line_reader_add_first(self, step, self->p, self->p);
  if (self->p < self->end && *self->p == ' ')
    self->state.is_after_blank = FALSE;
  return FITS;
}

static Outcome
_read_value(LineReader *self, guint i)
{
  const LogFormatStep *step = &self->format->steps[i];

  if (_is_empty_part(self, step))
    return _read_empty_part(self, step);
  if (step->end != LOG_FORMAT_END_FORM)
    return _read_string(self, i);

  /* those who may print nothing say themselves that they did not */
  if (!step->may_print_nothing)
    self->state.is_after_blank = FALSE;
  Outcome outcome = log_value_read(self, i);
  self->state.telling_values += outcome == FITS && step->is_telling;
  return outcome;
}

/* Not inline: the code that reads what lines mostly are stays together. */
static G_GNUC_NO_INLINE Outcome
_read_step(LineReader *self, guint i)
{
  const LogFormatStep *step = &self->format->steps[i];

  switch (step->type)
    {
    case LOG_FORMAT_TEXT:
      return _read_text(self, step);
    case LOG_FORMAT_BLANK:
      return _read_blank(self, step);
    default:
      return _read_value(self, i);
    }
}

/* Of a length that is known here, so that the loop costs nothing. */
static inline const gchar *
_skip_all(const gchar *p, const gchar *end, gssize length, guint8 class)
{
  return end - p >= length && line_skip(p, p + length, class) == p + length ? p + length : p;
}

/* Behind what a line mostly has there; @p: it is something else. */
static const gchar *
_skip_usual(LineReader *self, const LogFormatUsual *usual, const gchar *p, const gchar *end)
{
  const gchar *behind;

  switch (usual->shortcut)
    {
    case LOG_FORMAT_SHORTCUT_CHARACTER:
      return p + (p < end && (guchar) *p == usual->character);
    case LOG_FORMAT_SHORTCUT_NAME:
      return line_skip(p, end, IS_NAME);
    case LOG_FORMAT_SHORTCUT_FRONTEND:
      behind = line_skip(p, end, IS_NAME);
      if (behind == p || behind == end || *behind == '~')
        return p;
      log_value_note_frontend_ssl(self, FALSE);
      return behind;
    case LOG_FORMAT_SHORTCUT_ADDRESS:
      return log_value_skip_address(&self->format->steps[usual - self->format->usual], p, end);
    case LOG_FORMAT_SHORTCUT_DATE:
      return log_value_skip_date(p, end);
    case LOG_FORMAT_SHORTCUT_STATE:
      return _skip_all(p, end, 2, IS_STATE);
    case LOG_FORMAT_SHORTCUT_STATE_WITH_COOKIE:
      return _skip_all(p, end, 4, IS_STATE);
    default:
      return p;
    }
}

/*
 * Reads the steps from the present one to @limit that a line mostly consists of, without a call for each: values, and
 * the character behind each.  Stops at the first that is not as usual: _read_step() knows everything about it.
 */
static void
_read_usual_steps(LineReader *self, guint limit)
{
  const LogFormatUsual *first = &self->format->usual[self->state.step], *last = &self->format->usual[limit];
  const LogFormatUsual *usual = first;
  const gchar *p = self->p, *end = self->end;
  /* there is room for all: each usual value has a field of its own, and log_format_new() limits the fields */
  LineValue *value = &self->values->values[self->values->count];

  /* no blank follows another: only the first one here may be one too many */
  if (self->state.is_after_blank && usual < last && usual->character == ' ')
    return;
  while (usual < last)
    {
      gboolean is_number = usual->shortcut == LOG_FORMAT_SHORTCUT_NUMBER;
      const gchar *behind = is_number ? line_skip_digits(p, end) : _skip_usual(self, usual, p, end);

      if (behind == p)
        break;
      if (usual->character == LOG_FORMAT_NO_CHARACTER)
        *value++ = (LineValue){ .start = p, .length = behind - p, .field = usual->field, .is_number = is_number };
      p = behind;
      usual++;
      if (usual < last && p < end && (guchar) *p == usual[-1].character_behind)
        {
          p++;
          usual++;
        }
    }
  if (usual == first)
    return;
  self->p = p;
  self->values->count = value - self->values->values;
  self->state.step = usual - self->format->usual;
  self->state.is_after_blank = usual[-1].character == ' ';
  self->state.telling_values += (guint8) (usual->telling_before - first->telling_before);
}

/*****************************************************************************
 * The line
 *****************************************************************************/

/* A line that is read by several formats: from where on the next one reads it anew. */
typedef struct _Marker
{
  LogLineMark *mark;
  /* G_MAXUINT: there is no next one, or the mark has been set */
  guint step;
} Marker;

static void
_copy_choices(LogLineChoices *self, const LogLineChoices *other)
{
  self->count = other->count;
  memcpy(self->choices, other->choices, other->count * sizeof(*self->choices));
}

static void
_mark(Marker *self, const LineReader *reader)
{
  self->mark->state = _get_state(reader);
  _copy_choices(&self->mark->choices, reader->choices);
  self->step = G_MAXUINT;
}

/* Another format begins anew. */
static void
_mark_beginning(Marker *self)
{
  log_line_mark_reset(self->mark);
  self->step = G_MAXUINT;
}

static Outcome
_read_steps(LineReader *self, Marker *marker)
{
  guint count = self->format->step_count;

  for (;;)
    {
      guint limit = MIN(marker->step, count);
      _read_usual_steps(self, self->state.step < limit ? limit : count);
      if (self->state.step == marker->step)
        {
          _mark(marker, self);
          continue;
        }
      if (self->state.step == count)
        return self->p == self->end ? FITS : DIFFERS;

      Outcome outcome = _read_step(self, self->state.step);
      if (outcome != FITS)
        return outcome;
      self->state.step++;
    }
}

/* Behind the next end of the last string that has one. */
static Outcome
_go_back(LineReader *self, Marker *marker)
{
  const gchar *failed_at = self->p;
  const LogLineChoice *choice = _get_last_choice(self);
  Outcome outcome;

  self->budget -= 2 + failed_at - choice->next_end;
  if (self->budget < 0)
    {
      self->choices->count = 0;
      return DIFFERS;
    }
  /* the values in front of the mark are about to change */
  if (choice->start.step < marker->mark->state.step)
    _mark_beginning(marker);
  outcome = _read_string_again(self);
  self->state.step += outcome == FITS;
  return outcome;
}

/* The line ended in a string that may be anything, but where it ended elsewhere much more of the format was found. */
static gboolean
_is_found_behind(const LineReader *self, const LogLineState *end, guint telling_values)
{
  return self->format->steps[end->step].end == LOG_FORMAT_END_FREE
         && telling_values >= end->telling_values + TELLING_VALUES_MIN;
}

/* The steps that are left, with all ends that strings may have. @first_end: the state when the line ended early. */
static Outcome
_read_line(LineReader *self, Marker *marker, LogLineState *first_end)
{
  Outcome outcome = FITS;
  guint found = 0;

  first_end->p = NULL;
  for (;;)
    {
      if (outcome == FITS)
        outcome = _read_steps(self, marker);
      if (outcome == FITS)
        return FITS;
      if (outcome == DIFFERS)
        found = MAX(found, self->state.telling_values);
      else if (!first_end->p)
        *first_end = _get_state(self);
      if (!_has_choice(self))
        return first_end->p && !_is_found_behind(self, first_end, found) ? ENDS : DIFFERS;
      outcome = _go_back(self, marker);
    }
}

/* Of a number, a date or a state that reaches to the end of a line that is cut, more may be missing; and of nothing
 * all. */
static void
_drop_cut_value(LineReader *self)
{
  const LogFormatStep *step = &self->format->steps[self->state.step];
  const LineValue *last = self->values->count ? &self->values->values[self->values->count - 1] : NULL;

  if (!last || last->start + last->length != self->end)
    return;
  while (step > self->format->steps && (step->type != LOG_FORMAT_VALUE || step->field != last->field))
    step--;
  if (step->field == last->field && (step->is_telling || !last->length))
    self->values->count--;
}

static void
_add_flags(LineReader *self)
{
  for (guint left = self->state.flags | self->state.denied_flags; left; left &= left - 1)
    {
      guint flag = g_bit_nth_lsf(left, -1);
      guint field = self->format->first_flag_field + flag;

      if (self->state.flags & 1 << flag)
        line_values_add_constant(self->values, field, "true");
      else
        line_values_add_constant(self->values, field, "false");
    }
}

static gboolean
_is_last_value(const LogFormat *format, guint i)
{
  while (++i < format->step_count)
    if (format->steps[i].type == LOG_FORMAT_VALUE)
      return FALSE;
  return TRUE;
}

/* Whether a line that ends there can be trusted to be one of the format. */
static gboolean
_has_shown_enough(const LogFormat *format, const LogLineState *end)
{
  return end->telling_values >= TELLING_VALUES_MIN || (end->telling_values && _is_last_value(format, end->step));
}

/* What is unlikely is taken where the line can be read in no other way, with what is left of the budget. */
static Outcome
_read_line_again(LineReader *self, const gchar *line, LogLineState *first_end)
{
  LogLineState beginning = { .p = line, .is_after_blank = TRUE, .takes_the_unlikely = TRUE };
  LogLineMark nowhere;
  Marker marker = { .mark = &nowhere };

  _mark_beginning(&marker);
  self->choices->count = 0;
  _set_state(self, &beginning);
  return _read_line(self, &marker, first_end);
}

/* In front of the first step. */
static inline LineReader
_begin(const LogFormat *format, const gchar *line, gsize length, LineValues *values, LogLineChoices *choices)
{
  values->count = 0;
  choices->count = 0;
  return (LineReader){
    .format = format,
    .p = line,
    .end = line + length,
    .values = values,
    .choices = choices,
    /* in front of a line there is as good as a blank */
    .state = { .is_after_blank = TRUE },
    .budget = BUDGET_MIN + 4 * length,
  };
}

LogLineResult
log_line_parse(const LogFormat *format, const gchar *line, gsize length, LineValues *values, LogLineMark *mark,
               guint mark_step)
{
  LogLineChoices choices;
  LineReader self = _begin(format, line, length, values, &choices);
  Marker marker = { .mark = mark, .step = mark_step };
  Outcome outcome;

  if (mark->state.p)
    {
      _copy_choices(&choices, &mark->choices);
      _set_state(&self, &mark->state);
    }
  outcome = _read_line(&self, &marker, &mark->end);
  if (outcome != FITS && self.has_doubts)
    {
      LogLineState first_end;
      Outcome unlikely = _read_line_again(&self, line, &first_end);

      /* another format has to read the values anew */
      log_line_mark_reset(mark);
      if (unlikely > outcome)
        {
          outcome = unlikely;
          mark->end = first_end;
        }
    }
  switch (outcome)
    {
    case FITS:
      _add_flags(&self);
      return LOG_LINE_FITS;
    case ENDS:
      return _has_shown_enough(format, &mark->end) ? LOG_LINE_TRUNCATED : LOG_LINE_DIFFERS;
    default:
      return LOG_LINE_DIFFERS;
    }
}

void
log_line_parse_truncated(const LogFormat *format, const gchar *line, gsize length, const LogLineState *end,
                         LineValues *values)
{
  LogLineChoices choices;
  LineReader self = _begin(format, line, length, values, &choices);
  LogLineMark nowhere;
  Marker marker = { .mark = &nowhere };
  Outcome outcome = FITS;

  _mark_beginning(&marker);
  self.state.takes_the_unlikely = end->takes_the_unlikely;
  while ((outcome = outcome == FITS ? _read_steps(&self, &marker) : outcome) == DIFFERS && _has_choice(&self))
    outcome = _go_back(&self, &marker);
  _drop_cut_value(&self);
  self.state.flags |= 1 << LOG_FORMAT_FLAG_FIELD_TRUNCATED;
  _add_flags(&self);
}
