#!/bin/sh
# The command gisgrid as the service runs it: its user, its settings. For instance: sudo gisgrid-admin accounts list
# Copy to /usr/local/sbin/gisgrid-admin. The audit names the person who called it.
person=${SUDO_USER:-$(id -un)}
exec runuser -u gisgrid -- /bin/sh -c '
    set -a
    . /etc/gisgrid/gisgrid.env
    USER=$0
    cd "$GISGRID_DATA" || exit 2
    exec /opt/gisgrid/bin/gisgrid "$@"
' "$person" "$@"
