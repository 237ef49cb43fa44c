# SYSLOG_NG_DIFFERENCES
# What the headers of this syslog-ng have that others have not, for modules/compat.
AC_DEFUN([SYSLOG_NG_DIFFERENCES], [
  saved_CPPFLAGS=$CPPFLAGS
  CPPFLAGS="$CPPFLAGS $SYSLOG_NG_CFLAGS $IVYKIS_CFLAGS $OPENSSL_CFLAGS"

  AC_CHECK_HEADER([logpipe.h], [],
                  [AC_MSG_ERROR([the headers of syslog-ng need others: apt-get install libjson-c-dev])])
  AC_CHECK_HEADERS([transport/tls-context.h stats/stats-cluster-key-builder.h])

  AC_CHECK_DECLS([LM_VT_INTEGER], [], [], [[#include "logmsg/logmsg.h"]])
  AC_CHECK_DECLS([NR_OK, log_pipe_set_options], [], [], [[#include "logpipe.h"]])
  AC_CHECK_DECLS([log_parser_clone_settings], [], [], [[#include "parser/parser-expr.h"]])
  AC_CHECK_DECLS([log_reader_set_immediate_check], [], [], [[#include "logreader.h"]])
  AC_CHECK_DECLS([main_loop_worker_get_max_number_of_threads], [], [], [[#include "mainloop-worker.h"]])
  AC_CHECK_DECLS([stats_cluster_single_key_add_legacy_alias_with_name], [], [],
                 [[#include "stats/stats-registry.h"
                   #include "stats/stats-cluster-single.h"]])

  AC_CHECK_DECLS([tls_context_set_ssl_version_by_name, tls_context_set_conf_cmds], [], [],
                 [[#if HAVE_TRANSPORT_TLS_CONTEXT_H
                   #include "transport/tls-context.h"
                   #else
                   #include "tlscontext.h"
                   #endif]])

  AC_CHECK_MEMBERS([struct _LogMessage.generation], [], [], [[#include "logmsg/logmsg.h"]])
  AC_CHECK_MEMBERS([struct _LogParser.template_obj], [], [], [[#include "parser/parser-expr.h"]])
  AC_CHECK_MEMBERS([struct _LogProtoServer.transport_stack, struct _LogProtoServer.poll_prepare,
                    struct _LogProtoServerOptions.multi_line_options], [], [],
                   [[#include "logproto/logproto-server.h"]])
  AC_CHECK_MEMBERS([struct _LogReader.can_fetch_after_handshake], [], [], [[#include "logreader.h"]])
  AC_CHECK_MEMBERS([struct _MainLoopIOWorkerJob.arg], [], [], [[#include "mainloop-io-worker.h"]])

  AC_MSG_CHECKING([whether cfg_persist_config_add() takes five arguments])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include "cfg.h"]], [[cfg_persist_config_add(NULL, NULL, NULL, NULL, 0);]])],
                    [AC_DEFINE([HAVE_CFG_PERSIST_CONFIG_FORCE], [1], [cfg_persist_config_add() takes five arguments])
                     AC_MSG_RESULT([yes])],
                    [AC_MSG_RESULT([no])])

  CPPFLAGS=$saved_CPPFLAGS
])
