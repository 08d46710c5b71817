# Sourced by fathom and mvnw. Makes a JDK of version 25 or newer JAVA_HOME and the first on the PATH,
# or ends the caller with one line. The java on the PATH may well be older. A JDK's release file tells
# its version: starting every java that is installed would take seconds.

java_version() {
  version=
  [ -r "$1/release" ] && [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] || return 1
  while IFS='="' read -r key _ value _; do
    [ "$key" != JAVA_VERSION ] || version=$value
  done <"$1/release"
}

is_jdk25() {
  java_version "$1" && [ "${version%%[!0-9]*}" -ge 25 ] 2>/dev/null
}

find_jdk25() {
  if [ -n "${FATHOM_JAVA_HOME-}" ]; then
    JAVA_HOME=$FATHOM_JAVA_HOME
    is_jdk25 "$JAVA_HOME" && return
    missing="FATHOM_JAVA_HOME=$FATHOM_JAVA_HOME holds ${version:+JDK $version, }no JDK 25 or newer"
    return 1
  fi
  path_java=$(readlink -f "$(command -v java)" 2>/dev/null)
  for home in "${JAVA_HOME-}" "${JAVA_HOME_25_X64-}" "${JAVA_HOME_25_ARM64-}" "${JAVA25_HOME-}" \
    "${JAVA_25_HOME-}" "${JDK25_HOME-}" "${JDK_25-}" "${path_java%/bin/java}" \
    /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/*jdk* \
    "${HOME-}"/.sdkman/candidates/java/* "${HOME-}"/.jdks/* "${HOME-}"/.gradle/jdks/* \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "${HOME-}"/Library/Java/JavaVirtualMachines/*/Contents/Home; do
    is_jdk25 "$home" && JAVA_HOME=$home && return
  done
  missing='no JDK 25 or newer found'
  return 1
}

if find_jdk25; then
  JAVA_HOME=$(cd "$JAVA_HOME" && pwd)
  PATH=$JAVA_HOME/bin:$PATH
  export JAVA_HOME PATH
else
  echo "${0##*/}: $missing; install one, or set FATHOM_JAVA_HOME=/path/to/jdk-25" >&2
  exit 1
fi
