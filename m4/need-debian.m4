# NEED_DEBIAN_PACKAGE(VARIABLE, PKG-CONFIG-MODULE, DEBIAN-PACKAGE)
# Stops, and names the package to install, where the library is missing.
AC_DEFUN([NEED_DEBIAN_PACKAGE], [
  PKG_CHECK_MODULES([$1], [$2], [], [AC_MSG_ERROR([$2 is missing: apt-get install $3])])
])

# NEED_DEBIAN_PROGRAM(VARIABLE, PROGRAM, DEBIAN-PACKAGE)
# Likewise for a program.
AC_DEFUN([NEED_DEBIAN_PROGRAM], [
  AC_PATH_PROG([$1], [$2])
  AS_IF([test -z "$[]$1"], [AC_MSG_ERROR([$2 is missing: apt-get install $3])])
])
