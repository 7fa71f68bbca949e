# $1: how many versions will be left.
if [ "$1" = 0 ]; then
    systemctl --no-reload disable --now sluice.service >/dev/null 2>&1 || :
fi
